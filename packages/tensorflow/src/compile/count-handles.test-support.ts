import * as tf from '@tensorflow/tfjs';
import { compile } from './compile.ts';
import { nativeBackend } from './native-backend.ts';

/**
 * How many handles the binding has. Test files share a worker, and a recording gives every variable a handle of its own: those that other files left
 * get theirs first, by a recording, so that they do not count as left behind.
 */
export function countHandles(): number {
  const record = compile((x: tf.Tensor) => x.neg());
  tf.tidy(() => record(tf.scalar(1)));
  record.dispose();
  return nativeBackend().binding.getNumOfTensors();
}
