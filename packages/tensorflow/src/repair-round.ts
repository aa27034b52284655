import { replaceKernel, type KernelRegistry } from './replace-kernel.ts';

/** Makes `tf.round` of an int32 tensor give the tensor on the native backend. TensorFlow's own kernel gives zeros since 2.17. */
export function repairRound(tf: KernelRegistry): void {
  replaceKernel(tf, 'Round', (stock) => (args) => {
    const x = args.inputs['x'];
    if (x?.dtype !== 'int32') return stock(args);
    (args.backend as { incRef(id: object): void }).incRef(x.dataId);
    return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
  });
}
