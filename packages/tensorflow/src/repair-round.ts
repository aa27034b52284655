import type * as tfjs from '@tensorflow/tfjs';

const repaired = new WeakSet<tfjs.KernelFunc>();

/**
 * Makes `tf.round` of an int32 tensor give the tensor on the native backend. TensorFlow's own kernel gives zeros since
 * 2.17. Doing it again changes nothing.
 */
export function repairRound(tf: Pick<typeof tfjs, 'getKernel' | 'registerKernel' | 'unregisterKernel'>): void {
  const kernel = tf.getKernel('Round', 'tensorflow');
  if (!kernel || repaired.has(kernel.kernelFunc)) return;
  const native = kernel.kernelFunc;
  const round: tfjs.KernelFunc = (args) => {
    const x = args.inputs['x'];
    if (x?.dtype !== 'int32') return native(args);
    (args.backend as { incRef(id: object): void }).incRef(x.dataId);
    return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
  };
  repaired.add(round);
  tf.unregisterKernel('Round', 'tensorflow');
  tf.registerKernel({ ...kernel, kernelFunc: round });
}
