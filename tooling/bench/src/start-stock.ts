import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs';

/** Starts tfjs's own WASM, cpu or native backend, the last on Heed's build of its binding; none of Heed's kernels. */
export async function startStock(backend: string): Promise<void> {
  if (backend === 'wasm' && tf.findBackend('wasm') === null) {
    const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
    const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
    setWasmPaths(entry.slice(0, entry.lastIndexOf('/') + 1));
  }
  if (backend === 'tensorflow') await (await import('@heed/tensorflow')).loadTensorflow();
  await tf.setBackend(backend);
  await tf.ready();
}
