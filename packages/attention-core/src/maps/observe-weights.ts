import type * as tf from '@tensorflow/tfjs';
import { recordEdges, recordMap, selectRows } from './capture.ts';
import { changeWeights } from './intervene.ts';

/**
 * For mechanisms that make their weights themselves instead of calling `attention`: shows them to `capture` and lets `intervene`
 * change them. A mechanism goes on with the result.
 *
 * @param weights [B, H, L, S]
 */
export function observeWeights(name: string, weights: tf.Tensor): tf.Tensor4D {
  const used = changeWeights(name, weights) as tf.Tensor4D;
  recordMap(name, (heads, queries) => selectRows(used, heads, queries));
  return used;
}

/** The same for attention over the edges of a graph. @param weights [E, H] */
export function observeEdgeWeights(name: string, weights: tf.Tensor): tf.Tensor2D {
  const used = changeWeights(name, weights, 'edges') as tf.Tensor2D;
  recordEdges(name, used);
  return used;
}
