import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { repairRound } from '../repair-round.ts';
import { compile, type RecordEvent } from './compile.ts';
import { nativeBackend } from './native-backend.ts';

const native = tf.getBackend() === 'tensorflow';
if (!native) process.stdout.write('skipped: compiled functions, tfjs-node is not the backend\n');

describe.runIf(native)('compile', () => {
  let handles: number;
  let tensors: number;
  let variables: Set<tf.Variable>;

  // Every test must leave as many tensors and native handles as it found.
  beforeEach(() => {
    repairRound(tf);
    handles = nativeBackend().binding.getNumOfTensors();
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

  describe('a compiled function', () => {
    it('gives what the function gives, recorded, checked and replayed', () => {
      const f = (x: tf.Tensor, y: tf.Tensor) => x.mul(2).add(y).relu();
      const compiled = compile(f);
      for (const [a, b] of [
        [1, -3],
        [4, 5],
        [-1, 0.5],
        [2, 2],
      ] as const) {
        const x = tf.tensor1d([a, -a]);
        const y = tf.tensor1d([b, b]);
        expect(compiled(x, y).arraySync()).toEqual(f(x, y).arraySync());
      }
      compiled.dispose();
    });

    it('runs no JavaScript of the function once it is checked', () => {
      let runs = 0;
      const compiled = compile((x: tf.Tensor) => {
        runs++;
        return x.square();
      });
      for (let i = 0; i < 5; i++) compiled(tf.scalar(i));
      expect(runs).toBe(2);
      compiled.dispose();
    });

    it('takes and gives nested arrays and objects, plain values included', () => {
      const compiled = compile(({ x, k }: { x: tf.Tensor[]; k: number }) => ({
        sums: [x[0]!.add(x[1]!), x[1]!.mul(k)],
        note: 'fixed',
        nothing: undefined,
      }));
      for (let i = 0; i < 4; i++) {
        const { sums, note, nothing } = compiled({ x: [tf.scalar(i), tf.scalar(10)], k: 3 });
        expect([sums.map((sum) => sum.dataSync()[0]), note, nothing]).toEqual([[i + 10, 30], 'fixed', undefined]);
      }
      compiled.dispose();
    });

    it('keeps dtypes: float32, int32, bool, complex64 and string', () => {
      const compiled = compile((x: tf.Tensor1D, s: tf.Tensor) => ({
        whole: x.toInt().add(tf.scalar(1, 'int32')),
        flags: x.greater(1),
        spectrum: tf.complex(x, x.neg()),
        text: s.reshape([1]),
      }));
      for (let i = 0; i < 3; i++) {
        const { whole, flags, spectrum, text } = compiled(tf.tensor1d([1, 2.5]), tf.scalar('ä'));
        expect([whole.dtype, flags.dtype, spectrum.dtype, text.dtype]).toEqual([
          'int32',
          'bool',
          'complex64',
          'string',
        ]);
        expect([...whole.dataSync(), ...flags.dataSync()]).toEqual([2, 3, 0, 1]);
        expect([...tf.real(spectrum).dataSync(), ...tf.imag(spectrum).dataSync()]).toEqual([1, 2.5, -1, -2.5]);
        expect(text.dataSync<'string'>()[0]).toBe('ä');
      }
      compiled.dispose();
    });

    it('gives the argument itself, a constant, or the same tensor twice, each as a new tensor of the caller’s', () => {
      const outside = tf.keep(tf.scalar(5));
      const compiled = compile((x: tf.Tensor) => {
        const y = x.add(1);
        return [x, tf.scalar(7), outside, y, y];
      });
      for (let i = 0; i < 4; i++) {
        const x = tf.scalar(i);
        const results = compiled(x);
        expect(results.map((result) => result.dataSync()[0])).toEqual([i, 7, 5, i + 1, i + 1]);
        expect(results[3]).toBe(results[4]);
        results.slice(0, 4).forEach((result) => result.dispose());
        expect([x.isDisposed, outside.isDisposed]).toEqual([false, false]);
      }
      compiled.dispose();
      outside.dispose();
    });

    it('leaves no tensors but its result, tidied or not', () => {
      const compiled = compile((x: tf.Tensor) => x.add(1).mul(2).exp());
      const x = tf.scalar(1);
      for (let i = 0; i < 4; i++) {
        const before = tf.memory().numTensors;
        compiled(x);
        expect(tf.memory().numTensors - before).toBe(1);
      }
      compiled.dispose();
    });

    it('leaves strings from outside as they are, long ones too', () => {
      const text = 'a string that is too long to be kept within its own descriptor';
      const outside = tf.tensor1d([text, 'b']);
      const v = tf.variable(tf.scalar(text));
      const compiled = compile((x: tf.Tensor) => [tf.concat([outside, x.reshape([1])]), v.reshape([1])]);
      const x = tf.scalar(text + text);
      for (let i = 0; i < 4; i++) {
        const results = compiled(x).map((result) => [...result.dataSync<'string'>()]);
        expect(results).toEqual([[text, 'b', text + text], [text]]);
      }
      expect([...outside.dataSync<'string'>(), ...v.dataSync<'string'>()]).toEqual([text, 'b', text]);
      compiled.dispose();
    });

    it('rounds int32 tensors as loadTensorflow() repairs it', () => {
      const compiled = compile((x: tf.Tensor) => x.round());
      for (let i = 0; i < 3; i++) expect(compiled(tf.tensor1d([3, -4], 'int32')).arraySync()).toEqual([3, -4]);
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

  describe('recordings', () => {
    it('are made once for each shape, dtype, structure and plain value', () => {
      const reasons: string[] = [];
      const compiled = compile(
        (x: tf.Tensor | tf.Tensor[], k?: unknown) => tf.add(Array.isArray(x) ? x[0]! : x, Number(k)),
        {
          check: false,
          onRecord: ({ reason }) => reasons.push(reason),
        },
      );
      const calls: [tf.Tensor | tf.Tensor[], unknown?][] = [
        [tf.ones([2])],
        [tf.ones([3])],
        [tf.ones([2], 'int32')],
        [[tf.ones([2])]],
        [tf.ones([2]), 1],
        [tf.ones([2]), '1'],
        [tf.ones([2]), true],
        [tf.ones([2]), 0],
        [tf.ones([2]), -0],
        [tf.ones([2]), null],
      ];
      for (let round = 0; round < 2; round++) for (const call of calls) compiled(...call);
      expect(compiled.recordings).toBe(calls.length);
      expect(reasons).toEqual(['first call', ...Array<string>(calls.length - 1).fill('new arguments')]);
      compiled.dispose();
      expect(compiled.recordings).toBe(0);
    });

    it('are bounded: the one not used for the longest time is forgotten', () => {
      const reasons: string[] = [];
      const compiled = compile((x: tf.Tensor) => x.sum(), { limit: 2, onRecord: ({ reason }) => reasons.push(reason) });
      const call = (length: number) => expect(compiled(tf.ones([length])).dataSync()[0]).toBe(length);
      for (const length of [1, 1, 2, 1, 3, 1, 2]) call(length);
      expect(reasons).toEqual(['first call', 'check', 'new arguments', 'new arguments', 'forgotten']);
      expect(compiled.recordings).toBe(2);
      compiled.dispose();
    });
  });

  describe('inside other functions', () => {
    it('a compiled function is part of the one that calls it', () => {
      const double = compile((x: tf.Tensor) => x.mul(2));
      const f = compile((x: tf.Tensor) => double(double(x)).add(1));
      for (const x of [1, 2, 3, 4]) expect(f(tf.scalar(x)).dataSync()[0]).toBe(4 * x + 1);
      for (const x of [1, 2, 3]) expect(double(tf.scalar(x)).dataSync()[0]).toBe(2 * x);
      double.dispose();
      expect(f(tf.scalar(9)).dataSync()[0]).toBe(37);
      f.dispose();
    });

    it('gradients flow through a compiled function, which then runs as ordinary code', () => {
      const square = compile((x: tf.Tensor) => x.square());
      for (let i = 0; i < 3; i++) square(tf.scalar(1));
      const gradient = tf.grad((x) => square(x).mul(3).asScalar());
      expect(gradient(tf.scalar(5)).dataSync()[0]).toBe(30);
      square.dispose();
    });

    it('gradients may be taken inside a compiled function, second ones too', () => {
      const cube = (x: tf.Tensor) => x.square().mul(x).asScalar();
      const f = compile((x: tf.Tensor) => [tf.grad(cube)(x), tf.grad((y) => tf.grad(cube)(y).asScalar())(x)]);
      for (const x of [1, 2, 3, -2]) {
        expect(f(tf.scalar(x)).map((result) => result.dataSync()[0])).toEqual([3 * x * x, 6 * x]);
      }
      f.dispose();
    });
  });

  describe('with XLA', () => {
    it('gives the same', () => {
      const f = (x: tf.Tensor2D) =>
        tf
          .softmax(x.matMul(x, false, true))
          .sum(0)
          .exp();
      const compiled = compile(f, { xla: true });
      const x = tf.tensor2d([
        [1, 2],
        [3, -4],
        [0.5, 0],
      ]);
      const expected = f(x).arraySync() as number[];
      for (let i = 0; i < 3; i++) {
        const result = compiled(x).arraySync() as number[];
        // float32: XLA adds in another order.
        result.forEach((value, j) => expect(Math.abs(value - expected[j]!)).toBeLessThan(1e-5));
      }
      compiled.dispose();
    });

    it('still refuses indices that are out of range, before any variable is assigned', () => {
      const table = tf.variable(tf.tensor2d([[1], [2], [3]]));
      const calls = tf.variable(tf.scalar(0));
      const look = compile(
        (indices: tf.Tensor1D) => {
          calls.assign(calls.add(1));
          return tf.gather(table, indices.add(tf.scalar(1, 'int32')));
        },
        { xla: true, name: 'look' },
      );
      for (let i = 0; i < 3; i++) expect(look(tf.tensor1d([1, 0], 'int32')).arraySync()).toEqual([[3], [2]]);
      expect(() => look(tf.tensor1d([0, 2], 'int32'))).toThrow(
        /indices of gather must lie in \[0, 3\), got one outside at .*compile\.test\.ts/,
      );
      expect(calls.dataSync()[0]).toBe(3);
      look.dispose();
    });
  });
});
