import * as tf from '@tensorflow/tfjs';
import { withGradient } from './with-gradient.ts';

/** `x`, through which no gradient flows. */
export function stopGradient(x: tf.Tensor): tf.Tensor {
  return withGradient(
    [x],
    (x) => ({ value: tf.clone(x), saved: [] }),
    (dy) => [tf.zerosLike(dy)],
    { again: 'backward' },
  );
}
