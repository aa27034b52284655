import { dropout, observeEdgeWeights, segmentSoftmax, type RandomStream } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import type { EdgeTensors } from './edge-tensors.ts';

export interface EdgeWeightOptions {
  /** How captured maps call the layer. */
  readonly name: string;
  /** Probability with which an edge's weight is dropped during training. */
  readonly dropout: number;
  readonly random: RandomStream | undefined;
}

/**
 * Scores to weights, attention's third step over edges: softmax over the edges into each target, then dropout and the edges' scale.
 *
 * @param scores [E, H]
 * @returns [E, H]
 */
export function edgeWeights(scores: tf.Tensor, edges: EdgeTensors, options: EdgeWeightOptions): tf.Tensor {
  const none = scores.size === 0; // no edges, no weights
  const softmax = none ? scores : segmentSoftmax(scores, edges.targets, edges.targetNodes);
  const weights = observeEdgeWeights(options.name, softmax);
  const kept = dropout(weights, options.dropout, options.random);
  return edges.scale === undefined ? kept : tf.mul(kept, tf.expandDims(edges.scale, 1));
}
