import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs';

export type BackendName = 'tensorflow' | 'wasm' | 'cpu';

const ORDER: readonly BackendName[] = ['tensorflow', 'wasm', 'cpu'];
const require = createRequire(import.meta.url);

const loaders: Record<BackendName, () => Promise<void>> = {
  tensorflow: async () => {
    // by its place: the packages that are tested with it may not depend on @heed/tensorflow, nor may what they depend on
    const loader = new URL('../../../packages/tensorflow/src/load.ts', import.meta.url);
    const { loadTensorflow } = (await import(loader.href)) as { loadTensorflow(): Promise<unknown> };
    await loadTensorflow();
  },
  wasm: async () => {
    const { setThreadsCount, setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
    const entry = require.resolve('@tensorflow/tfjs-backend-wasm');
    setWasmPaths(entry.slice(0, entry.lastIndexOf('dist/') + 'dist/'.length));
    setThreadsCount(1);
  },
  cpu: async () => undefined,
};

/**
 * Makes tfjs use the backend that `HEED_BACKEND` names, or else the best that loads.
 *
 * @throws if the named backend is unknown or does not load
 */
export async function useBackend(wanted: string | undefined = process.env.HEED_BACKEND): Promise<BackendName> {
  if (wanted !== undefined && !ORDER.some((name) => name === wanted)) {
    throw new Error(`useBackend: HEED_BACKEND must be one of ${ORDER.join(', ')}, got ${wanted}`);
  }
  const failures: string[] = [];
  for (const name of wanted === undefined ? ORDER : ORDER.filter((candidate) => candidate === wanted)) {
    try {
      await loaders[name]();
      if (await tf.setBackend(name)) {
        await tf.ready();
        return name;
      }
      failures.push(`${name}: setBackend refused`);
    } catch (error) {
      failures.push(`${name}: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`);
    }
  }
  throw new Error(`useBackend: no backend loads (${failures.join('; ')})`);
}
