import { requireIntegers, Linear, Module, segmentSum, type Random } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import type { EdgeTensors } from './edge-tensors.ts';
import { edgeWeights } from './edge-weights.ts';
import type { EdgeLayerInputs } from './gat-layer.ts';
import { combineOverEdges, firstRows, gatherRows, joinHeads } from './message-passing.ts';

export interface TransformerLayerConfig {
  /** F: width of a node's features. */
  readonly inputs: number;
  /** D: width of each head. */
  readonly headWidth: number;
  /** H. Default 1. */
  readonly heads?: number;
  /** Heads side by side (H·D outputs) or their mean (D outputs). Default `concat`. */
  readonly join?: 'concat' | 'mean';
  /** G: width of the edges' features, which are added to keys and values. Default 0: edges have none. */
  readonly edgeInputs?: number;
  /** Whether a projection of the node's own features is added. Default true. */
  readonly skip?: boolean;
  /** Probability with which an edge's weight is dropped during training. Default 0. */
  readonly dropout?: number;
  /** How captured maps call this layer. Default `edges`. */
  readonly name?: string;
  readonly random: Random;
}

/**
 * The Transformer's attention over edges (Shi et al. 2021, eq. 3–5):
 *
 *     e(j → i) = qᵢ·(kⱼ + zⱼᵢ) / √D      α = softmax of e over the edges into i      yᵢ = Σⱼ α(j → i)·(vⱼ + zⱼᵢ) + W_skip·xᵢ
 *
 * with q, k, v from the nodes' features and z from the edges'.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { Random } from '@heed/attention-core';
 * import { edgeTensors, TransformerLayer } from '@heed/graph';
 * const edges = edgeTensors({ sources: Int32Array.of(0, 1, 2), targets: Int32Array.of(1, 2, 0) }, 3);
 * const layer = new TransformerLayer({ inputs: 4, headWidth: 8, heads: 2, random: new Random(7) });
 * layer.forward(tf.ones([3, 4]), edges).shape; // [3, 16]
 * ```
 */
export class TransformerLayer extends Module {
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly edge: Linear | undefined;
  readonly skip: Linear | undefined;
  /** H */
  readonly heads: number;
  private readonly headWidth: number;
  private readonly join: 'concat' | 'mean';
  private readonly dropoutRate: number;
  private readonly mapName: string;

  constructor(config: TransformerLayerConfig) {
    super();
    const { inputs, headWidth, heads = 1, edgeInputs = 0, join = 'concat', skip = true, random } = config;
    requireIntegers('TransformerLayer', { inputs, headWidth, heads });
    const width = heads * headWidth;
    this.query = new Linear({ inputs, outputs: width, random });
    this.key = new Linear({ inputs, outputs: width, random });
    this.value = new Linear({ inputs, outputs: width, random });
    this.edge = edgeInputs === 0 ? undefined : new Linear({ inputs: edgeInputs, outputs: width, bias: false, random });
    this.skip = skip ? new Linear({ inputs, outputs: join === 'concat' ? width : headWidth, random }) : undefined;
    this.heads = heads;
    this.headWidth = headWidth;
    this.join = join;
    this.dropoutRate = config.dropout ?? 0;
    this.mapName = config.name ?? 'edges';
  }

  /**
   * @param x [N, F]
   * @returns [T, H·D], or [T, D] with `join: 'mean'`
   * @throws if the layer takes edge features and there are none
   */
  forward(x: tf.Tensor, edges: EdgeTensors, { random }: EdgeLayerInputs = {}): tf.Tensor {
    return tf.tidy(() => {
      const { sources, targets, targetNodes } = edges;
      const byHead = (rows: tf.Tensor) => tf.reshape(rows, [-1, this.heads, this.headWidth]); // [·, H, D]
      const ofEdges = this.edgeValues(edges); // [E, H·D]
      const query = byHead(gatherRows(this.query.forward(x), targets)); // [E, H, D]
      const ofSources = gatherRows(this.key.forward(x), sources); // [E, H·D]
      const key = byHead(ofEdges === undefined ? ofSources : tf.add(ofSources, ofEdges)); // [E, H, D]
      const scores = tf.mul(tf.sum(tf.mul(query, key), 2), 1 / Math.sqrt(this.headWidth)); // [E, H]
      const weights = edgeWeights(scores, edges, { name: this.mapName, dropout: this.dropoutRate, random }); // [E, H]

      let seen = combineOverEdges(weights, this.value.forward(x), edges); // [T, H·D]
      if (ofEdges !== undefined) {
        const weighed = tf.reshape(tf.mul(byHead(ofEdges), tf.expandDims(weights, 2)), ofEdges.shape); // [E, H·D]
        seen = tf.add(seen, segmentSum(weighed, targets, targetNodes));
      }
      const joined = joinHeads(seen, this.heads, this.join);
      return this.skip === undefined ? joined : tf.add(joined, this.skip.forward(firstRows(x, targetNodes)));
    });
  }

  private edgeValues({ features }: EdgeTensors): tf.Tensor | undefined {
    if (this.edge === undefined) return undefined;
    if (features === undefined) {
      throw new Error(`TransformerLayer: edges must have features of width ${this.edge.weight.shape[0]}, got none`);
    }
    return this.edge.forward(features);
  }
}
