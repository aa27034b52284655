/** The page's worker: TensorFlow.js on WASM, the packages of Heed, and the demos. One request at a time. */
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import plain from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import simd from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import * as tf from '@tensorflow/tfjs';
import { findDemo } from '../demos/demos.ts';
import { formatLine } from './format-line.ts';
import type { Request, Response } from './messages.ts';

const MODULES: Readonly<Record<string, () => Promise<unknown>>> = {
  '@heed/attention-core': () => import('@heed/attention-core'),
  '@heed/nlp': () => import('@heed/nlp'),
  '@heed/tasks': () => import('@heed/tasks'),
  '@heed/training': () => import('@heed/training'),
  '@tensorflow/tfjs': () => Promise.resolve(tf),
};

const answer = (response: Response): void => postMessage(response);

async function start(): Promise<void> {
  const place = (url: string) => new URL(url, location.href).href;
  setWasmPaths({
    'tfjs-backend-wasm.wasm': place(plain),
    'tfjs-backend-wasm-simd.wasm': place(simd),
    // threads need headers that plain static hosting does not send
    'tfjs-backend-wasm-threaded-simd.wasm': place(simd),
  });
  if (!(await tf.setBackend('wasm'))) throw new Error('WebAssembly did not start in this browser.');
  await tf.ready();
}

function modules(name: string): Promise<unknown> {
  const load = MODULES[name];
  if (load === undefined) throw new Error(`There is no module "${name}" in this page.`);
  return load();
}

async function run(code: string): Promise<void> {
  const log = (...values: unknown[]): void => answer({ type: 'line', text: formatLine(values) });
  const AsyncFunction = (async () => {}).constructor as new (
    ...parts: string[]
  ) => (...values: unknown[]) => Promise<void>;
  tf.engine().startScope();
  try {
    await new AsyncFunction('modules', 'console', code)(modules, { ...console, log });
  } finally {
    tf.engine().endScope();
  }
}

const started = start();
started.then(
  () => answer({ type: 'ready' }),
  () => {}, // said where it is waited for
);

addEventListener('message', ({ data }: MessageEvent<Request>) => {
  void (async () => {
    try {
      await started;
      if (data.type === 'run') {
        await run(data.code);
        answer({ type: 'result', value: undefined });
      } else {
        const demo = await findDemo(data.name);
        answer({ type: 'result', value: await demo(data.options, (value) => answer({ type: 'progress', value })) });
      }
    } catch (error) {
      answer({ type: 'error', message: error instanceof Error ? error.message : String(error) });
    }
  })();
});
