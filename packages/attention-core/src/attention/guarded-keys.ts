import * as tf from '@tensorflow/tfjs';
import { untaped } from '../autodiff/captured.ts';
import { withGradient } from '../autodiff/with-gradient.ts';
import { fused, hasFused } from '../kernels/fused-ops.ts';

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
  const [finiteKey, finiteValue, fault] = untaped(() => finiteKeys(key, value));
  return { key: inPlaceOf(key, finiteKey), value: inPlaceOf(value, finiteValue), fault };
}

function finiteKeys(key: tf.Tensor, value: tf.Tensor): tf.Tensor[] {
  if (hasFused('HeedFiniteKeys')) return fused('HeedFiniteKeys', [key, value]);
  const [finiteKey, finiteValue] = [key, value].map((x) => tf.where(tf.isFinite(x), x, tf.zerosLike(x)));
  const faults = [key, value].map((x) => tf.sum(tf.sub(x, x), 3, true)); // ∞ − ∞ is NaN
  return [finiteKey, finiteValue, tf.add(faults[0], faults[1])];
}

/** `finite`, whose gradient is that of `x`. */
function inPlaceOf(x: tf.Tensor, finite: tf.Tensor): tf.Tensor {
  return withGradient(
    [x],
    () => ({ value: tf.clone(finite), saved: [] }),
    (dy) => [tf.clone(dy)],
    { again: 'backward' },
  );
}
