import { requireIntegers, linear, Module, type Random, type RandomStream, weight } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import { denseEdgeAttention, nodesByHead } from './dense-edges.ts';
import type { EdgeTensors } from './edge-tensors.ts';
import { edgeWeights } from './edge-weights.ts';
import { glorot } from './initial-weights.ts';
import { combineOverEdges, dotByHead, gatherRows, joinHeads } from './message-passing.ts';
import { projectFeatures, type NodeFeatures } from './node-features.ts';

/** What GAT's and GATv2's layers have in common. */
export interface EdgeAttentionConfig {
  /** F: width of a node's features. */
  readonly inputs: number;
  /** D: width of each head. */
  readonly headWidth: number;
  /** H. Default 1. */
  readonly heads?: number;
  /** Heads side by side (H·D outputs) or their mean (D outputs), as papers have it in the last layer. Default `concat`. */
  readonly join?: 'concat' | 'mean';
  /** Slope of LeakyReLU below zero. Default 0.2. */
  readonly negativeSlope?: number;
  /** Probability with which an edge's weight is dropped during training. Default 0. */
  readonly dropout?: number;
  /** How captured maps call this layer. Default `edges`. */
  readonly name?: string;
  readonly random: Random;
}

export interface EdgeLayerInputs {
  /** Passing one is training mode. */
  readonly random?: RandomStream | undefined;
}

/**
 * A graph attention layer (Veličković et al. 2018, eq. 1–6):
 *
 *     hᵢ = W·xᵢ      e(j → i) = LeakyReLU(aₛ·hⱼ + aₜ·hᵢ)      α = softmax of e over the edges into i      yᵢ = Σⱼ α(j → i)·hⱼ + b
 *
 * with a = [aₜ ‖ aₛ] and W of its own in each head. A node sees itself only where there is a self-loop (`withSelfLoops`); one that
 * no edge leads to gets the bias. The order in which a target ranks its sources is the same for all targets: see `GatV2Layer`.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { Random } from '@heed/attention-core';
 * import { edgeTensors, GatLayer } from '@heed/graph';
 * const edges = edgeTensors({ sources: Int32Array.of(0, 1, 2), targets: Int32Array.of(1, 2, 0) }, 3);
 * const layer = new GatLayer({ inputs: 4, headWidth: 8, heads: 2, random: new Random(7) });
 * layer.forward(tf.ones([3, 4]), edges).shape; // [3, 16]
 * ```
 */
export class GatLayer extends Module {
  /** [F, H·D] */
  readonly weight: tf.Variable<tf.Rank.R2>;
  /** [H, D] */
  readonly sourceAttention: tf.Variable<tf.Rank.R2>;
  /** [H, D] */
  readonly targetAttention: tf.Variable<tf.Rank.R2>;
  readonly bias: tf.Variable<tf.Rank.R1>;
  /** H */
  readonly heads: number;
  private readonly join: 'concat' | 'mean';
  private readonly negativeSlope: number;
  private readonly dropoutRate: number;
  private readonly mapName: string;

  constructor(config: EdgeAttentionConfig) {
    super();
    const { inputs, headWidth, heads = 1, join = 'concat', random } = config;
    requireIntegers('GatLayer', { inputs, headWidth, heads });
    this.weight = glorot(random, [inputs, heads * headWidth]);
    this.sourceAttention = glorot(random, [heads, headWidth]);
    this.targetAttention = glorot(random, [heads, headWidth]);
    const outputs = join === 'concat' ? heads * headWidth : headWidth;
    this.bias = weight<tf.Rank.R1>(new Float32Array(outputs), [outputs]);
    this.heads = heads;
    this.join = join;
    this.negativeSlope = config.negativeSlope ?? 0.2;
    this.dropoutRate = config.dropout ?? 0;
    this.mapName = config.name ?? 'edges';
  }

  /** @param x [N, F] @returns [T, H·D], or [T, D] with `join: 'mean'` */
  forward(x: NodeFeatures, edges: EdgeTensors, { random }: EdgeLayerInputs = {}): tf.Tensor {
    return tf.tidy(() => {
      const hidden = projectFeatures(x, this.weight); // [N, H·D]
      const ofSources = dotByHead(hidden, this.sourceAttention); // [N, H]
      const ofTargets = dotByHead(hidden, this.targetAttention); // [N, H]
      const sums = tf.add(gatherRows(ofSources, edges.sources), gatherRows(ofTargets, edges.targets)); // [E, H]
      const scores = tf.leakyRelu(sums, this.negativeSlope); // [E, H]
      const weights = edgeWeights(scores, edges, { name: this.mapName, dropout: this.dropoutRate, random }); // [E, H]
      const seen = combineOverEdges(weights, hidden, edges); // [T, H·D]
      return tf.add(joinHeads(seen, this.heads, this.join), this.bias);
    });
  }

  /**
   * The same as attention over all pairs of nodes, for small graphs.
   *
   * @param x [N, F]
   * @param counts [N, N], of `edgeCounts`
   * @returns as `forward`
   */
  forwardDense(x: tf.Tensor, counts: tf.Tensor2D): tf.Tensor {
    return tf.tidy(() => {
      const hidden = linear(x, this.weight); // [N, H·D]
      const seen = denseEdgeAttention({
        query: nodesByHead(dotByHead(hidden, this.targetAttention), this.heads), // [1, H, N, 1]
        key: nodesByHead(dotByHead(hidden, this.sourceAttention), this.heads), // [1, H, N, 1]
        value: nodesByHead(hidden, this.heads), // [1, H, N, D]
        score: {
          name: 'gat',
          scores: (query, key) => tf.leakyRelu(tf.add(query, tf.transpose(key, [0, 1, 3, 2])), this.negativeSlope),
        },
        counts,
      });
      return tf.add(joinHeads(seen, this.heads, this.join), this.bias);
    });
  }
}
