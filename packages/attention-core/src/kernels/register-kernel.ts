import * as tf from '@tensorflow/tfjs';

/** A kernel whose inputs and attributes are named in its own type; tfjs declares each of them as possibly absent. */
export type Kernel<Arguments> = (args: Arguments) => tf.TensorInfo | tf.TensorInfo[];

/** Registers `kernel`, replacing the one that stands for this name and backend. */
export function registerKernel<Arguments>(kernelName: string, backendName: string, kernel: Kernel<Arguments>): void {
  if (tf.getKernel(kernelName, backendName) !== undefined) tf.unregisterKernel(kernelName, backendName);
  tf.registerKernel({ kernelName, backendName, kernelFunc: kernel as unknown as tf.KernelFunc });
}
