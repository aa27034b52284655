import {
  LayerNorm,
  Linear,
  Module,
  MultiHeadAttention,
  TransformerXlScore,
  type Mask,
  type Random,
} from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import { GruGate } from './gru-gate.ts';

export interface GatedTransformerConfig {
  /** Width of what is read. */
  readonly inputs: number;
  /** M: width of the layers; even. */
  readonly modelWidth: number;
  /** H: a divisor of `modelWidth`. */
  readonly heads: number;
  readonly layers: number;
  readonly random: Random;
}

export interface GatedTransformerInputs {
  /** [B, T, inputs] */
  readonly x: tf.Tensor3D;
  /** [B, layers, S, M]: what went into each layer at the S steps before. Default: nothing was before. */
  readonly memory?: tf.Tensor4D | undefined;
  /** Which of the S + T steps each of the T may look at. */
  readonly mask: Mask;
}

export interface GatedTransformerOutputs {
  /** [B, T, M] */
  readonly outputs: tf.Tensor3D;
  /** [B, layers, T, M]: what went into each layer, to be remembered. */
  readonly entered: tf.Tensor4D;
}

/** One layer: norms inside the branches, which begin with what is remembered, and gates that join them. */
class GatedBlock extends Module {
  readonly attentionNorm: LayerNorm;
  readonly attention: MultiHeadAttention;
  readonly attentionGate: GruGate;
  readonly feedForwardNorm: LayerNorm;
  readonly hidden: Linear;
  readonly output: Linear;
  readonly feedForwardGate: GruGate;

  constructor({ modelWidth, heads, random }: GatedTransformerConfig, name: string) {
    super();
    const score = new TransformerXlScore({ heads, headWidth: modelWidth / heads, random });
    this.attentionNorm = new LayerNorm({ width: modelWidth });
    this.attention = new MultiHeadAttention({ modelWidth, heads, score, name, random });
    this.attentionGate = new GruGate({ width: modelWidth, random });
    this.feedForwardNorm = new LayerNorm({ width: modelWidth });
    this.hidden = new Linear({ inputs: modelWidth, outputs: modelWidth, random });
    this.output = new Linear({ inputs: modelWidth, outputs: modelWidth, random });
    this.feedForwardGate = new GruGate({ width: modelWidth, random });
  }

  /** @param x [B, T, M] @param past [B, S, M] @returns [B, T, M] */
  forward(x: tf.Tensor, past: tf.Tensor | undefined, mask: Mask): tf.Tensor {
    const all = past === undefined ? x : tf.concat([past, x], 1); // [B, S + T, M]
    const normalised = this.attentionNorm.forward(all);
    const attended = this.attention.forward(x, { memory: normalised, mask });
    const seen = this.attentionGate.forward(x, tf.relu(attended));
    const hidden = tf.relu(this.hidden.forward(this.feedForwardNorm.forward(seen)));
    return this.feedForwardGate.forward(seen, tf.relu(this.output.forward(hidden)));
  }
}

/**
 * The gated Transformer-XL (GTrXL; Parisotto et al. 2020, "Stabilizing transformers for reinforcement learning"): layers that look at what went into them
 * before, by relative positions, and whose branches are joined by gates. What is remembered gets no gradient.
 *
 * Queries are made from the stream as it is, keys and values from the normalised one, as in DI-engine's implementation.
 *
 * Maps are captured under `layer 1`, `layer 2`, …
 */
export class GatedTransformer extends Module {
  readonly embedding: Linear;
  readonly layers: readonly GatedBlock[];

  /** @throws if `modelWidth` is odd or no multiple of `heads` */
  constructor(config: GatedTransformerConfig) {
    super();
    const { inputs, modelWidth, heads, layers, random } = config;
    if (modelWidth % 2 !== 0 || modelWidth % heads !== 0) {
      throw new Error(
        `GatedTransformer: modelWidth must be even and a multiple of heads, got modelWidth=${modelWidth}, heads=${heads}`,
      );
    }
    this.embedding = new Linear({ inputs, outputs: modelWidth, random });
    this.layers = Array.from({ length: layers }, (_, i) => new GatedBlock(config, `layer ${i + 1}`));
  }

  forward({ x, memory, mask }: GatedTransformerInputs): GatedTransformerOutputs {
    return tf.tidy(() => {
      const past = memory === undefined ? undefined : tf.unstack(memory, 1); // layers × [B, S, M]
      const entered: tf.Tensor[] = [];
      let stream = tf.relu(this.embedding.forward(x)); // [B, T, M]
      for (const [i, layer] of this.layers.entries()) {
        entered.push(stream);
        stream = layer.forward(stream, past?.[i], mask);
      }
      return { outputs: stream as tf.Tensor3D, entered: tf.stack(entered, 1) as tf.Tensor4D };
    });
  }
}
