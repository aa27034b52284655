import * as tf from '@tensorflow/tfjs';
import { isDifferentiatingTwice } from './captured.ts';

export interface Fused {
  readonly value: tf.Tensor;
  /** What the gradient needs besides `dy`. */
  readonly saved: tf.Tensor[];
}

export interface GradientOptions {
  /**
   * What a gradient of the gradient comes from. 'ops', the default: the ops of `forward`, each of which needs a gradient in tfjs, for
   * tfjs takes what was saved as constants. 'backward': `backward` itself, where it is right or wanted so: it uses inputs and the value
   * alone, or is not the derivative of `forward` (straight-through estimators).
   */
  readonly again?: 'ops' | 'backward';
}

/**
 * An operation with a gradient of its own, instead of the many small ones that its parts would make.
 *
 * @param inputs what is differentiated by
 * @param forward the value, and what to keep for the gradient
 * @param backward from `dy` (of the value's shape) and the kept tensors, one gradient per input, each of its input's shape
 */
export function withGradient(
  inputs: tf.Tensor[],
  forward: (...inputs: tf.Tensor[]) => Fused,
  backward: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.Tensor[],
  { again = 'ops' }: GradientOptions = {},
): tf.Tensor {
  if (again === 'ops' && isDifferentiatingTwice()) return forward(...inputs).value;
  const op = tf.customGrad((...args) => {
    const save = args.pop() as unknown as (tensors: tf.Tensor[]) => void;
    const { value, saved } = forward(...(args as tf.Tensor[]));
    save(saved);
    // what `backward` makes on its way is freed at once, not with the whole step
    return { value, gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.tidy(() => backward(dy, saved)) };
  });
  return op(...inputs);
}
