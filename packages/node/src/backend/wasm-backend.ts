// The kernels and gradients that tfjs lacks on WASM, without which nothing trains there.
import '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';

/**
 * Makes WebAssembly the backend, with the module that the installed package carries: nothing is fetched.
 *
 * One thread: tfjs turns its threads off in Node, and two were slower on small work when forced.
 *
 * @returns what computes, for messages
 * @throws if the module does not start
 */
export async function startWasm(): Promise<string> {
  const listening = processEvents();
  const { setWasmPaths, version_wasm: version } = await import('@tensorflow/tfjs-backend-wasm');
  if (tf.findBackend('wasm') === null) {
    const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
    setWasmPaths(dirname(entry) + sep);
  }
  if (!(await tf.setBackend('wasm')))
    throw new Error('the WebAssembly module of @tensorflow/tfjs-backend-wasm did not start');
  await tf.ready();
  restoreProcessEvents(listening);
  return `tfjs-backend-wasm ${version}`;
}

// Emscripten listens to these and throws again, which replaces every error's stack by a line of its own minified code.
const emitter: NodeJS.EventEmitter = process;
const emscriptenEvents = ['uncaughtException', 'unhandledRejection'];

type Listeners = ReturnType<NodeJS.EventEmitter['listeners']>;

function processEvents(): Listeners[] {
  return emscriptenEvents.map((event) => emitter.listeners(event));
}

function restoreProcessEvents(before: readonly Listeners[]): void {
  emscriptenEvents.forEach((event, index) => {
    for (const listener of emitter.listeners(event)) {
      if (!before[index].includes(listener)) emitter.off(event, listener as () => void);
    }
  });
}
