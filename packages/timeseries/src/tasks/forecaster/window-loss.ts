import type { RandomStream } from '@heed/attention-core';
import type { BatchTensors } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import type { ForecastModel } from './architectures.ts';
import type { TrainingBatch } from './window-reader.ts';

/** Mean squared or absolute error of the standardised values that are there. */
export function windowLoss(
  model: ForecastModel,
  { targets, weights, ...inputs }: BatchTensors<TrainingBatch>,
  { loss, random }: { readonly loss: 'mse' | 'mae'; readonly random: RandomStream },
): tf.Scalar {
  return tf.tidy(() => {
    const errors = tf.mul(weights, tf.sub(model.forward(inputs, { random }), targets)); // [B, C, H]
    const sizes = loss === 'mae' ? tf.abs(errors) : tf.square(errors);
    const present = tf.sum(tf.cast(tf.greater(weights, 0), 'float32'));
    return tf.div(tf.sum(sizes), tf.maximum(present, 1)) as tf.Scalar;
  });
}
