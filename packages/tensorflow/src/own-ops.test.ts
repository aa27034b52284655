import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';

import { ownOps } from './own-ops.ts';
import { runOp, type Deviation } from './own-ops.test-support.ts';

const native = tf.getBackend() === 'tensorflow';
if (!native) process.stdout.write('skipped: Heed’s own TensorFlow ops, there is no native library\n');

const support = fileURLToPath(new URL('own-ops.test-support.ts', import.meta.url));

async function deviations(environment: Record<string, string>): Promise<Deviation[]> {
  const args = ['--conditions=@heed/source', '--import', import.meta.resolve('tsx'), support];
  const env = { ...process.env, ...environment };
  const { stdout } = await promisify(execFile)(process.execPath, args, { env, maxBuffer: 2 ** 24 });
  return JSON.parse(stdout) as Deviation[];
}

describe.runIf(native)('Heed’s own ops', () => {
  // a processor without the wider instructions runs the widest that it has
  it.each([
    ['avx512', '2'],
    ['avx2', '1'],
    ['baseline', '3'],
  ])('are what double precision gives, with the instructions of %s and %s threads', async (instructions, threads) => {
    const found = await deviations({ HEED_INSTRUCTIONS: instructions, TF_NUM_INTRAOP_THREADS: threads });
    const named = Object.keys(ownOps).filter((op) => found.some(({ work }) => work.startsWith(op)));
    expect(named).toEqual(Object.keys(ownOps));
    // float32 in sums of up to 1,100 numbers
    expect(found.filter(({ deviation }) => !(deviation < 3e-6))).toEqual([]);
  });

  it('say which rule broke', () => {
    const [vector, matrix] = [tf.zeros([3]), tf.zeros([2, 4])];
    expect(() => runOp('HeedGeluGradient', [vector, matrix])).toThrow('the gradient must have the shape of x');
    const layer = [matrix, tf.zeros([3, 5]), tf.zeros([5])];
    expect(() => runOp('HeedLinear', layer, { again: false, gelu: false })).toThrow(
      'x, the weight and the bias must fit together, got x [2,4], weight [3,5], bias [5]',
    );
    const attend = (tensors: tf.Tensor[], masks: tf.Tensor[] = []) =>
      runOp('HeedAttention', [...masks, ...tensors], { heads: 2, scale: 1, low: -9, high: 9, masks: masks.length });
    expect(() => attend([tf.zeros([1, 5, 16])])).toThrow('attention takes three tensors [B, H, L, D], or');
    const [query, key] = [tf.zeros([1, 2, 5, 8]), tf.zeros([1, 2, 6, 8])];
    expect(() => attend([query, key, query])).toThrow('keys and values of one length');
    expect(() => attend([query, key, key], [tf.ones([5, 5], 'bool')])).toThrow('must broadcast to the scores');
    const multiply = (a: tf.Tensor, b: tf.Tensor) =>
      runOp('HeedProduct', [a, b], { transpose_a: false, transpose_b: false });
    expect(() => multiply(matrix, tf.zeros([3, 5]))).toThrow('the inner dimensions of both sides must agree');
    expect(() => multiply(vector, vector)).toThrow('both sides must be of one rank');
    expect(() => runOp('HeedMaskedSoftmax', [matrix, tf.zeros([3, 4], 'bool')])).toThrow(
      'must broadcast to the scores',
    );
    expect(() => runOp('HeedFiniteKeys', [matrix, tf.zeros([3, 4])])).toThrow('there must be a value for each key');
    expect(() => runOp('HeedUnflatten', [vector, matrix])).toThrow('as many numbers as all others together');
  });

  it('take nothing from tensors that others hold', () => {
    const x = tf.tensor1d([-1, 0, 1]);
    const again = tf.clone(x);
    expect(runOp('HeedGelu', [x])).toBeDefined();
    expect(Array.from(x.dataSync())).toEqual([-1, 0, 1]);
    expect(Array.from(again.dataSync())).toEqual([-1, 0, 1]);
  });

  it('leave matMul to tfjs-node where they cannot do it: other dtypes, and batches that differ', () => {
    const integers = tf.tensor2d([1, 2, 3, 4], [2, 2], 'int32');
    expect(Array.from(tf.matMul(integers, integers).dataSync())).toEqual([7, 10, 15, 22]);
    const [many, one] = [tf.ones<tf.Rank.R3>([3, 2, 2]), tf.ones<tf.Rank.R3>([1, 2, 2])];
    expect(Array.from(tf.matMul(many, one).dataSync())).toEqual(Array(12).fill(2));
    expect(tf.matMul(tf.zeros([0, 3]), tf.zeros([3, 2])).shape).toEqual([0, 2]);
    expect(Array.from(tf.matMul(tf.zeros([2, 0]), tf.zeros([0, 2])).dataSync())).toEqual([0, 0, 0, 0]);
  });
});
