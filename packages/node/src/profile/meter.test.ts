import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { meter, type CallCost } from './meter.ts';

const native = tf.getBackend() === 'tensorflow';
const counts = ({ ops }: CallCost, phase: string) =>
  Object.fromEntries(ops.flatMap((op) => (op.phase === phase ? [[op.op, op.count]] : [])));

describe('meter', () => {
  let x: tf.Tensor1D;
  beforeEach(() => {
    x = tf.tensor1d([1, 2, 3]);
  });
  afterEach(() => x.dispose());

  it('tells the ops of the loss from those of its gradient and of what follows', () => {
    const gradient = tf.valueAndGrad((x: tf.Tensor) => tf.sum(tf.exp(x)));
    const { result, cost } = meter(() => tf.tidy(() => tf.neg(gradient(x).grad)));
    expect([...result.dataSync()]).toEqual([1, 2, 3].map((value) => expect.closeTo(-Math.exp(value), 4)));
    expect(counts(cost, 'forward')).toMatchObject({ Exp: 1, Sum: 1 });
    expect(counts(cost, 'backward')).toMatchObject({ [native ? 'Mul' : 'Multiply']: expect.any(Number) });
    expect(counts(cost, 'backward')).not.toHaveProperty('Exp');
    expect(counts(cost, 'update')).toEqual({ Neg: 1 });
    expect(cost).toMatchObject({ gradients: true, assigns: false });
    result.dispose();
  });

  // On native TensorFlow a kernel may be several ops.
  it.runIf(!native)('counts the kernels that tfjs itself counts', async () => {
    const run = () => tf.tidy(() => tf.softmax(tf.add(tf.cumsum(x), tf.logSumExp(x))));
    const { kernels } = await tf.profile(run);
    const expected: Record<string, number> = {};
    for (const { name } of kernels) expected[name] = (expected[name] ?? 0) + 1;
    expect(counts(meter(run).cost, 'update')).toEqual(expected);
  });

  it('finds the peak of tensors and their bytes', () => {
    const before = tf.memory();
    const { cost } = meter(() => {
      const large = tf.zeros([1000]);
      large.dispose();
      tf.zeros([10]).dispose();
    });
    expect(cost.tensors).toEqual({ before: before.numTensors, peak: before.numTensors + 1 });
    expect(cost.bytes).toEqual({ before: before.numBytes, peak: before.numBytes + 4000 });
  });

  it('sees that variables are assigned', () => {
    const variable = tf.variable(x);
    const { cost } = meter(() => tf.tidy(() => variable.assign(tf.neg(x))));
    expect(cost).toMatchObject({ gradients: false, assigns: true });
    expect([...variable.dataSync()]).toEqual([-1, -2, -3]);
    variable.dispose();
  });

  it('splits the time of a call without counting any of it twice', () => {
    const { cost } = meter(() => tf.tidy(() => tf.logSumExp(tf.matMul(tf.ones([300, 300]), tf.ones([300, 300])))));
    const inOps = cost.ops.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
    expect(inOps).toBeGreaterThan(0);
    expect(inOps).toBeLessThanOrEqual(cost.milliseconds);
  });

  it('leaves tfjs as it was, even where the call fails', () => {
    const engine = tf.engine();
    const before = [Object.getOwnPropertyNames(engine), tf.Variable.prototype.assign];
    expect(() =>
      meter(() => {
        throw new Error('mine');
      }),
    ).toThrow('mine');
    expect([Object.getOwnPropertyNames(engine), tf.Variable.prototype.assign]).toEqual(before);
  });
});
