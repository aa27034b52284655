/** softmax(q·kᵀ)·v in onnxruntime-web, on WASM with one thread as tfjs has it in Node. */
import * as ort from 'onnxruntime-web';
import { onnxModel } from './onnx-model.ts';

interface Case {
  readonly heads: number;
  readonly length: number;
  readonly width: number;
}

export async function prepare({ heads, length, width }: Case): Promise<() => Promise<undefined>> {
  ort.env.wasm.numThreads = 1;
  const shape = [1, heads, length, width];
  const model = onnxModel(
    [
      { op: 'MatMul', inputs: ['query', 'keyTransposed'], output: 'scores' },
      { op: 'Softmax', inputs: ['scores'], output: 'weights' },
      { op: 'MatMul', inputs: ['weights', 'value'], output: 'result' },
    ],
    { query: shape, keyTransposed: [1, heads, width, length], value: shape },
    ['result', shape],
  );
  const session = await ort.InferenceSession.create(model, { executionProviders: ['wasm'] });
  const filled = (dims: readonly number[]) =>
    new ort.Tensor(
      'float32',
      Float32Array.from({ length: heads * length * width }, (_, i) => Math.sin(i)),
      dims,
    );
  const inputs = { query: filled(shape), keyTransposed: filled([1, heads, width, length]), value: filled(shape) };
  return async () => {
    await session.run(inputs);
    return undefined;
  };
}
