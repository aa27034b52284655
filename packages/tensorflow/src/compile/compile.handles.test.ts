import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { compile, type RecordEvent } from './compile.ts';
import { countHandles } from './count-handles.test-support.ts';
import { nativeBackend } from './native-backend.ts';

const native = tf.getBackend() === 'tensorflow';
if (!native)
  process.stdout.write('skipped: shared handles and variables in compiled functions, tfjs-node is not the backend\n');

describe.runIf(native)('compile and the tensors around a function', () => {
  let handles: number;
  let tensors: number;
  let variables: Set<tf.Variable>;

  // Every test must leave as many tensors and native handles as it found.
  beforeEach(() => {
    handles = countHandles();
    tensors = tf.memory().numTensors;
    variables = new Set(Object.values(tf.engine().registeredVariables));
    tf.engine().startScope('test');
  });

  afterEach(() => {
    tf.engine().endScope();
    for (const variable of Object.values(tf.engine().registeredVariables)) {
      if (!variables.has(variable)) variable.dispose();
    }
    const left = [tf.memory().numTensors - tensors, nativeBackend().binding.getNumOfTensors() - handles];
    if (left.some((count) => count !== 0)) throw new Error(`tensors and handles left behind: ${left.join(', ')}`);
  });

  describe('tensors from outside that are not on the device yet', () => {
    it('are the same in the second recording, whatever is used beside and before them', () => {
      const large = (value: number) => tf.tensor1d(new Float32Array(2000).fill(value));
      const [first, second, unused] = [large(1), large(2), large(3)];
      const small = tf.tensor1d([10]);
      const v = tf.variable(large(100));
      const compiled = compile((x: tf.Tensor) => {
        tf.mul(unused, unused); // comes to the device, but no result needs it
        return tf.tidy(() => x.add(v.add(first)).add(tf.concat([second, small]).sum()));
      });
      const x = large(1000);
      for (let i = 0; i < 4; i++) expect(compiled(x).dataSync()[7]).toBe(1000 + 100 + 1 + 4000 + 10);
      expect(compiled.recordings).toBe(1);
      compiled.dispose();
    });
  });

  describe('handles that are shared', () => {
    it('f(a, a) recorded and f(a, b) called are told apart', () => {
      const compiled = compile((x: tf.Tensor, y: tf.Tensor) => x.sub(y));
      const a = tf.scalar(10);
      for (let i = 0; i < 2; i++) expect(compiled(a, a).dataSync()[0]).toBe(0);
      expect(compiled(a, tf.scalar(3)).dataSync()[0]).toBe(7);
      expect(compiled(a.clone(), a).dataSync()[0]).toBe(0);
      compiled.dispose();
    });

    it('an argument that shares its handle with a variable does not follow the variable', () => {
      const v = tf.variable(tf.scalar(1));
      const compiled = compile((x: tf.Tensor) => x.sub(v));
      for (let i = 0; i < 2; i++) expect(compiled(v.clone()).dataSync()[0]).toBe(0);
      v.assign(tf.scalar(4));
      expect(compiled(tf.scalar(1)).dataSync()[0]).toBe(-3);
      compiled.dispose();
    });

    it('a snapshot of a variable stays as it was', () => {
      const v = tf.variable(tf.scalar(1));
      const snapshot = v.clone();
      const compiled = compile((x: tf.Tensor) => x.mul(v).add(snapshot.mul(100)));
      for (const value of [2, 3, 4, 5]) {
        v.assign(tf.scalar(value));
        expect(compiled(tf.scalar(1)).dataSync()[0]).toBe(value + 100);
      }
      compiled.dispose();
    });

    it('two variables that were assigned one tensor are told apart', () => {
      const [a, b] = [tf.variable(tf.scalar(1)), tf.variable(tf.scalar(2))];
      a.assign(b);
      const compiled = compile(() => a.sub(b));
      for (let i = 0; i < 2; i++) expect(compiled().dataSync()[0]).toBe(0);
      a.assign(tf.scalar(9));
      expect(compiled().dataSync()[0]).toBe(7);
      compiled.dispose();
    });

    it('inside, a clone taken before an assignment keeps the old value', () => {
      const v = tf.variable(tf.scalar(1));
      const compiled = compile(() => {
        const old = v.clone();
        v.assign(v.add(1));
        return old.mul(10).add(v);
      });
      for (let i = 1; i < 5; i++) expect(compiled().dataSync()[0]).toBe(i * 10 + i + 1);
      compiled.dispose();
    });
  });

  describe('variables', () => {
    it('are read and assigned at every call, without being arguments', () => {
      const sum = tf.variable(tf.scalar(0));
      const count = tf.variable(tf.scalar(0, 'int32'));
      const compiled = compile((x: tf.Tensor) => {
        sum.assign(sum.add(x));
        count.assign(count.add(tf.scalar(1, 'int32')));
        return sum.div(count);
      });
      const means = [4, 8, 0, 4].map((x) => compiled(tf.scalar(x)).dataSync()[0]);
      expect(means).toEqual([4, 6, 4, 4]);
      expect([sum.dataSync()[0], count.dataSync()[0], count.dtype]).toEqual([16, 4, 'int32']);
      compiled.dispose();
    });

    it('can be assigned by a function that returns nothing, and swapped', () => {
      const [a, b] = [tf.variable(tf.scalar(1)), tf.variable(tf.scalar(2))];
      const swap = compile(() => {
        const old = a.clone();
        a.assign(b);
        b.assign(old);
      });
      const seen = [1, 2, 3, 4].map(() => {
        expect(swap()).toBeUndefined();
        return [a.dataSync()[0], b.dataSync()[0]];
      });
      expect(seen).toEqual([
        [2, 1],
        [1, 2],
        [2, 1],
        [1, 2],
      ]);
      swap.dispose();
    });

    it('as arguments stand for themselves: another one is recorded anew', () => {
      const [a, b] = [tf.variable(tf.scalar(1)), tf.variable(tf.scalar(10))];
      const increment = compile((v: tf.Variable) => v.assign(v.add(1)));
      for (let i = 0; i < 3; i++) increment(a);
      for (let i = 0; i < 3; i++) increment(b);
      expect([a.dataSync()[0], b.dataSync()[0], increment.recordings]).toEqual([4, 13, 2]);
      increment.dispose();
    });

    it('returned as a result are copied', () => {
      const v = tf.variable(tf.scalar(3));
      const compiled = compile(() => v);
      for (let i = 0; i < 3; i++) {
        const result: tf.Tensor = compiled();
        expect([result.dataSync()[0], result instanceof tf.Variable]).toEqual([3, false]);
        result.dispose();
      }
      expect(v.isDisposed).toBe(false);
      compiled.dispose();
    });

    it('made in the first call, as optimizers do, cost one recording more', () => {
      const events: RecordEvent[] = [];
      const w = tf.variable(tf.scalar(5));
      const optimizer = tf.train.adam(0.1);
      const step = compile(() => optimizer.minimize(() => w.square().asScalar(), true, [w])!, {
        name: 'step',
        onRecord: (event) => events.push(event),
      });
      for (let i = 0; i < 5; i++) step();
      expect(events.map(({ reason, kept }) => [reason, kept])).toEqual([
        ['first call', false],
        ['made variables', true],
        ['check', false],
      ]);
      expect(events.every(({ name, nodes, milliseconds }) => name === 'step' && nodes > 10 && milliseconds > 0)).toBe(
        true,
      );
      step.dispose();
      optimizer.dispose();
    });
  });

  describe('tensors from outside', () => {
    it('are constants, and may be disposed, small or large, used before or not', () => {
      const small = tf.keep(tf.tensor1d([1, 2]));
      const large = tf.keep(tf.range(0, 3000));
      const unused = tf.keep(tf.ones([3000]).mul(2));
      unused.dataSync();
      const compiled = compile((x: tf.Tensor) => [x.add(small), large.mul(unused).sum().add(x.sum())]);
      const run = () => compiled(tf.tensor1d([10, 20])).map((tensor) => tensor.arraySync());
      const expected = [[11, 22], 2999 * 3000 + 30];
      for (let i = 0; i < 2; i++) expect(run()).toEqual(expected);
      for (const tensor of [small, large, unused]) tensor.dispose();
      for (let i = 0; i < 2; i++) expect(run()).toEqual(expected);
      compiled.dispose();
    });

    it('that are made and kept by the first call stay usable, as a mask that a model makes once', () => {
      let mask: tf.Tensor | undefined;
      const compiled = compile((x: tf.Tensor) => {
        mask ??= tf.keep(tf.linalg.bandPart(tf.ones([2, 2]), -1, 0));
        return x.mul(mask);
      });
      for (let i = 1; i < 5; i++)
        expect(compiled(tf.ones([2, 2]).mul(i)).arraySync()).toEqual([
          [i, 0],
          [i, i],
        ]);
      expect(compiled.recordings).toBe(1);
      compiled.dispose();
      mask!.dispose();
    });

    it('and from inside may be large: a repeated value costs nothing, others are held, not copied', () => {
      const values = Float32Array.from({ length: 200_000 }, (_, i) => i % 7);
      const compiled = compile((x: tf.Tensor) => tf.zeros([1000, 1000]).add(x).sum().add(tf.tensor1d(values).sum()));
      const expected = 3e6 + values.reduce((sum, value) => sum + value, 0);
      for (let i = 0; i < 4; i++) expect(compiled(tf.scalar(3)).dataSync()[0]).toBe(expected);
      compiled.dispose();
    });
  });
});
