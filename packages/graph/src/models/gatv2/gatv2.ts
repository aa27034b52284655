/**
 * GATv2, "How attentive are graph attention networks?" (Brody, Alon & Yahav 2022), as a classifier of nodes.
 *
 * Deviation: weights begin as in PyTorch Geometric (Glorot over all heads together, biases 0).
 */
import { Module, Random, type RandomStream } from '@heed/attention-core';
import { parseConfig } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { edgesOf, type LayerEdges } from '../../layers/edge-tensors.ts';
import { GatV2Layer } from '../../layers/gatv2-layer.ts';
import { dropFeatures, type NodeFeatures } from '../../layers/node-features.ts';

/** What a GATv2 is. JSON, and enough to make the model again. */
export interface GatV2Config {
  /** F: width of a node's features. */
  readonly inputs: number;
  readonly classes: number;
  /** Number of layers, the classifying one included: from so many steps away a node is seen. Usual: 2. */
  readonly layers: number;
  /** Heads of every layer but the last. Usual: 8. */
  readonly heads: number;
  /** Width of each of these heads. Usual: 8. */
  readonly headWidth: number;
  /** Heads of the last layer, which are averaged. Usual: 1. */
  readonly outputHeads: number;
  /** G: width of the edges' features; 0 where they have none. */
  readonly edgeInputs: number;
  /** One matrix for sources and targets in each layer, which halves the weights. */
  readonly sharedWeights: boolean;
  /** Share of the features dropped before every layer in training. */
  readonly featureDropout: number;
  /** Share of the edges' weights dropped in training. */
  readonly attentionDropout: number;
}

const width = z.number().int().min(1);
const rate = z.number().min(0).lt(1);
const schema = z.strictObject({
  inputs: width,
  classes: width,
  layers: width,
  heads: width,
  headWidth: width,
  outputHeads: width,
  edgeInputs: z.number().int().min(0),
  sharedWeights: z.boolean(),
  featureDropout: rate,
  attentionDropout: rate,
});

/** GATv2: attention layers with ELU between them; the last gives the logits. */
export class GatV2 extends Module {
  readonly layers: GatV2Layer[];

  constructor(
    readonly config: GatV2Config,
    random: Random,
  ) {
    super();
    const { inputs, classes, layers, heads, headWidth, outputHeads, edgeInputs, sharedWeights, attentionDropout } =
      config;
    this.layers = Array.from({ length: layers }, (_, index) => {
      const last = index === layers - 1;
      return new GatV2Layer({
        inputs: index === 0 ? inputs : heads * headWidth,
        headWidth: last ? classes : headWidth,
        heads: last ? outputHeads : heads,
        join: last ? 'mean' : 'concat',
        edgeInputs,
        sharedWeights,
        dropout: attentionDropout,
        name: `layers.${index}`,
        random,
      });
    });
  }

  /**
   * @param x [N, F]
   * @param edges with self-loops, so that a node sees itself; for sampled neighbourhoods a list with those of each layer
   * @returns logits [N, classes]
   */
  forward(x: NodeFeatures, edges: LayerEdges, { random }: { random?: RandomStream | undefined } = {}): tf.Tensor {
    const { featureDropout } = this.config;
    return tf.tidy(() => {
      const [first, ...others] = this.layers;
      let hidden = first.forward(dropFeatures(x, featureDropout, random), edgesOf(edges, 0), { random }); // [N, H·D]
      others.forEach((layer, index) => {
        const input = dropFeatures(tf.elu(hidden), featureDropout, random);
        hidden = layer.forward(input, edgesOf(edges, index + 1), { random });
      });
      return hidden; // [N, classes]
    });
  }
}

/**
 * A new GATv2.
 *
 * @throws if a field of the config is missing, unknown or out of range
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { createGatV2, edgeTensors, gatV2ForCitations, withSelfLoops } from '@heed/graph';
 * const path = withSelfLoops({ sources: Int32Array.of(0, 1), targets: Int32Array.of(1, 2) }, 3);
 * const model = createGatV2({ ...gatV2ForCitations, inputs: 4, classes: 2 }, 7);
 * model.forward(tf.ones([3, 4]), edgeTensors(path, 3)).shape; // [3, 2]
 * ```
 */
export function createGatV2(config: GatV2Config, seed: number): GatV2 {
  return new GatV2(parseConfig('createGatV2', schema, config), new Random(seed));
}
