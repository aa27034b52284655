import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs';

/** Starts tfjs's own WASM or cpu backend, nothing of Heed's. */
export async function startStock(backend: string): Promise<void> {
  if (backend === 'wasm' && tf.findBackend('wasm') === null) {
    const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
    const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
    setWasmPaths(entry.slice(0, entry.lastIndexOf('/') + 1));
  }
  await tf.setBackend(backend);
  await tf.ready();
}
