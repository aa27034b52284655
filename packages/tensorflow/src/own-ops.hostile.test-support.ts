/**
 * Calls one op of native/ops with inputs that fit it, then with all sorts that do not, and prints what came of it. The test starts it as a
 * process of its own, since an op that believes its callers would end it, or never come back.
 */
import { pathToFileURL } from 'node:url';

import * as tf from '@tensorflow/tfjs';
import type { NamedAttrMap, Tensor } from '@tensorflow/tfjs';

import type { NativeBackend } from './compile/native-backend.ts';
import { loadTensorflow } from './load.ts';
import { runOp } from './own-ops.test-support.ts';

export interface Hostilities {
  readonly tried: number;
  /** What the op refused to do, and how often it said so. */
  readonly refusals: Readonly<Record<string, number>>;
}

interface Call {
  readonly shapes: readonly (readonly number[])[];
  readonly attributes?: NamedAttrMap;
  /** The place of the mask, which is boolean. */
  readonly mask?: number;
}

const sees = { scale: 1, low: -9, high: 9 };
const linear = { again: true, gelu: true };

/** Calls that are right. */
export const rightCalls: Readonly<Record<string, Call>> = {
  HeedAdam: { shapes: [[6], [6], [6], [6], [], []], attributes: { beta1: 0.9, beta2: 0.99 } },
  HeedAttention: {
    shapes: [
      [2, 1, 4, 5],
      [2, 3, 4, 6],
      [2, 1, 5, 6],
      [2, 1, 5, 7],
    ],
    attributes: { ...sees, heads: 3, masks: 1 },
    mask: 0,
  },
  HeedAttentionGradient: {
    shapes: [
      [2, 4, 6],
      [2, 4, 6],
      [2, 3, 4],
      [2, 4, 18],
    ],
    attributes: { ...sees, heads: 3, masks: 0 },
  },
  HeedFiniteKeys: {
    shapes: [
      [2, 3, 4],
      [2, 3, 5],
    ],
  },
  HeedFlatten: { shapes: [[2, 3], [4], []] },
  HeedGelu: { shapes: [[2, 3]] },
  HeedGeluGradient: {
    shapes: [
      [2, 3],
      [2, 3],
    ],
  },
  HeedGeluTanh: { shapes: [[2, 3]] },
  HeedGeluTanhGradient: {
    shapes: [
      [2, 3],
      [2, 3],
    ],
  },
  HeedLayerNorm: { shapes: [[2, 3, 4], [4], [4]], attributes: { epsilon: 1e-5 } },
  HeedLayerNormGradient: { shapes: [[2, 3, 4], [2, 3, 4], [6], [6], [4]] },
  HeedLinear: { shapes: [[2, 3, 4], [4, 5], [4, 5], [5], [5]], attributes: linear },
  HeedLinearGradient: {
    shapes: [
      [2, 3, 5],
      [2, 3, 4],
    ],
  },
  HeedLstm: {
    shapes: [
      [3, 2, 16],
      [4, 16],
      [2, 4],
      [2, 4],
    ],
  },
  HeedLstmGradient: {
    shapes: [
      [3, 2, 4],
      [3, 2, 4],
      [3, 2, 16],
      [3, 2, 4],
      [2, 4],
      [16, 4],
    ],
  },
  HeedMaskedSoftmax: {
    shapes: [
      [2, 3, 4],
      [1, 4],
    ],
    mask: 1,
  },
  HeedProduct: {
    shapes: [
      [2, 3, 4],
      [2, 4, 5],
    ],
    attributes: { transpose_a: false, transpose_b: false },
  },
  HeedSoftmaxGradient: {
    shapes: [
      [2, 3],
      [2, 3],
    ],
  },
  HeedUnflatten: { shapes: [[9], [2, 3], [3]] },
};

const many = 2 ** 28;
/** Of every rank up to 5, with no numbers, and with sides that no memory would hold if the others were not 0. */
const shapes: readonly (readonly number[])[] = [
  [],
  [0],
  [1],
  [3],
  [1, 1],
  [2, 3],
  [0, 4],
  [4, 0],
  [many, 0],
  [0, many],
  [2, 3, 4],
  [1, many, 0],
  [many, 0, 4],
  [0, 2, 0],
  [2, 3, 4, 5],
  [1, many, 1, 0],
  [many, many, 0, 6],
  [1, 2, 0, 6],
  [1, 2, 3, 4, 5],
  [0, many, 1, many, 0],
];

function tensorOf(shape: readonly number[], dtype: 'float32' | 'int32' | 'bool'): Tensor {
  return dtype === 'bool' ? tf.ones([...shape], 'bool') : tf.zeros([...shape], dtype);
}

function* hostileCalls(op: string): Generator<{ readonly inputs: Tensor[]; readonly attributes: NamedAttrMap }> {
  const { shapes: right, attributes = {}, mask } = rightCalls[op]!;
  const dtypeAt = (i: number) => (i === mask ? 'bool' : 'float32');
  const inputs = () => right.map((shape, i) => tensorOf(shape, dtypeAt(i)));
  const inputsBut = (i: number, tensor: Tensor) => inputs().map((one, j) => (i === j ? tensor : one));
  for (const i of right.keys()) {
    for (const shape of shapes) yield { inputs: inputsBut(i, tensorOf(shape, dtypeAt(i))), attributes };
    for (const dtype of ['int32', 'bool', 'float32'] as const) {
      if (dtype !== dtypeAt(i)) yield { inputs: inputsBut(i, tensorOf(right[i]!, dtype)), attributes };
    }
    yield { inputs: inputs().filter((_, j) => i !== j), attributes };
  }
  for (const shape of shapes) yield { inputs: right.map((_, i) => tensorOf(shape, dtypeAt(i))), attributes };
  for (let count = 0; count < right.length; count++) yield { inputs: inputs().slice(0, count), attributes };
  for (const extra of [1, 2, 7]) {
    yield { inputs: [...inputs(), ...Array.from({ length: extra }, () => tf.zeros([3]))], attributes };
  }
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'boolean') yield { inputs: inputs(), attributes: { ...attributes, [name]: !value } };
    if (typeof value !== 'number') continue;
    for (const number of [0, -1, 2, 2 ** 40, -(2 ** 62)]) {
      yield { inputs: inputs(), attributes: { ...attributes, [name]: number } };
    }
  }
}

/** Calls the op past the check of how many inputs there are. */
function callDirectly(op: string, count: number): void {
  const { binding } = tf.backend() as unknown as NativeBackend;
  const { shapes: right, attributes = {}, mask } = rightCalls[op]!;
  const tensors = right.map((shape, i) => tensorOf(shape, i === mask ? 'bool' : 'float32'));
  const integers = ['masks', 'heads', 'low', 'high'];
  const given = Object.entries(attributes).map(([name, value]) => ({
    name,
    type:
      typeof value === 'boolean'
        ? binding.TF_ATTR_BOOL
        : integers.includes(name)
          ? binding.TF_ATTR_INT
          : binding.TF_ATTR_FLOAT,
    value: value as number | boolean,
  }));
  const ids = (tf.backend() as unknown as NativeBackend).getInputTensorIds(tensors);
  binding.executeOp(op, [...given, { name: 'N', type: binding.TF_ATTR_INT, value: count }], ids, count);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const op = process.argv[2]!;
  await loadTensorflow();
  const refusals: Record<string, number> = {};
  let tried = 0;
  const attempt = (call: () => void) => {
    tried++;
    try {
      tf.tidy(call);
    } catch (error) {
      const rule = (error as Error).message
        .replace(/^Invalid TF_Status: (\d+)\nMessage: /, '$1 ')
        .split(/, got|\n/)[0]!;
      refusals[rule] = (refusals[rule] ?? 0) + 1;
    }
  };
  const { shapes: right, attributes, mask } = rightCalls[op]!;
  runOp(
    op,
    right.map((shape, i) => tensorOf(shape, i === mask ? 'bool' : 'float32')),
    attributes,
  );
  for (const { inputs, attributes } of hostileCalls(op)) {
    attempt(() => runOp(op, inputs, attributes).forEach((tensor) => tensor.dataSync()));
    tf.dispose(inputs);
  }
  for (const count of [1, 2, 5, 1000]) attempt(() => callDirectly(op, count));
  process.stdout.write(JSON.stringify({ tried, refusals } satisfies Hostilities));
}
