import * as tf from '@tensorflow/tfjs';
import { withGradient } from '../autodiff/with-gradient.ts';

/** Keys and values whose numbers are finite, so that a weight of 0 keeps them from the result and from every gradient. */
export interface GuardedKeys {
  /** [B, K, S, D] */
  readonly key: tf.Tensor;
  /** [B, K, S, Dv] */
  readonly value: tf.Tensor;
  /** 0, or NaN where a number of the key or of its value was not finite: added to the key's scores, it shows to those who see it. [B, K, S, 1] */
  readonly fault: tf.Tensor;
}

/** Takes the numbers that are not finite (of a padded place, perhaps) from keys and values: 0 · NaN is NaN, and hidden keys are summed with weight 0. */
export function guardKeys(key: tf.Tensor, value: tf.Tensor): GuardedKeys {
  const widths = [value.shape[3]!, key.shape[3]!, 1];
  const guarded = withGradient(
    [key, value],
    (key, value) => {
      const all = tf.concat([value, key], 3);
      const finite = tf.where(tf.isFinite(all), all, tf.zerosLike(all));
      const fault = tf.sum(tf.sub(all, all), 3, true); // ∞ − ∞ is NaN
      return { value: tf.concat([finite, fault], 3), saved: [] };
    },
    (dy) => {
      const [ofValue, ofKey] = tf.split(dy, widths, 3);
      return [ofKey, ofValue];
    },
    { again: 'backward' },
  );
  const [ofValue, ofKey, fault] = tf.split(guarded, widths, 3);
  return { key: ofKey, value: ofValue, fault };
}
