import * as tf from '@tensorflow/tfjs';

import { freeGradientsEarly } from './free-early.ts';
import type { GraphBuilder } from './graph-builder.ts';
import type { Source } from './graph.ts';
import { anyOutOfRange, indexingKernels, indexLimits } from './index-guards.ts';
import { describeLine, markLine, type JavascriptLine } from './javascript-line.ts';
import type { Binding, NativeBackend, TensorValues } from './native-backend.ts';
import { ownOps } from '../own-ops.ts';
import { override } from './override.ts';

/** A tensor that was kept with `tf.keep`. */
export interface Kept {
  readonly tensor: tf.Tensor;
  readonly line: JavascriptLine;
}

/** A flag that is true where an index is out of range. */
export interface Guard {
  readonly source: Source;
  readonly line: JavascriptLine;
  /** Indices must be less: one number for all, or one for each coordinate. */
  readonly limits: readonly number[];
}

/** Kernels whose ops have none for XLA, and that attention-core can do without. */
const kernelsUnknownToXla = Object.keys(ownOps);

/** What was seen while recording, beside the ops. */
export interface Observations {
  readonly kept: readonly Kept[];
  readonly guards: readonly Guard[];
}

/**
 * Runs `body` while every op that reaches TensorFlow is told to `builder`, and while reading a value that may differ from
 * call to call, or drawing a random number in JavaScript, is an error that names the line.
 */
export function observe<Result>(
  backend: NativeBackend,
  builder: GraphBuilder,
  options: { readonly name: string; readonly xla: boolean },
  body: (observations: Observations) => Result,
): Result {
  const { name, xla } = options;
  const kept: Kept[] = [];
  const guards: Guard[] = [];
  const madeInside = new WeakSet<object>();
  const { write, getInputTensorIds } = backend;
  let mayRead = false;

  const restore = [
    override(backend, 'binding', recordingBinding()),
    override(backend, 'write', (values, shape, dtype) => {
      madeInside.add(values);
      return write.call(backend, values, shape, dtype);
    }),
    override(backend, 'getInputTensorIds', (tensors) => {
      const ids = getInputTensorIds.call(backend, tensors);
      tensors.forEach(({ dataId, shape }, i) => {
        if (dataId) builder.describeHandle({ id: ids[i]!, dtype: backend.tensorMap.get(dataId).dtype, shape });
      });
      return ids;
    }),
    override(tf.engine(), 'keep', (tensor) => {
      kept.push({ tensor, line: markLine() });
      tensor.kept = true;
      return tensor;
    }),
    ...freeGradientsEarly(),
    override(Math, 'random', () => {
      throw new Error(
        `compile: ${name} must not draw random numbers in JavaScript, since they would be the same at every call, got ` +
          `Math.random ${describeLine(markLine())}; pass the numbers, or the key of a stateless op, as a tensor`,
      );
    }),
    ...indexingKernels.map(overrideKernel),
    ...(xla ? kernelsUnknownToXla.flatMap(hideKernel) : []),
  ];
  try {
    return body({ kept, guards });
  } finally {
    for (const undo of restore.reverse()) undo();
  }

  function recordingBinding(): Binding {
    const { binding } = backend;
    const own: Pick<Binding, 'createTensor' | 'tensorDataSync' | 'executeOp'> = {
      createTensor(shape, dtype, values) {
        const id = binding.createTensor(shape, dtype, values);
        builder.addConstant(id, shape, dtype, values, madeInside.has(values));
        return id;
      },
      tensorDataSync(id): TensorValues {
        if (mayRead || !builder.isDependent(id)) return binding.tensorDataSync(id);
        throw new Error(
          `compile: ${name} must not read the values of tensors (dataSync, arraySync, data, print), since it runs only ` +
            `once, got such a call ${describeLine(markLine())}`,
        );
      },
      executeOp(op, attributes, ids, outputs) {
        const inputs = ids.map((id) => builder.sourceOf(id));
        builder.refuseOperation(op, inputs);
        const results = binding.executeOp(op, attributes, ids, outputs);
        builder.addOperation(op, attributes, inputs, results);
        return results;
      },
    };
    return Object.create(binding, Object.getOwnPropertyDescriptors(own)) as Binding;
  }

  /** Who finds a kernel missing takes other ops. */
  function hideKernel(kernelName: string): (() => void)[] {
    const kernel = tf.getKernel(kernelName, 'tensorflow') as tf.KernelConfig | undefined;
    if (kernel === undefined) return [];
    tf.unregisterKernel(kernelName, 'tensorflow');
    return [() => tf.registerKernel(kernel)];
  }

  /** tfjs-node's gather reads its indices to check their range. That is right while recording; a replay checks otherwise. */
  function overrideKernel(kernelName: string): () => void {
    const kernel = tf.getKernel(kernelName, 'tensorflow');
    const replace = (kernelFunc: tf.KernelFunc) => {
      tf.unregisterKernel(kernelName, 'tensorflow');
      tf.registerKernel({ ...kernel, kernelFunc });
    };
    replace((args) => {
      if (xla) addGuard(args.inputs, indexLimits(kernelName, args.inputs, args.attrs));
      mayRead = true;
      try {
        return kernel.kernelFunc(args);
      } finally {
        mayRead = false;
      }
    });
    return () => replace(kernel.kernelFunc);
  }

  /** XLA clamps indices, or drops what they point to; the function therefore says itself whether all were in range. */
  function addGuard(inputs: tf.NamedTensorInfoMap, limits: readonly number[]): void {
    const indices = inputs['indices'] as tf.Tensor;
    if (!builder.isDependent(backend.getInputTensorIds([indices])[0]!)) return;
    const flag = anyOutOfRange(indices, limits);
    const source = builder.sourceOf(backend.getInputTensorIds([flag])[0]!);
    flag.dispose();
    guards.push({ source, line: markLine(), limits });
  }
}
