import * as tf from '@tensorflow/tfjs';
import type { Score } from './score.ts';

/** q·k (Luong et al. 2015, "dot"). Queries and keys have the same width. */
export function dot(): Score {
  return {
    name: 'dot',
    scores: (query, key) => tf.matMul(query, key, false, true),
    asProducts: (query, key) => ({ query, key, scale: 1 }),
  };
}

export interface ScaledDotOptions {
  /** What q·k is multiplied by. Default 1/√D. */
  readonly scale?: number;
}

/** q·k/√D (Vaswani et al. 2017). The query is scaled, which is L × D products instead of L × S. */
export function scaledDot({ scale }: ScaledDotOptions = {}): Score {
  const scaleFor = (query: tf.Tensor) => scale ?? 1 / Math.sqrt(query.shape[query.rank - 1]);
  return {
    name: 'scaled-dot',
    scores: (query, key) => tf.tidy(() => tf.matMul(tf.mul(query, scaleFor(query)), key, false, true)),
    asProducts: (query, key) => ({ query, key, scale: scaleFor(query) }),
  };
}
