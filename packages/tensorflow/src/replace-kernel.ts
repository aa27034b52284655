import type * as tfjs from '@tensorflow/tfjs';

/** What of tfjs's namespace kernels are replaced with. */
export type KernelRegistry = Pick<typeof tfjs, 'getKernel' | 'registerKernel' | 'unregisterKernel'>;

const replaced = new WeakSet<tfjs.KernelFunc>();

/**
 * Puts another function in the place of a kernel of the native backend. Doing it again changes nothing.
 *
 * @param build from the kernel's own function, which it may call, the one to stand in its place
 */
export function replaceKernel(
  tf: KernelRegistry,
  name: string,
  build: (stock: tfjs.KernelFunc) => tfjs.KernelFunc,
): void {
  const kernel = tf.getKernel(name, 'tensorflow') as tfjs.KernelConfig | undefined;
  if (kernel === undefined || replaced.has(kernel.kernelFunc)) return;
  const kernelFunc = build(kernel.kernelFunc);
  replaced.add(kernelFunc);
  tf.unregisterKernel(name, 'tensorflow');
  tf.registerKernel({ ...kernel, kernelFunc });
}
