import * as tf from '@tensorflow/tfjs';
import { withGradient } from '../autodiff/with-gradient.ts';

/** Zeros of this shape, with gradients of zeros: what attention makes of no sequences, no queries or no keys. */
export function zerosFor(inputs: tf.Tensor[], shape: number[]): tf.Tensor {
  return withGradient(
    inputs,
    () => ({ value: tf.zeros(shape), saved: [] }),
    () => inputs.map((x) => tf.zeros(x.shape)),
    { again: 'backward' },
  );
}
