import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { repairRound } from '../repair-round.ts';
import { compile } from './compile.ts';
import { countHandles } from './count-handles.test-support.ts';
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
        /indices in look must lie in \[0, 3\), got one outside at .*compile\.test\.ts/,
      );
      expect(calls.dataSync()[0]).toBe(3);
      look.dispose();
    });

    it('refuses coordinates that are out of range, to read or to write', () => {
      const table = tf.tensor2d([
        [1, 2, 3],
        [4, 5, 6],
      ]);
      const right = [
        [1, 2],
        [0, 0],
      ];
      const read = compile((indices: tf.Tensor2D) => tf.gatherND(table, indices), { xla: true });
      const write = compile((indices: tf.Tensor2D) => tf.scatterND(indices, tf.tensor1d([7, 8]), [2, 3]), {
        xla: true,
      });
      const update = compile((i: tf.Tensor2D) => tf.tensorScatterUpdate(table, i, tf.tensor1d([7, 8])), { xla: true });
      for (let i = 0; i < 3; i++) {
        const indices = tf.tensor2d(right, [2, 2], 'int32');
        expect(read(indices).arraySync()).toEqual([6, 1]);
        expect(write(indices).arraySync()).toEqual([
          [8, 0, 0],
          [0, 0, 7],
        ]);
        expect(update(indices).arraySync()).toEqual([
          [8, 2, 3],
          [4, 5, 7],
        ]);
      }
      for (const wrong of [
        [2, 0],
        [0, 3],
        [-1, 0],
      ]) {
        const indices = tf.tensor2d([right[0]!, wrong], [2, 2], 'int32');
        for (const f of [read, write, update]) expect(() => f(indices)).toThrow('must lie in [0, 2) × [0, 3)');
      }
      for (const f of [read, write, update]) f.dispose();
    });
  });
});
