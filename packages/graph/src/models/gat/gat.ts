/**
 * GAT, graph attention networks (Veličković et al. 2018), as a classifier of nodes.
 *
 * Deviation: weights begin as in PyTorch Geometric (Glorot over all heads together, biases 0).
 */
import { Module, Random, type RandomStream } from '@heed/attention-core';
import { parseConfig } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { edgesOf, type LayerEdges } from '../../layers/edge-tensors.ts';
import { GatLayer } from '../../layers/gat-layer.ts';
import { dropFeatures, type NodeFeatures } from '../../layers/node-features.ts';

/** What a GAT is. JSON, and enough to make the model again. */
export interface GatConfig {
  /** F: width of a node's features. */
  readonly inputs: number;
  readonly classes: number;
  /** Number of layers, the classifying one included: from so many steps away a node is seen. The paper: 2. */
  readonly layers: number;
  /** Heads of every layer but the last. The paper: 8. */
  readonly heads: number;
  /** Width of each of these heads. The paper: 8. */
  readonly headWidth: number;
  /** Heads of the last layer, which are averaged. The paper: 1, for Pubmed 8. */
  readonly outputHeads: number;
  /** Share of the features dropped before every layer in training. The paper: 0.6. */
  readonly featureDropout: number;
  /** Share of the edges' weights dropped in training. The paper: 0.6. */
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
  featureDropout: rate,
  attentionDropout: rate,
});

/** GAT: attention layers with ELU between them; the last gives the logits. */
export class Gat extends Module {
  readonly layers: GatLayer[];

  constructor(
    readonly config: GatConfig,
    random: Random,
  ) {
    super();
    const { inputs, classes, layers, heads, headWidth, outputHeads, attentionDropout } = config;
    this.layers = Array.from({ length: layers }, (_, index) => {
      const last = index === layers - 1;
      return new GatLayer({
        inputs: index === 0 ? inputs : heads * headWidth,
        headWidth: last ? classes : headWidth,
        heads: last ? outputHeads : heads,
        join: last ? 'mean' : 'concat',
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
 * A new GAT.
 *
 * @throws if a field of the config is missing, unknown or out of range
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { createGat, edgeTensors, gatForCitations, withSelfLoops } from '@heed/graph';
 * const path = withSelfLoops({ sources: Int32Array.of(0, 1), targets: Int32Array.of(1, 2) }, 3);
 * const model = createGat({ ...gatForCitations, inputs: 4, classes: 2 }, 7);
 * model.forward(tf.ones([3, 4]), edgeTensors(path, 3)).shape; // [3, 2]
 * ```
 */
export function createGat(config: GatConfig, seed: number): Gat {
  return new Gat(parseConfig('createGat', schema, config), new Random(seed));
}
