import type * as tfjs from '@tensorflow/tfjs';

import type { NativeBackend } from './compile/native-backend.ts';
import { replaceKernel, type KernelRegistry } from './replace-kernel.ts';

interface OwnOp {
  /** How many outputs it has, or that there is one for each tensor of the list. */
  readonly outputs: number | 'listed';
  /** How many inputs it has, where that is always the same. */
  readonly inputs?: number;
  /** Where its inputs end in a list of tensors: how many come before. */
  readonly before?: number;
  /** How many lists of one length it ends in. Default 1. */
  readonly lists?: number;
  /** Attributes that are integers; other numbers are floats. */
  readonly integers?: readonly string[];
}

const ATTENTION = ['masks', 'heads', 'low', 'high'];

/** The ops of native/ops. Their attributes are numbers, booleans, and the length of the list. */
export const ownOps: Readonly<Record<string, OwnOp>> = {
  HeedAdam: { inputs: 6, outputs: 3 },
  HeedAttention: { outputs: 2, before: 0, integers: ATTENTION },
  HeedAttentionGradient: { outputs: 'listed', before: 3, integers: ATTENTION },
  HeedFiniteKeys: { inputs: 2, outputs: 3 },
  HeedFlatten: { outputs: 1, before: 0 },
  HeedGelu: { inputs: 1, outputs: 1 },
  HeedGeluGradient: { inputs: 2, outputs: 1 },
  HeedGeluTanh: { inputs: 1, outputs: 1 },
  HeedGeluTanhGradient: { inputs: 2, outputs: 1 },
  HeedLayerNorm: { inputs: 3, outputs: 3 },
  HeedLayerNormGradient: { inputs: 5, outputs: 3 },
  HeedLinear: { outputs: 'listed', before: 1, lists: 2 },
  HeedLinearGradient: { inputs: 2, outputs: 2 },
  HeedLstm: { inputs: 4, outputs: 3 },
  HeedLstmGradient: { inputs: 6, outputs: 3 },
  HeedMaskedSoftmax: { inputs: 2, outputs: 1 },
  HeedProduct: { inputs: 2, outputs: 1 },
  HeedSoftmaxGradient: { inputs: 2, outputs: 1 },
  HeedUnflatten: { outputs: 'listed', before: 1 },
};

function attributeType(value: unknown, integer: boolean, binding: NativeBackend['binding']): number {
  if (typeof value === 'boolean') return binding.TF_ATTR_BOOL;
  return integer ? binding.TF_ATTR_INT : binding.TF_ATTR_FLOAT;
}

/** Before TensorFlow sees it: more inputs than an op has, or a list of less than nothing, end the process. */
function checkCount(op: string, count: number, listed: number): void {
  const { inputs, before = 0, lists = 1 } = ownOps[op]!;
  if (inputs === undefined ? Number.isInteger(listed) && listed > 0 : count === inputs) return;
  const list = lists === 1 ? 'one tensor at least' : 'as many weights as biases, one at least';
  const rule =
    inputs === undefined ? `after the first ${before} and masks there must be ${list}` : `there must be ${inputs}`;
  throw new Error(`${op}: of the inputs ${rule}, got ${count} in all`);
}

/** Makes Heed's own ops kernels of the native backend, where the binding brings them: attention-core uses the kernels that it finds. */
export function registerOwnOps(tf: KernelRegistry & Pick<typeof tfjs, 'findBackend'>): void {
  const { binding } = tf.findBackend('tensorflow') as unknown as NativeBackend;
  if (!('ownOps' in binding)) return; // upstream's binding, or one of before they were there
  for (const [op, { outputs, before, lists = 1, integers = [] }] of Object.entries(ownOps)) {
    if (tf.getKernel(op, 'tensorflow') !== undefined) continue;
    tf.registerKernel({
      kernelName: op,
      backendName: 'tensorflow',
      kernelFunc: ({ inputs: given, attrs, backend }) => {
        const native = backend as NativeBackend;
        const attributes = Object.entries(attrs ?? {}).map(([name, value]) => ({
          name,
          type: attributeType(value, integers.includes(name), binding),
          value: value as number | boolean,
        }));
        const tensors = Object.values(given) as tfjs.TensorInfo[];
        const listed = (tensors.length - (before ?? 0) - Number(attrs?.['masks'] ?? 0)) / lists;
        checkCount(op, tensors.length, listed);
        const ids = native.getInputTensorIds(tensors);
        if (before !== undefined) attributes.push({ name: 'N', type: binding.TF_ATTR_INT, value: listed });
        return native.binding
          .executeOp(op, attributes, ids, outputs === 'listed' ? listed : outputs)
          .map((output) => native.createOutputTensor(output));
      },
    });
  }
  chooseProduct(tf);
}

/** Products of numbers in a matrix up to which our own op is faster than TensorFlow's: of one matrix, and of each of several. */
const SMALL = { one: 2 ** 24, each: 2 ** 19 };

/**
 * `tf.matMul` by the fastest op for its floats: our own for small matrices, of which TensorFlow's takes 0.2 ms to begin with several, and
 * `MatMul` for one large one, which is faster than the `BatchMatMulV2` that tfjs-node calls for all.
 */
function chooseProduct(tf: KernelRegistry): void {
  replaceKernel(tf, 'BatchMatMul', (stock) => (args) => {
    const { a, b } = args.inputs as { a: tfjs.TensorInfo; b: tfjs.TensorInfo };
    const { transposeA, transposeB } = args.attrs as { transposeA: boolean; transposeB: boolean };
    const alike = a.shape.length === b.shape.length && a.shape.slice(0, -2).every((side, i) => side === b.shape[i]);
    if (!alike || a.dtype !== 'float32' || b.dtype !== 'float32') return stock(args);
    const products = a.shape.at(-2)! * a.shape.at(-1)! * b.shape.at(transposeB ? -2 : -1)!;
    const small = products <= (a.shape.length > 2 ? SMALL.each : SMALL.one);
    // not there while a function is recorded for XLA
    const own = small && tf.getKernel('HeedProduct', 'tensorflow') !== undefined;
    if (!own && a.shape.length > 2) return stock(args);
    const native = args.backend as NativeBackend;
    const { binding } = native;
    const transposed = [transposeA, transposeB].map((value, i) => ({
      name: ['transpose_a', 'transpose_b'][i]!,
      type: binding.TF_ATTR_BOOL,
      value,
    }));
    const type = { name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT };
    const ids = native.getInputTensorIds([a, b]);
    const [product] = own
      ? binding.executeOp('HeedProduct', transposed, ids, 1)
      : binding.executeOp('MatMul', [...transposed, type], ids, 1);
    return native.createOutputTensor(product!);
  });
}
