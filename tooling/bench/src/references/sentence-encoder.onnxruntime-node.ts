/** transformers.js as it computes in Node: on onnxruntime-node. */
import * as transformers from '@huggingface/transformers';
import { prepareSentenceEncoder } from './sentence-encoder.transformers.ts';

export function prepare(given: Parameters<typeof prepareSentenceEncoder>[1]): Promise<() => Promise<Float32Array[]>> {
  return prepareSentenceEncoder(transformers, given, {
    device: 'cpu',
    session_options: { intraOpNumThreads: Number(process.env.OMP_NUM_THREADS), logSeverityLevel: 3 },
  });
}
