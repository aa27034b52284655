/** transformers.js on onnxruntime-web, on WASM with one thread, as a browser without isolation has it. */
import * as runtime from 'onnxruntime-web';
import { prepareSentenceEncoder } from './sentence-encoder.transformers.ts';

runtime.env.wasm.numThreads = 1;
runtime.env.wasm.wasmPaths = new URL('.', import.meta.resolve('onnxruntime-web')).href; // not from a server
// what transformers.js computes on in place of the runtime of its own choice
Object.assign(globalThis, { [Symbol.for('onnxruntime')]: runtime });
const transformers = await import('@huggingface/transformers');

export function prepare(given: Parameters<typeof prepareSentenceEncoder>[1]): Promise<() => Promise<Float32Array[]>> {
  return prepareSentenceEncoder(transformers, given, {
    device: 'auto',
    session_options: { executionProviders: ['wasm'], logSeverityLevel: 3 },
  });
}
