import * as tf from '@tensorflow/tfjs';

/** What linear attention sees instead of queries and keys: vectors whose products are positive weights. */
export interface FeatureMap {
  readonly name: string;
  /** @param query [..., D] @returns [..., F], all positive */
  ofQueries(query: tf.Tensor): tf.Tensor;
  /** @param key [..., D] @returns [..., F], all positive */
  ofKeys(key: tf.Tensor): tf.Tensor;
}

/** elu(x) + 1 (Katharopoulos et al. 2020). */
export function eluFeatures(): FeatureMap {
  const features = (x: tf.Tensor) => tf.add(tf.elu(x), 1);
  return { name: 'elu', ofQueries: features, ofKeys: features };
}
