/** Indices beyond what they point into are refused on WASM and cpu as native TensorFlow refuses them; tfjs's WASM kernels read and write elsewhere. */
import type * as tf from '@tensorflow/tfjs';
import { overrideKernel } from './register-kernel.ts';

interface IndexedArguments {
  inputs: tf.NamedTensorInfoMap & { indices: tf.TensorInfo };
  backend: tf.KernelBackend;
  attrs: { shape?: readonly number[] };
}

/** What the coordinates point into. */
const targets: Readonly<Record<string, readonly [op: string, shape: (args: IndexedArguments) => readonly number[]]>> = {
  GatherNd: ['gatherND', ({ inputs }) => inputs['params']!.shape],
  ScatterNd: ['scatterND', ({ attrs }) => attrs.shape!],
  TensorScatterUpdate: ['tensorScatterUpdate', ({ inputs }) => inputs['tensor']!.shape],
};

for (const [kernelName, [op, shapeOf]] of Object.entries(targets)) {
  for (const backendName of ['wasm', 'cpu']) {
    overrideKernel<IndexedArguments>(kernelName, backendName, (stock) => (args) => {
      const { indices } = args.inputs;
      const limits = shapeOf(args).slice(0, indices.shape.at(-1));
      const values = args.backend.readSync(indices.dataId) as Int32Array;
      for (const [i, index] of values.entries()) {
        const limit = limits[i % limits.length];
        if (!(index >= 0 && index < limit)) throw new Error(`${op}: indices must be in [0, ${limit}), got ${index}`);
      }
      return stock(args);
    });
  }
}

/** @throws at an id that is no segment; negative ones stand for none */
export function requireSegments(op: string, ids: ArrayLike<number>, segments: number): void {
  for (let row = 0; row < ids.length; row++) {
    if (ids[row] >= segments) throw new Error(`${op}: segment ids must be less than ${segments}, got ${ids[row]}`);
  }
}
