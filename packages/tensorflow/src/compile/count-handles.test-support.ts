import * as tf from '@tensorflow/tfjs';
import { nativeBackend } from './native-backend.ts';

/**
 * How many handles the binding has. Test files share a worker, and a recording gives every variable a handle: those that other files left
 * get theirs first, so that they do not count as left behind.
 */
export function countHandles(): number {
  const backend = nativeBackend();
  backend.getInputTensorIds(Object.values(tf.engine().registeredVariables));
  return backend.binding.getNumOfTensors();
}
