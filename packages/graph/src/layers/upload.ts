import * as tf from '@tensorflow/tfjs';

/**
 * Brings a tensor to the device now. tfjs does so at the first use, and a step that is recorded twice to be compared would then meet its
 * tensors in another order the second time.
 */
export function upload<T extends tf.Tensor>(tensor: T): T {
  tf.tidy(() => void tf.add(tensor, tf.zerosLike(tensor)));
  return tensor;
}
