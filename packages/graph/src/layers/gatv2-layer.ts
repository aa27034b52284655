import { requireIntegers, linear, Module, weight } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import { denseEdgeAttention, nodesByHead } from './dense-edges.ts';
import type { EdgeTensors } from './edge-tensors.ts';
import { edgeWeights } from './edge-weights.ts';
import type { EdgeAttentionConfig, EdgeLayerInputs } from './gat-layer.ts';
import { glorot } from './initial-weights.ts';
import { combineOverEdges, dotByHead, gatherRows, joinHeads } from './message-passing.ts';
import { projectFeatures, type NodeFeatures } from './node-features.ts';

export interface GatV2LayerConfig extends EdgeAttentionConfig {
  /** G: width of the edges' features, which then take part in the scores. Default 0: edges have none. */
  readonly edgeInputs?: number;
  /** One matrix for sources and targets. Default false. */
  readonly sharedWeights?: boolean;
}

/**
 * A graph attention layer whose ranking of sources depends on the target (Brody, Alon & Yahav 2022, eq. 7):
 *
 *     e(j → i) = a·LeakyReLU(Wₛ·xⱼ + bₛ + Wₜ·xᵢ + bₜ + Wₑ·zⱼᵢ)      α = softmax of e over the edges into i      yᵢ = Σⱼ α(j → i)·(Wₛ·xⱼ + bₛ) + b
 *
 * Against GAT only the order of LeakyReLU and a is changed. A node that no edge leads to gets the bias.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { Random } from '@heed/attention-core';
 * import { edgeTensors, GatV2Layer } from '@heed/graph';
 * const edges = edgeTensors({ sources: Int32Array.of(0, 1, 2), targets: Int32Array.of(1, 2, 0) }, 3);
 * const layer = new GatV2Layer({ inputs: 4, headWidth: 8, heads: 2, random: new Random(7) });
 * layer.forward(tf.ones([3, 4]), edges).shape; // [3, 16]
 * ```
 */
export class GatV2Layer extends Module {
  /** [F, H·D] */
  readonly sourceWeight: tf.Variable<tf.Rank.R2>;
  readonly sourceBias: tf.Variable<tf.Rank.R1>;
  /** [F, H·D] */
  readonly targetWeight: tf.Variable<tf.Rank.R2>;
  readonly targetBias: tf.Variable<tf.Rank.R1>;
  /** [G, H·D] */
  readonly edgeWeight: tf.Variable<tf.Rank.R2> | undefined;
  /** [H, D] */
  readonly attention: tf.Variable<tf.Rank.R2>;
  readonly bias: tf.Variable<tf.Rank.R1>;
  /** H */
  readonly heads: number;
  private readonly join: 'concat' | 'mean';
  private readonly negativeSlope: number;
  private readonly dropoutRate: number;
  private readonly mapName: string;

  constructor(config: GatV2LayerConfig) {
    super();
    const { inputs, headWidth, heads = 1, edgeInputs = 0, join = 'concat', random } = config;
    requireIntegers('GatV2Layer', { inputs, headWidth, heads });
    const width = heads * headWidth;
    this.sourceWeight = glorot(random, [inputs, width]);
    this.sourceBias = zeros(width);
    this.targetWeight = config.sharedWeights === true ? this.sourceWeight : glorot(random, [inputs, width]);
    this.targetBias = config.sharedWeights === true ? this.sourceBias : zeros(width);
    this.edgeWeight = edgeInputs === 0 ? undefined : glorot(random, [edgeInputs, width]);
    this.attention = glorot(random, [heads, headWidth]);
    this.bias = zeros(join === 'concat' ? width : headWidth);
    this.heads = heads;
    this.join = join;
    this.negativeSlope = config.negativeSlope ?? 0.2;
    this.dropoutRate = config.dropout ?? 0;
    this.mapName = config.name ?? 'edges';
  }

  /**
   * @param x [N, F]
   * @returns [T, H·D], or [T, D] with `join: 'mean'`
   * @throws if the layer takes edge features and there are none
   */
  forward(x: NodeFeatures, edges: EdgeTensors, { random }: EdgeLayerInputs = {}): tf.Tensor {
    return tf.tidy(() => {
      const ofSources = projectFeatures(x, this.sourceWeight, this.sourceBias); // [N, H·D]
      const shared = this.targetWeight === this.sourceWeight;
      const ofTargets = shared ? ofSources : projectFeatures(x, this.targetWeight, this.targetBias); // [N, H·D]
      const sums = tf.add(gatherRows(ofSources, edges.sources), gatherRows(ofTargets, edges.targets)); // [E, H·D]
      const hidden = tf.leakyRelu(this.withEdgeFeatures(sums, edges), this.negativeSlope);
      const scores = dotByHead(hidden, this.attention); // [E, H]
      const weights = edgeWeights(scores, edges, { name: this.mapName, dropout: this.dropoutRate, random }); // [E, H]
      const seen = combineOverEdges(weights, ofSources, edges); // [T, H·D]
      return tf.add(joinHeads(seen, this.heads, this.join), this.bias);
    });
  }

  /**
   * The same as attention over all pairs of nodes, for small graphs without edge features.
   *
   * @param x [N, F]
   * @param counts [N, N], of `edgeCounts`
   * @returns as `forward`
   */
  forwardDense(x: tf.Tensor, counts: tf.Tensor2D): tf.Tensor {
    return tf.tidy(() => {
      const ofSources = nodesByHead(linear(x, this.sourceWeight, this.sourceBias), this.heads); // [1, H, N, D]
      const vectors = tf.reshape(this.attention, [1, this.heads, 1, 1, -1]); // [1, H, 1, 1, D]
      const seen = denseEdgeAttention({
        query: nodesByHead(linear(x, this.targetWeight, this.targetBias), this.heads), // [1, H, N, D]
        key: ofSources,
        value: ofSources,
        score: {
          name: 'gatv2',
          scores: (query, key) => {
            const sums = tf.add(tf.expandDims(query, 3), tf.expandDims(key, 2)); // [1, H, N, N, D]
            return tf.sum(tf.mul(tf.leakyRelu(sums, this.negativeSlope), vectors), 4); // [1, H, N, N]
          },
        },
        counts,
      });
      return tf.add(joinHeads(seen, this.heads, this.join), this.bias);
    });
  }

  private withEdgeFeatures(sums: tf.Tensor, edges: EdgeTensors): tf.Tensor {
    if (this.edgeWeight === undefined) return sums;
    if (edges.features === undefined) {
      throw new Error(`GatV2Layer: edges must have features of width ${this.edgeWeight.shape[0]}, got none`);
    }
    return tf.add(sums, linear(edges.features, this.edgeWeight)); // [E, H·D]
  }
}

function zeros(width: number): tf.Variable<tf.Rank.R1> {
  return weight<tf.Rank.R1>(new Float32Array(width), [width]);
}
