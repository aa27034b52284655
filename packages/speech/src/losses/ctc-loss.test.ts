import { readFileSync } from 'node:fs';
import { readSafetensors } from '@heed/attention-core';
import { expectGradientsToMatchDifferences } from '@heed/testing';
import { compile } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { afterAll, describe, expect, it } from 'vitest';
import { ctcFits, ctcLoss } from './ctc-loss.ts';

// made by tooling/golden/speech-ctc.py
const golden = readSafetensors(readFileSync(new URL('ctc-loss.golden.safetensors', import.meta.url))).tensors();
afterAll(() => tf.dispose(golden));
const of = (name: string) => ({
  logits: golden[`${name}/logits`] as tf.Tensor3D,
  lengths: golden[`${name}/lengths`] as tf.Tensor1D,
  targets: golden[`${name}/targets`] as tf.Tensor2D,
  targetLengths: golden[`${name}/targetLengths`] as tf.Tensor1D,
});
const ints = (...values: number[]) => tf.tensor1d(values, 'int32');
const rows = (...values: number[][]) => tf.tensor2d(values, [values.length, values[0].length], 'int32');

describe('ctcLoss', () => {
  it.each(['mixed', 'long'])("equals torch's with its gradient by the logits: %s targets", (name) => {
    const { logits, ...rest } = of(name);
    const weights = tf.range(1, logits.shape[0] + 1);
    expect(ctcLoss({ logits, ...rest })).toBeAllClose(golden[`${name}/losses`], { absolute: 1e-5, relative: 1e-6 });
    const slopes = tf.grad((x) => tf.sum(tf.mul(ctcLoss({ logits: x as tf.Tensor3D, ...rest }), weights)))(logits);
    expect(slopes).toBeAllClose(golden[`${name}/slopes`], { absolute: 1e-5, relative: 1e-5 });
  });

  it('has the gradient that differences have', () => {
    const { logits, ...rest } = of('mixed');
    expectGradientsToMatchDifferences((x) => tf.sum(ctcLoss({ logits: x as tf.Tensor3D, ...rest })), [logits]);
  });

  it('counts all ways to say a target, which are few enough to be named', () => {
    // three steps of probabilities (nothing, a, b); 'ab' is said as ab·, a·b, ·ab, aab and abb
    const steps = [
      [0.5, 0.3, 0.2],
      [0.2, 0.5, 0.3],
      [0.1, 0.3, 0.6],
    ];
    const ways = [[1, 2, 0], [1, 0, 2], [0, 1, 2], [1, 1, 2], [1, 2, 2]]; // prettier-ignore
    const probability = ways.reduce(
      (sum, way) => sum + way.reduce((product, symbol, i) => product * steps[i][symbol], 1),
      0,
    );
    const logits = tf.log(tf.tensor3d([steps])) as tf.Tensor3D;
    const loss = ctcLoss({ logits, lengths: ints(3), targets: rows([1, 2]), targetLengths: ints(2) });
    expect(loss.dataSync()[0]).toBeCloseTo(-Math.log(probability), 5);
  });

  it('takes another blank', () => {
    const { logits, lengths, targets, targetLengths } = of('mixed');
    const order = [1, 2, 3, 4, 0]; // the blank goes last
    const moved = tf.gather(logits, order, 2);
    const others = tf.sub(targets, tf.scalar(1, 'int32')) as tf.Tensor2D;
    const loss = ctcLoss({ logits: moved, lengths, targets: others, targetLengths, blank: 4 });
    expect(loss).toBeAllClose(golden['mixed/losses'], { absolute: 1e-5, relative: 1e-5 });
  });

  it('does not see what stands after ends, nor does one that does not fit spoil its batch', () => {
    const { logits, lengths, targets, targetLengths } = of('mixed');
    const steps = tf.less(tf.range(0, 12, 1, 'int32'), tf.expandDims(lengths, 1));
    const spoilt = tf.where(tf.expandDims(steps, 2), logits, 50) as tf.Tensor3D;
    const counted = tf.less(tf.range(0, 6, 1, 'int32'), tf.expandDims(targetLengths, 1));
    const others = tf.where(counted, targets, tf.mul(tf.onesLike(targets), tf.scalar(4, 'int32')));
    const loss = ctcLoss({ logits: spoilt, lengths, targets: others, targetLengths });
    expect(loss).toBeAllClose(golden['mixed/losses'], { absolute: 1e-5, relative: 1e-5 });
    expect(loss.dataSync()[5]).toBe(0); // four symbols, two of them equal, in four steps
  });

  it('is NaN for symbols that are none, which training reports', () => {
    const logits = tf.zeros([1, 4, 3]) as tf.Tensor3D;
    for (const wrong of [3, -1, 0]) {
      expect(
        ctcLoss({ logits, lengths: ints(4), targets: rows([wrong]), targetLengths: ints(1) }).dataSync()[0],
      ).toBeNaN();
    }
  });

  it('is recorded and replayed as it is, and leaves nothing behind', () => {
    const { logits, lengths, targets, targetLengths } = of('mixed');
    const run = compile((x: tf.Tensor3D, l: tf.Tensor1D, t: tf.Tensor2D, n: tf.Tensor1D) =>
      ctcLoss({ logits: x, lengths: l, targets: t, targetLengths: n }),
    );
    for (let i = 0; i < 3; i++) {
      const loss = run(logits, lengths, targets, targetLengths);
      expect(loss).toBeAllClose(golden['mixed/losses'], { absolute: 1e-5, relative: 1e-5 });
      loss.dispose();
    }
    const tensors = tf.memory().numTensors;
    ctcLoss(of('mixed')).dispose();
    expect(tf.memory().numTensors).toBe(tensors);
    run.dispose();
  });

  it('refuses shapes and blanks that do not fit, naming them', () => {
    const logits = tf.zeros([1, 4, 3]) as tf.Tensor3D;
    expect(() => ctcLoss({ logits, lengths: ints(4, 4), targets: rows([1]), targetLengths: ints(1) })).toThrow(
      'ctcLoss: logits [B, T, V]',
    );
    expect(() => ctcLoss({ logits, lengths: ints(4), targets: rows([1]), targetLengths: ints(1), blank: 3 })).toThrow(
      'blank must be one of 3 symbols, got 3',
    );
  });
});

describe('ctcFits', () => {
  it('needs a step for each symbol and one between equal ones', () => {
    expect([
      ctcFits([], 1),
      ctcFits([], 0),
      ctcFits([1, 2], 2),
      ctcFits([1, 1], 2),
      ctcFits([1, 1], 3),
      ctcFits([1, 1, 1], 5),
    ]).toEqual([true, false, true, false, true, true]);
  });
});
