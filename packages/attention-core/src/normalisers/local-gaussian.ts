import * as tf from '@tensorflow/tfjs';
import { requireIntegers } from '../arguments/require-integers.ts';
import { Linear, linear, weight } from '../layers/linear.ts';
import { alignCentre, requireCentre } from '../masks/local-window.ts';
import { Module } from '../module/module.ts';
import type { Random } from '../random/random.ts';
import type { Normaliser } from './normaliser.ts';
import { softmax } from './softmax.ts';

export interface LocalGaussianOptions {
  /** Where the weights are greatest, a position among the keys: [B], [B, L] or [B, H, L]. Gradients flow into it. */
  readonly centre: tf.Tensor;
  /** σ, in positions. Luong et al. use half the window's radius. */
  readonly deviation: number;
  /** What makes the weights that the Gaussian damps. Default `softmax()`. */
  readonly normaliser?: Normaliser;
}

/**
 * Weights damped by their distance from a predicted position (Luong et al. 2015, "local-p"):
 *
 *     w(s) = normalise(scores)(s) · exp(−(s − centre)² / 2σ²)
 *
 * The result is not normalised again, as in the paper. Together with `localWindow` and `CentrePredictor` it is the whole of local-p.
 *
 * @throws if the deviation is not positive, or the centre's shape is none of those named
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { attention, CentrePredictor, dot, localGaussian, localWindow, Random } from '@heed/attention-core';
 * const [query, memory] = [tf.ones([2, 1, 8]), tf.ones([2, 12, 8])]; // B = 2, L = 1, S = 12
 * const centre = new CentrePredictor({ queryWidth: 8, hiddenWidth: 8, random: new Random(7) }).forward(query, 12); // [2, 1]
 * const normaliser = localGaussian({ centre, deviation: 2 });
 * const mask = localWindow({ centre, radius: 4 });
 * attention({ query, key: memory, value: memory, score: dot(), mask, normaliser }).shape; // [2, 1, 8]
 * ```
 */
export function localGaussian({ centre, deviation, normaliser = softmax() }: LocalGaussianOptions): Normaliser {
  if (!(deviation > 0)) throw new Error(`localGaussian: deviation must be positive, got ${deviation}`);
  requireCentre('localGaussian', centre);
  return {
    name: 'local-gaussian',
    weights: (scores, visibility) =>
      tf.tidy(() => {
        const weights = normaliser.weights(scores, visibility);
        const positions = tf.range(0, scores.shape.at(-1)!); // [S]
        const distance = tf.sub(positions, alignCentre(centre, scores.rank)); // [B, …, L, S]
        return tf.mul(weights, tf.exp(tf.mul(tf.square(distance), -1 / (2 * deviation ** 2))));
      }),
  };
}

export interface CentrePredictorConfig {
  readonly queryWidth: number;
  readonly hiddenWidth: number;
  readonly random: Random;
}

/**
 * Predicts where among the keys a query looks (Luong et al. 2015, "local-p"): S · σ(vᵀ·tanh(W·q)), a position in (0, S).
 */
export class CentrePredictor extends Module {
  readonly query: Linear;
  readonly vector: tf.Variable<tf.Rank.R2>;

  constructor({ queryWidth, hiddenWidth, random }: CentrePredictorConfig) {
    super();
    requireIntegers('CentrePredictor', { queryWidth, hiddenWidth });
    this.query = new Linear({ inputs: queryWidth, outputs: hiddenWidth, bias: false, random });
    const bound = 1 / Math.sqrt(hiddenWidth);
    this.vector = weight(random.uniforms(hiddenWidth, -bound, bound), [hiddenWidth, 1]);
  }

  /**
   * @param query [B, L, queryWidth], or [B, H, L, queryWidth]
   * @param lengths how many keys there are: one number, or [B] where sequences differ
   * @returns [B, L], or [B, H, L]
   */
  forward(query: tf.Tensor, lengths: number | tf.Tensor1D): tf.Tensor {
    return tf.tidy(() => {
      const share = tf.sigmoid(tf.squeeze(linear(tf.tanh(this.query.forward(query)), this.vector), [-1])); // [B, …, L]
      if (typeof lengths === 'number') return tf.mul(share, lengths);
      const perSequence = tf.reshape(lengths, [-1, ...share.shape.slice(1).map(() => 1)]);
      return tf.mul(share, tf.cast(perSequence, 'float32'));
    });
  }
}
