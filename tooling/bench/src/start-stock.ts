import { createRequire } from 'node:module';
import nodeUtil from 'node:util';
import * as tf from '@tensorflow/tfjs';

/** Starts tfjs's own WASM, cpu or native backend, the last on Heed's build of its binding; none of Heed's kernels. */
export async function startStock(backend: string): Promise<void> {
  if (backend === 'wasm' && tf.findBackend('wasm') === null) {
    const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
    const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
    setWasmPaths(entry.slice(0, entry.lastIndexOf('/') + 1));
  }
  if (backend === 'tensorflow') {
    // the tfjs-node of @heed/tensorflow, without loadTensorflow(), which multiplies by Heed's own op; Node 23 removed what it calls
    const util = nodeUtil as { isNullOrUndefined?: (value: unknown) => boolean };
    util.isNullOrUndefined ??= (value) => value === null || value === undefined;
    createRequire(import.meta.resolve('@heed/tensorflow'))('@tensorflow/tfjs-node');
  }
  await tf.setBackend(backend);
  await tf.ready();
}
