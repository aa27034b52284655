import * as tf from '@tensorflow/tfjs';

/** A kernel whose inputs and attributes are named in its own type; tfjs declares each of them as possibly absent. */
export type Kernel<Arguments> = (args: Arguments) => tf.TensorInfo | tf.TensorInfo[];

/** Registers a kernel that tfjs does not have; one that it has is replaced by `overrideKernel`. */
export function registerKernel<Arguments>(kernelName: string, backendName: string, kernel: Kernel<Arguments>): void {
  replace({ kernelName, backendName, kernelFunc: kernel as unknown as tf.KernelFunc });
}

const INSTALLER = 'HeedInstaller';
const waiting = new Map<string, (() => void)[]>();

/**
 * Puts a kernel of ours in the place of the backend's own, which it may call. tfjs registers a backend's kernels when the backend's
 * package is imported, before or after this one; in the latter case the override waits until that backend is chosen.
 *
 * @param build from the backend's own kernel, the one to stand in its place
 */
export function overrideKernel<Arguments>(
  kernelName: string,
  backendName: string,
  build: (stock: Kernel<Arguments>) => Kernel<Arguments>,
): void {
  const install = () => {
    const stock = tf.getKernel(kernelName, backendName);
    if (stock === undefined) return false;
    const kernel = build(stock.kernelFunc as unknown as Kernel<Arguments>);
    replace({ ...stock, kernelFunc: kernel as unknown as tf.KernelFunc });
    return true;
  };
  if (install()) return;
  const installs = waiting.get(backendName) ?? [];
  installs.push(install);
  if (waiting.has(backendName)) return;
  waiting.set(backendName, installs);
  // tfjs calls every kernel's setup when a backend is chosen: by then its own kernels are there
  replace({
    kernelName: INSTALLER,
    backendName,
    kernelFunc: () => [],
    setupFunc: () => installs.splice(0).forEach((install) => install()),
  });
}

function replace(config: tf.KernelConfig): void {
  if (tf.getKernel(config.kernelName, config.backendName) !== undefined) {
    tf.unregisterKernel(config.kernelName, config.backendName);
  }
  tf.registerKernel(config);
}

/** Runs a kernel whose inputs need no names of their own, only their order. */
export function runKernel(
  kernelName: string,
  inputs: readonly tf.Tensor[],
  attributes: tf.NamedAttrMap = {},
): tf.Tensor[] {
  const named = Object.fromEntries(inputs.map((tensor, i) => [`input${i}`, tensor]));
  return tf.engine().runKernel(kernelName, named, attributes);
}
