import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import '../kernels/index.ts';
import {
  alibi,
  capture,
  causal,
  documents,
  MultiHeadAttention,
  padding,
  Random,
  RandomStream,
  seedKey,
  slidingWindow,
  sparsemax,
  type Mask,
} from '../index.ts';
import { hasFused } from '../kernels/fused-ops.ts';
import { resolveCall, type AttentionSettings } from './attention-call.ts';
import { attention, type AttentionOptions } from './attention.ts';
import { choosePath, type Circumstances } from './choose-path.ts';
import { denseAttention } from './dense.ts';
import { masks, scores, SHAPE } from './every-step.test-support.ts';
import { attendInOnePass } from './one-pass.ts';
import { withoutNumbers } from './without-numbers.ts';

const native = hasFused('HeedAttention');
if (!native) process.stdout.write('skipped: attention as one op, which this backend does not have\n');

const random = new Random(71);
const normal = (...shape: number[]) => tf.tensor(random.normals(tf.util.sizeFromShape(shape)), shape);
const TOLERANCE = { absolute: 1e-5, relative: 1e-5 };

/** An uneven sum of what `f` gives, and its gradients by what it is given. */
function gradients(f: (...inputs: tf.Tensor[]) => tf.Tensor, inputs: tf.Tensor[]): tf.Tensor[] {
  return tf.grads((...inputs) => {
    const result = f(...inputs);
    const unconnected = inputs.map((input) => tf.mul(tf.sum(input), 0)); // what a score does not ask
    return tf.addN([
      tf.sum(tf.mul(result, tf.cos(tf.reshape(tf.range(0, result.size), result.shape)))),
      ...unconnected,
    ]);
  })(inputs);
}

/** The result and its gradients on the path that is chosen and on the dense one. */
function onBothPaths(given: tf.Tensor[], choice: Omit<AttentionOptions, 'query' | 'key' | 'value'> = {}) {
  const on = (path: 'auto' | 'dense') => {
    const run = (...[query, key, value]: tf.Tensor[]) => attention({ query, key, value, ...choice, path });
    return [run(...given), ...gradients(run, given)];
  };
  return { chosen: on('auto'), dense: on('dense') };
}

describe.runIf(native)('attention in one pass', () => {
  const inputs = [normal(...SHAPE), normal(...SHAPE), normal(...SHAPE)];

  it.each(Object.entries(masks))('is what the dense path gives, and so are its gradients: mask %s', (_name, mask) => {
    const { chosen, dense } = onBothPaths(inputs, { mask });
    chosen.forEach((tensor, i) => expect(tensor).toBeAllClose(dense[i], TOLERANCE));
  });

  it.each(Object.entries(scores))(
    'is what the dense path gives, and so are its gradients: score %s',
    (_name, score) => {
      const { chosen, dense } = onBothPaths(inputs, { score, mask: masks.padding });
      chosen.forEach((tensor, i) => expect(tensor).toBeAllClose(dense[i], TOLERANCE));
    },
  );

  it('is what the dense path gives where several query heads share keys, and for every block', () => {
    const grouped = [normal(2, 4, 70, 8), normal(2, 2, 300, 8), normal(2, 2, 300, 5)];
    for (const mask of [undefined, causal(), slidingWindow(40, 3), padding([300, 17])]) {
      const { chosen, dense } = onBothPaths(grouped, { mask });
      chosen.forEach((tensor, i) => expect(tensor).toBeAllClose(dense[i], TOLERANCE));
    }
  });

  it('is not taken where weights are asked for, dropped or not of a softmax, or a mask would be large', () => {
    const around = { oneOp: true, capturing: false, intervening: false, differentiating: 0 } as const;
    const path = (settings: AttentionSettings, length = 8, changed: Partial<Circumstances> = {}) => {
      const sizes = { batch: 1, heads: 1, keyValueHeads: 1, queryLength: length, keyLength: length };
      const unread = () => {
        throw new Error('a path is chosen before anything is computed');
      };
      return choosePath(resolveCall({ ...sizes, byHead: unread }, settings), { ...around, ...changed });
    };
    const large = documents(Array.from({ length: 1 }, () => Array<number>(2000).fill(0)));
    const stream = new RandomStream(seedKey(1), tf.scalar(0, 'int32'));
    expect(path({})).toBe(attendInOnePass);
    expect(path({ dropout: 0.1 })).toBe(attendInOnePass);
    expect(path({ mask: padding([1500]) }, 2000)).toBe(attendInOnePass);
    expect(path({ mask: causal() }, 1e6)).toBe(attendInOnePass);
    expect(path({ dropout: 0.1, random: stream })).toBe(denseAttention);
    expect(path({ normaliser: sparsemax() })).toBe(denseAttention);
    expect(path({ bias: alibi({ heads: 1 }) })).toBe(denseAttention);
    expect(path({ mask: large }, 2000)).not.toBe(attendInOnePass);
    expect(path({}, 8, { oneOp: false })).toBe(denseAttention);
    expect(path({}, 8, { capturing: true })).toBe(denseAttention);
    expect(path({}, 4000, { intervening: true })).toBe(denseAttention);
    expect(path({}, 0)).toBe(withoutNumbers);
  });
});

/** A layer with heads side by side gives what it gives where maps are captured, which is on the dense path. */
describe.runIf(native)('multi-head attention in one pass', () => {
  const layer = new MultiHeadAttention({ modelWidth: 12, heads: 3, random });
  const [x, memory, positions] = [normal(2, 9, 12), normal(2, 5, 12), normal(9, 12)];
  const cases: [name: string, run: (mask?: Mask) => tf.Tensor][] = [
    ['of itself', (mask) => layer.forward(x, { mask })],
    ['of a memory', (mask) => layer.forward(x, { memory, mask })],
    ['with positions', (mask) => layer.forward(x, { queryPositions: positions, keyPositions: positions, mask })],
  ];

  it.each(cases)('%s', (_name, run) => {
    for (const mask of [undefined, causal(), padding([5, 2])]) {
      const captured = capture(() => run(mask)).result;
      expect(run(mask)).toBeAllClose(captured, TOLERANCE);
      const weights = layer.trainableParameters().map(({ variable }) => variable);
      const byWeight = (f: () => tf.Tensor) => tf.variableGrads(() => tf.sum(tf.square(f())), weights).grads;
      const expected = byWeight(() => capture(() => run(mask)).result);
      for (const [name, gradient] of Object.entries(byWeight(() => run(mask)))) {
        expect(gradient).toBeAllClose(expected[name]!, TOLERANCE);
      }
    }
  });
});
