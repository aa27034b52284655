/**
 * The Transformer encoder–decoder.
 *
 * - Vaswani et al. 2017, "Attention is all you need".
 * - Xiong et al. 2020, "On layer normalization in the Transformer architecture": `placement: 'pre'`.
 * - Press & Wolf 2017, "Using the output embedding to improve language models": `embeddings: 'tied'` and `'shared'`.
 * - Raffel et al. 2020 (T5): `positions: 't5'`, one bias for all layers of a stack, none in attention to the source; and what else T5 computes
 *   otherwise, `arithmetic: 't5'`. Weights of Hugging Face's `T5ForConditionalGeneration` load through `t5Names`.
 *
 * Deviations. Attention weights and the feed-forward part's inside are dropped too, as in torch. Post-norm stacks end without a further
 * normalisation, as in the paper (torch.nn.Transformer adds one). Initial weights are uniform in ±1/√inputs.
 */
import {
  capture,
  createNorm,
  DecoderBlock,
  dot,
  dropout,
  Embedding,
  EncoderBlock,
  encodePositions,
  LearnedPositions,
  Linear,
  linear,
  Module,
  padding,
  Random,
  T5Bias,
  wholeRegion,
  fromTensor,
  type Norm,
  type RandomStream,
} from '@heed/attention-core';
import { parseConfig } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import {
  WrittenSlots,
  type Slots,
  type ForwardMode,
  type SequenceModel,
  type SourceBatch,
  type TeacherForcedBatch,
} from '@heed/tasks';

/** What a Transformer encoder–decoder is. JSON, and enough to make the model again. */
export interface TransformerConfig {
  /** Number of source symbols: source indices lie in [0, sourceSize). */
  readonly sourceSize: number;
  /** Number of target symbols. */
  readonly targetSize: number;
  /** M: width of embeddings and hidden states. */
  readonly modelWidth: number;
  /** H: heads of every attention; a divisor of modelWidth unless `headWidth` is given. */
  readonly heads: number;
  /** D: width of every head. Default modelWidth / heads. */
  readonly headWidth?: number;
  readonly encoderLayers: number;
  readonly decoderLayers: number;
  /** Width inside the feed-forward parts; 4 × modelWidth in the paper, 2 × is common for small models. */
  readonly feedForwardWidth: number;
  /**
   * The paper's: biases, layer norm, scores divided by √D, embeddings multiplied by √M. Or T5's: no biases, RMS norm, scores as they are, and
   * logits divided by √M where `scaledOutput` says so.
   */
  readonly arithmetic: 'original' | 't5';
  readonly activation: 'relu' | 'gelu' | 'gelu-tanh' | 'silu';
  /** Whether the feed-forward parts are gated, as in T5 1.1. Default false. */
  readonly gated?: boolean;
  /** Where normalisation stands: after each residual sum, as in the paper, or before each part, which trains without warm-up. */
  readonly placement: 'pre' | 'post';
  /** Added to embeddings (sinusoidal, learned), or to the scores of self-attention (t5). */
  readonly positions: 'sinusoidal' | 'learned' | 't5';
  /** Of `positions: 't5'`: how many buckets distances fall into. Default 32. */
  readonly buckets?: number;
  /** Of `positions: 't5'`: distances from here on share a bucket. Default 128. */
  readonly maximumDistance?: number;
  /** The longest source or target that learned positions allow. */
  readonly maximumLength: number;
  /**
   * Tables of their own, the output layer tied to the target's, or one for all three (source and target have the same symbols); 'shared-inputs':
   * one for source and target, and an output layer of its own.
   */
  readonly embeddings: 'separate' | 'tied' | 'shared' | 'shared-inputs';
  /** Whether T5's arithmetic divides what logits are made of by √M. Default: where the table of embeddings makes them. */
  readonly scaledOutput?: boolean;
  /** The normalisation's ε. Default 1e-5, with T5's arithmetic 1e-6. */
  readonly epsilon?: number;
  /** Share of embeddings, attention weights and each part's result that is dropped in training. */
  readonly dropout: number;
}

const width = z.number().int().min(1);
const schema = z
  .strictObject({
    sourceSize: width,
    targetSize: width,
    modelWidth: width,
    heads: width,
    headWidth: width.exactOptional(),
    encoderLayers: width,
    decoderLayers: width,
    feedForwardWidth: width,
    arithmetic: z.enum(['original', 't5']),
    activation: z.enum(['relu', 'gelu', 'gelu-tanh', 'silu']),
    gated: z.boolean().exactOptional(),
    placement: z.enum(['pre', 'post']),
    positions: z.enum(['sinusoidal', 'learned', 't5']),
    buckets: width.exactOptional(),
    maximumDistance: width.exactOptional(),
    maximumLength: width,
    embeddings: z.enum(['separate', 'tied', 'shared', 'shared-inputs']),
    scaledOutput: z.boolean().exactOptional(),
    epsilon: z.number().positive().exactOptional(),
    dropout: z.number().min(0).lt(1),
  })
  .refine((config) => config.headWidth !== undefined || config.modelWidth % config.heads === 0, {
    path: ['heads'],
    message: 'must be a divisor of modelWidth',
  })
  .refine((config) => config.positions !== 'sinusoidal' || config.modelWidth % 2 === 0, {
    path: ['modelWidth'],
    message: 'must be even with sinusoidal positions',
  })
  .refine((config) => !config.embeddings.startsWith('shared') || config.sourceSize === config.targetSize, {
    path: ['targetSize'],
    message: 'must be sourceSize where embeddings are shared',
  });

/** What the decoder knows of the source. */
export type TransformerMemory = {
  /** Which source symbols are real: bool [B, 1, 1, S]. */
  readonly real: tf.Tensor;
  /** Keys and values of the source, [B, H, S, D], for each layer's cross-attention. */
  readonly layers: { readonly key: tf.Tensor; readonly value: tf.Tensor }[];
};

/** What was written, in slots of fixed number. */
export type TransformerState = {
  /** int32 [B]: how many symbols were written. */
  readonly written: tf.Tensor;
  /** Keys and values, [B, H, slots, D], for each layer's self-attention. */
  readonly layers: readonly Slots[];
};

/** Symbols with their positions as vectors. */
class Embedded extends Module {
  readonly symbols: Embedding;
  readonly positions: LearnedPositions | undefined;
  private readonly config: TransformerConfig;

  constructor(symbols: Embedding, config: TransformerConfig, random: Random) {
    super();
    const { positions, maximumLength: length, modelWidth } = config;
    this.symbols = symbols;
    this.positions = positions === 'learned' ? new LearnedPositions({ length, width: modelWidth, random }) : undefined;
    this.config = config;
  }

  /** @param symbols int32 [B, L] @param start the position of the first @returns [B, L, M] */
  forward(symbols: tf.Tensor, random?: RandomStream, start: number | tf.Scalar = 0): tf.Tensor {
    const { modelWidth, arithmetic, positions, dropout: rate } = this.config;
    const embedded = this.symbols.forward(symbols); // [B, L, M]
    const scaled = arithmetic === 't5' ? embedded : tf.mul(embedded, Math.sqrt(modelWidth));
    const length = symbols.shape[1]!;
    if (positions === 't5') return dropout(scaled, rate, random);
    const added =
      this.positions?.forward(length, start) ?? encodePositions(tf.add(tf.range(0, length), start), modelWidth); // [L, M]
    return dropout(tf.add(scaled, added), rate, random);
  }
}

/** The Transformer. B sources of up to S symbols, targets of up to L symbols of V kinds, width M. */
export class Transformer extends Module implements SequenceModel<TransformerMemory, TransformerState> {
  readonly config: TransformerConfig;
  readonly source: Embedded;
  readonly encoder: readonly EncoderBlock[];
  readonly encoderNorm: Norm | undefined;
  readonly encoderBias: T5Bias | undefined;
  readonly target: Embedded;
  readonly decoder: readonly DecoderBlock[];
  readonly decoderNorm: Norm | undefined;
  readonly decoderBias: T5Bias | undefined;
  readonly output: Linear | undefined;

  constructor(config: TransformerConfig, random: Random) {
    super();
    this.config = parseConfig('Transformer', schema, config);
    const { modelWidth, heads, feedForwardWidth: hiddenWidth, activation, placement, positions, embeddings } = config;
    const t5 = config.arithmetic === 't5';
    const table = (size: number) =>
      new Embedding({ size, width: modelWidth, deviation: t5 ? 1 : 1 / Math.sqrt(modelWidth), random });
    const ofT5 = { bias: false, feedForwardBias: false, norm: 'rms', score: dot() } as const;
    const { headWidth, epsilon, gated = false } = config;
    const ofNorm = epsilon === undefined ? {} : { epsilon };
    const widths = { modelWidth, heads, hiddenWidth, ...(headWidth === undefined ? {} : { headWidth }) };
    const sizes = { ...widths, ...ofNorm, activation, gated, placement, dropout: config.dropout, random };
    const block = t5 ? { ...sizes, ...ofT5 } : sizes;
    const norm = () =>
      placement === 'pre' ? createNorm(t5 ? 'rms' : 'layer', { width: modelWidth, ...ofNorm }) : undefined;
    const { buckets = 32, maximumDistance = 128 } = config;
    const distances = { buckets, maxDistance: maximumDistance };
    const bias = (direction: 'both' | 'past') =>
      positions === 't5' ? new T5Bias({ heads, direction, random, ...distances }) : undefined;
    const layers = <T>(count: number, make: (name: string) => T) =>
      Array.from({ length: count }, (_, i) => make(String(i)));

    const sourceTable = table(config.sourceSize);
    this.source = new Embedded(sourceTable, config, random);
    this.encoder = layers(config.encoderLayers, (i) => new EncoderBlock({ ...block, name: `encoder.${i}` }));
    this.encoderNorm = norm();
    this.encoderBias = bias('both');
    this.target = new Embedded(
      embeddings.startsWith('shared') ? sourceTable : table(config.targetSize),
      config,
      random,
    );
    this.decoder = layers(config.decoderLayers, (i) => new DecoderBlock({ ...block, name: `decoder.${i}` }));
    this.decoderNorm = norm();
    this.decoderBias = bias('past');
    this.output =
      embeddings === 'separate' || embeddings === 'shared-inputs'
        ? new Linear({ inputs: modelWidth, outputs: config.targetSize, bias: !t5, random })
        : undefined;
  }

  forward(batch: TeacherForcedBatch, { random }: ForwardMode = {}): tf.Tensor3D {
    return tf.tidy(() => {
      const memory = this.readSource(batch, random);
      const inputs = { memory, memoryMask: padding(batch.sourceLengths), bias: this.decoderBias, random };
      let hidden = this.target.forward(batch.targetInputs, random); // [B, L, M]
      for (const block of this.decoder) hidden = block.forward(hidden, inputs);
      return this.logits(hidden) as tf.Tensor3D; // [B, L, V]
    });
  }

  align(batch: TeacherForcedBatch): tf.Tensor3D {
    return tf.tidy(() => {
      const last = `decoder.${this.decoder.length - 1}.cross`;
      const { maps } = capture(() => this.forward(batch), { names: (name) => name === last });
      const weights = tf.mean(maps[0].weights, 1); // [B, L, S]
      maps[0].weights.dispose();
      return weights as tf.Tensor3D;
    });
  }

  encode(batch: SourceBatch, { random }: ForwardMode = {}): TransformerMemory {
    return tf.tidy(() => {
      const memory = this.readSource(batch, random);
      const real = padding(batch.sourceLengths).allowed(wholeRegion(1, batch.source.shape[1])); // [B, 1, 1, S]
      return { real, layers: this.decoder.map((block) => ({ ...block.crossAttention.prepareMemory(memory) })) };
    });
  }

  begin({ layers }: TransformerMemory, room: number): TransformerState {
    return tf.tidy(() => {
      const [rows, heads, , width] = layers[0].key.shape as [number, number, number, number];
      const slots = () => tf.zeros([rows, heads, room, width]); // [B, H, slots, D]
      return { written: tf.zeros([rows], 'int32'), layers: layers.map(() => ({ key: slots(), value: slots() })) };
    });
  }

  step(symbols: tf.Tensor1D, { written, layers }: TransformerState, memory: TransformerMemory) {
    return tf.tidy(() => {
      const caches = layers.map((slots) => new WrittenSlots(slots, written));
      const memoryMask = fromTensor(memory.real);
      let hidden = this.target.forward(tf.expandDims(symbols, 1), undefined, caches[0].start()); // [rows, 1, M]
      for (const [i, block] of this.decoder.entries()) {
        const inputs = { prepared: memory.layers[i], memoryMask, bias: this.decoderBias, cache: caches[i] };
        hidden = block.forward(hidden, inputs);
      }
      const logits = tf.squeeze(this.logits(hidden), [1]) as tf.Tensor2D; // [rows, V]
      const state = { written: tf.add(written, tf.scalar(1, 'int32')), layers: caches.map((cache) => cache.after()) };
      return { logits, state };
    });
  }

  /** The encoder's hidden states: [B, S, M]. */
  private readSource({ source, sourceLengths }: SourceBatch, random: RandomStream | undefined): tf.Tensor {
    const inputs = { mask: padding(sourceLengths), bias: this.encoderBias, random };
    let hidden = this.source.forward(source, random); // [B, S, M]
    for (const block of this.encoder) hidden = block.forward(hidden, inputs);
    return this.encoderNorm?.forward(hidden) ?? hidden;
  }

  /** @param hidden [..., M] @returns [..., V] */
  private logits(hidden: tf.Tensor): tf.Tensor {
    const features = this.decoderNorm?.forward(hidden) ?? hidden;
    const { arithmetic, modelWidth, scaledOutput = this.output === undefined } = this.config;
    const scaled = arithmetic === 't5' && scaledOutput ? tf.div(features, Math.sqrt(modelWidth)) : features;
    if (this.output !== undefined) return this.output.forward(scaled);
    return linear(scaled, tf.transpose(this.target.symbols.weight));
  }
}

/** A new model, the same for the same config and seed. @throws if a field of the config is out of range, naming it and its value */
export function createTransformer(config: TransformerConfig, seed: number): Transformer {
  return new Transformer(config, new Random(seed));
}
