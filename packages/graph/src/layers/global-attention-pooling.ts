import {
  requireIntegers,
  Module,
  observeEdgeWeights,
  segmentSoftmax,
  segmentSum,
  type Random,
} from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import { glorot } from './initial-weights.ts';

export interface GlobalAttentionPoolingConfig {
  /** F: width of a node. */
  readonly inputs: number;
  /** How captured maps call this layer; their rows are nodes, not edges. Default `pooling`. */
  readonly name?: string;
  readonly random: Random;
}

/**
 * One vector per graph: the sum of its nodes, weighted by a softmax of v·x over them (Li et al. 2016, eq. 7, without its
 * projection). A graph without nodes gets zeros.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { Random } from '@heed/attention-core';
 * import { GlobalAttentionPooling } from '@heed/graph';
 * const graphOf = tf.tensor1d([0, 0, 1], 'int32'); // two graphs, of two nodes and of one
 * new GlobalAttentionPooling({ inputs: 4, random: new Random(7) }).forward(tf.ones([3, 4]), graphOf, 2).shape; // [2, 4]
 * ```
 */
export class GlobalAttentionPooling extends Module {
  /** [F, 1] */
  readonly vector: tf.Variable<tf.Rank.R2>;
  private readonly mapName: string;

  constructor({ inputs, name = 'pooling', random }: GlobalAttentionPoolingConfig) {
    super();
    requireIntegers('GlobalAttentionPooling', { inputs });
    this.vector = glorot(random, [inputs, 1]);
    this.mapName = name;
  }

  /**
   * @param x [N, F]
   * @param graphOf int32 [N]: which graph each node belongs to
   * @param graphs number of graphs
   * @returns [graphs, F]
   */
  forward(x: tf.Tensor, graphOf: tf.Tensor1D, graphs: number): tf.Tensor {
    return tf.tidy(() => {
      const scores = tf.matMul(x as tf.Tensor2D, this.vector); // [N, 1]
      const weights = observeEdgeWeights(this.mapName, segmentSoftmax(scores, graphOf, graphs)); // [N, 1]
      return segmentSum(tf.mul(x, weights), graphOf, graphs);
    });
  }
}
