import * as tf from '@tensorflow/tfjs';
import { stopGradient } from '../autodiff/stop-gradient.ts';
import { requireIntegers } from '../arguments/require-integers.ts';
import { linear } from '../layers/linear.ts';
import { buffer } from '../module/buffer.ts';
import { Module } from '../module/module.ts';
import type { Random } from '../random/random.ts';
import type { FeatureMap } from './feature-map.ts';

export interface PerformerFeaturesConfig {
  /** D: width of each head. */
  readonly headWidth: number;
  /** F: how many random features; more are nearer to softmax. Default D·ln D, rounded up. */
  readonly features?: number;
  readonly random: Random;
}

/** Exponents of key features stay below this, so that sums over any number of keys stay finite in float32. */
const GREATEST_EXPONENT = 60;

/**
 * Positive orthogonal random features (FAVOR+, Choromanski et al. 2021), with which linear attention approximates softmax
 * attention without bias:
 *
 *     φ(x) = exp(ωx' − ‖x'‖²/2)/√F, x' = x/D^¼,   E[φ(q)·φ(k)] = exp(q·k/√D)
 *
 * The directions ω are drawn once, orthogonal in blocks of D, and kept with the weights; optimizers leave them alone. A factor
 * that is common to all features of a query cancels in the attention and is left out.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { linearAttention, PerformerFeatures, Random } from '@heed/attention-core';
 * const features = new PerformerFeatures({ headWidth: 8, features: 64, random: new Random(7) });
 * const x = tf.ones([1, 2, 1000, 8]);
 * linearAttention({ query: x, key: x, value: x, features }).shape; // [1, 2, 1000, 8]
 * ```
 */
export class PerformerFeatures extends Module implements FeatureMap {
  readonly name = 'performer';
  /** ω, [D, F]. */
  readonly projection: tf.Variable<tf.Rank.R2>;

  constructor({ headWidth, features = Math.ceil(headWidth * Math.log(headWidth)), random }: PerformerFeaturesConfig) {
    super();
    requireIntegers('PerformerFeatures', { headWidth, features });
    this.projection = buffer(orthogonalColumns(headWidth, features, random), [headWidth, features]);
  }

  ofQueries(query: tf.Tensor): tf.Tensor {
    const exponents = this.exponents(query);
    return tf.exp(tf.sub(exponents, stopGradient(tf.max(exponents, -1, true))));
  }

  ofKeys(key: tf.Tensor): tf.Tensor {
    return tf.exp(tf.minimum(this.exponents(key), GREATEST_EXPONENT));
  }

  /** ωx' − ‖x'‖²/2 − ln(F)/2. @returns [..., F] */
  private exponents(x: tf.Tensor): tf.Tensor {
    const [width, features] = this.projection.shape;
    const scaled = tf.mul(x, width ** -0.25);
    const half = tf.mul(tf.sum(tf.square(scaled), -1, true), 0.5);
    return tf.sub(linear(scaled, this.projection), tf.add(half, Math.log(features) / 2));
  }
}

/** [rows, columns], row by row: every `rows` columns orthogonal to each other, each as long as a normal vector is. */
function orthogonalColumns(rows: number, columns: number, random: Random): Float32Array {
  const out = new Float32Array(rows * columns);
  let block: Float64Array[] = [];
  for (let column = 0; column < columns; column++) {
    if (column % rows === 0) block = [];
    const vector = Float64Array.from(random.normals(rows));
    // Gram–Schmidt, twice for accuracy
    for (let pass = 0; pass < 2; pass++) {
      for (const other of block) {
        const overlap = vector.reduce((sum, x, i) => sum + x * other[i], 0);
        other.forEach((x, i) => (vector[i] -= overlap * x));
      }
    }
    const length = Math.hypot(...vector);
    const unit = vector.map((x) => x / length);
    block.push(unit);
    const radius = Math.hypot(...random.normals(rows));
    unit.forEach((x, row) => (out[row * columns + column] = x * radius));
  }
  return out;
}
