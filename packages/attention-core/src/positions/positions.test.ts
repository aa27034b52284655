import * as tf from '@tensorflow/tfjs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectGradientsToMatchDifferences, expectVariableGradientsToMatchDifferences } from '@heed/testing';
import '../kernels/index.ts';
import { Random } from '../random/random.ts';
import { LearnedPositions } from './learned.ts';
import golden from './positions.golden.json' with { type: 'json' };
import { distancesOf, skew, toeplitz, unskew } from './relative.ts';
import { rotaryFrequencies, type RotaryScaling } from './rotary-frequencies.ts';
import { rotate, RotaryPositions, type RotaryLayout } from './rotary.ts';
import { encodePositions, sinusoidalPositions, sinusoidalPositions2d } from './sinusoidal.ts';

const random = new Random(13);
const normal = (...shape: number[]) => tf.tensor(random.normals(tf.util.sizeFromShape(shape)), shape);

describe('sinusoidal positions', () => {
  it('are PE(p, 2i) = sin(p / 10000^(2i/M)), PE(p, 2i + 1) = cos(…) (Vaswani et al. 2017)', () => {
    const encoding = (sinusoidalPositions(60, 32).arraySync() as number[][]).map((row) => [...row]);
    const formula = Array.from({ length: 60 }, (_, p) =>
      Array.from({ length: 32 }, (_, column) => {
        const angle = p / 10_000 ** ((column - (column % 2)) / 32);
        return column % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
      }),
    );
    expect(encoding).toBeAllClose(formula, { absolute: 1e-7, relative: 0 });
  });

  it('turn by the same angle from every position to the next, so that distances are linear maps', () => {
    const [first, later] = [
      tf.slice(sinusoidalPositions(30, 4), [2, 0], [1, 4]),
      tf.slice(sinusoidalPositions(30, 4), [9, 0], [1, 4]),
    ];
    const products = (row: tf.Tensor, table: tf.Tensor) =>
      tf.matMul(table as tf.Tensor2D, row as tf.Tensor2D, false, true);
    // PE(p)·PE(p + 5) does not depend on p
    const at = (p: number) => tf.slice(sinusoidalPositions(30, 4), [p, 0], [1, 4]);
    expect(products(first, at(7))).toBeAllClose(products(later, at(14)), { absolute: 1e-5 });
  });

  it('are Whisper’s with halves and the last frequency at the base', () => {
    expect(sinusoidalPositions(7, 8, { layout: 'halves', lastIsBase: true })).toBeAllClose(
      golden.whisperSinusoids.map(Number).reduce<number[][]>((rows, x, i) => {
        if (i % 8 === 0) rows.push([]);
        rows.at(-1)!.push(x);
        return rows;
      }, []),
    );
  });

  it('encode the row in the first half and the column in the second', () => {
    const grid = sinusoidalPositions2d(3, 5, 8);
    expect(grid.shape).toEqual([3, 5, 8]);
    expect(tf.slice(grid, [2, 0, 0], [1, 5, 4])).toBeAllClose(
      tf.tile(tf.slice(sinusoidalPositions(3, 4), [2, 0], [1, 4]), [5, 1]).reshape([1, 5, 4]),
    );
    expect(tf.slice(grid, [0, 0, 4], [1, 5, 4])).toBeAllClose(tf.expandDims(sinusoidalPositions(5, 4), 0));
  });

  it('encode positions that are tensors the same', () => {
    for (const layout of ['interleaved', 'halves'] as const) {
      expect(encodePositions(tf.range(0, 9, 1, 'int32'), 6, { layout })).toBeAllClose(
        sinusoidalPositions(9, 6, { layout }),
      );
    }
    expect(encodePositions(tf.tensor1d([0.5]), 2)).toBeAllClose([[Math.sin(0.5), Math.cos(0.5)]]);
  });

  it('refuse an odd width', () => {
    expect(() => sinusoidalPositions(2, 3)).toThrow('sinusoidalPositions: width must be even, got 3');
    expect(() => sinusoidalPositions2d(2, 2, 6)).toThrow(
      'sinusoidalPositions2d: modelWidth must be a multiple of 4, got 6',
    );
  });
});

describe('LearnedPositions', () => {
  it('gives the rows from a number or a tensor on, with gradients', () => {
    const positions = new LearnedPositions({ length: 6, width: 2, random });
    const rows = tf.slice(positions.weight, [3, 0], [2, 2]);
    expect(positions.forward(2, 3)).toBeAllClose(rows, { absolute: 0, relative: 0 });
    expect(positions.forward(2, tf.scalar(3, 'int32'))).toBeAllClose(rows, { absolute: 0, relative: 0 });
    expectVariableGradientsToMatchDifferences(() => positions.forward(3, 2), positions.namedParameters());
    expectVariableGradientsToMatchDifferences(
      () => positions.forward(3, tf.scalar(2, 'int32')),
      positions.namedParameters(),
    );
    expect(() => positions.forward(4, 3)).toThrow('LearnedPositions: positions must be in [0, 6), got 3 to 6');
  });

  it('begins as sinusoids where it is told to, also in an odd width', () => {
    for (const width of [8, 7]) {
      const { weight } = new LearnedPositions({ length: 5, width, initial: 'sinusoidal', deviation: 0.1, random });
      const expected = tf.slice(sinusoidalPositions(5, 8), [0, 0], [5, width]);
      expect(weight).toBeAllClose(tf.mul(expected, 0.1 * Math.SQRT2));
    }
    const { weight } = new LearnedPositions({ length: 64, width: 32, initial: 'sinusoidal', random });
    expect(tf.sqrt(tf.mean(tf.square(weight)))).toBeAllClose(tf.scalar(0.02));
  });
});

describe('rotary positions', () => {
  const scalings: Record<keyof typeof golden.rotaryFrequencies, [RotaryScaling, number]> = {
    linear: [{ type: 'linear', factor: 4 }, 10],
    dynamicLong: [{ type: 'dynamic', factor: 2, trainedLength: 256 }, 1000],
    dynamicShort: [{ type: 'dynamic', factor: 2, trainedLength: 256 }, 100],
    yarn: [{ type: 'yarn', factor: 8, trainedLength: 256 }, 10],
    llama3: [{ type: 'llama3', factor: 8, trainedLength: 256 }, 10],
  };
  it.each(Object.entries(scalings))('scale frequencies as transformers does: %s', (name, [scaling, length]) => {
    const expected = golden.rotaryFrequencies[name as keyof typeof golden.rotaryFrequencies];
    const { frequencies, attentionFactor } = rotaryFrequencies(16, 10_000, scaling, length);
    expect(frequencies).toBeAllClose(expected.frequencies, { absolute: 0, relative: 2e-6 }); // transformers computes in float32
    expect(attentionFactor).toBeCloseTo(expected.attentionFactor, 12);
  });

  it('keep the lowest and the highest frequency where NTK scaling says so', () => {
    const { frequencies } = rotaryFrequencies(16, 10_000, { type: 'ntk', factor: 4 }, 1);
    const plain = rotaryFrequencies(16, 10_000, undefined, 1).frequencies;
    expect(frequencies[0]).toBe(plain[0]);
    expect(frequencies[7]).toBeCloseTo(plain[7] / 4, 10); // as linear scaling would
  });

  it.each(['halves', 'interleaved'] as const)('turn vectors as transformers does: %s', (layout) => {
    const x = tf.tensor4d(golden.rotary.x, [1, 2, 3, 8]);
    const tables = new RotaryPositions({ headWidth: 8, layout }).tables(tf.tensor1d([0, 7, 30]));
    expect(rotate(x, tables, { layout })).toBeAllClose(tf.tensor4d(golden.rotary[layout], [1, 2, 3, 8]), {
      absolute: 5e-6, // angles up to 30 in float32
    });
  });

  const layouts: RotaryLayout[] = ['halves', 'interleaved'];
  it('make products depend on the distance alone', () => {
    for (const layout of layouts) {
      const rotary = new RotaryPositions({ headWidth: 6, rotatedWidth: 4, layout });
      const [query, key] = [normal(1, 1, 1, 6), normal(1, 1, 1, 6)];
      const product = (q: number, k: number) =>
        tf.sum(tf.mul(rotary.apply(query, q), rotary.apply(key, tf.scalar(k, 'int32'))));
      expect(product(9, 4)).toBeAllClose(product(25, 20), { absolute: 1e-5 });
      expect(product(9, 4)).not.toBeAllClose(product(9, 5));
    }
  });

  it('leave dimensions beyond the rotated ones as they are', () => {
    const x = normal(2, 1, 3, 6);
    const turned = new RotaryPositions({ headWidth: 6, rotatedWidth: 2 }).apply(x, 5);
    expect(tf.slice(turned, [0, 0, 0, 2], [2, 1, 3, 4])).toBeAllClose(tf.slice(x, [0, 0, 0, 2], [2, 1, 3, 4]), {
      absolute: 0,
    });
  });

  it('have the gradients of finite differences', () => {
    for (const layout of layouts) {
      const rotary = new RotaryPositions({
        headWidth: 6,
        rotatedWidth: 4,
        layout,
        scaling: { type: 'yarn', factor: 2, trainedLength: 8 },
      });
      expectGradientsToMatchDifferences((x) => rotary.apply(x, 3), [normal(2, 2, 3, 6)]);
    }
  });

  it('take positions of their own for each sequence', () => {
    const rotary = new RotaryPositions({ headWidth: 4 });
    const x = normal(2, 2, 3, 4);
    const turned = rotate(
      x,
      rotary.tables(
        tf.tensor2d([
          [0, 1, 2],
          [5, 6, 7],
        ]),
      ),
    );
    const second = (tensor: tf.Tensor) => tf.slice(tensor, [1, 0, 0, 0], [1, 2, 3, 4]);
    expect(second(turned)).toBeAllClose(rotary.apply(second(x), 5));
  });

  it('refuse what does not fit', () => {
    expect(() => new RotaryPositions({ headWidth: 4, rotatedWidth: 6 })).toThrow('got rotatedWidth=6, headWidth=4');
    const tables = new RotaryPositions({ headWidth: 4 }).tables(tf.range(0, 3));
    expect(() => rotate(tf.zeros([1, 2, 4, 4]), tables)).toThrow('rotate: x must be [B, H, L, D]');
  });
});

describe('relative positions', () => {
  const lengths = fc.record({
    queries: fc.integer({ min: 1, max: 6 }),
    keys: fc.integer({ min: 1, max: 6 }),
    seed: fc.nat(99),
  });

  it('are skewed into place: element (i, j) is that of distance j − i', () => {
    fc.assert(
      fc.property(lengths, ({ queries, keys, seed }) => {
        const count = queries + keys - 1;
        const byDistance = new Random(seed).normals(queries * count);
        const naive = Array.from({ length: queries }, (_, i) =>
          Array.from({ length: keys }, (_, j) => byDistance[i * count + j - i + queries - 1]),
        );
        const tensor = tf.tensor2d(byDistance, [queries, count]);
        expect(skew(tensor, keys)).toBeAllClose(naive, { absolute: 0, relative: 0 });
        const row = tf.slice(tensor, [0, 0], [1, count]);
        expect(toeplitz(tf.reshape(row, [count]), queries, keys)).toBeAllClose(skew(tf.tile(row, [queries, 1]), keys));
        const back = unskew(tf.tensor2d(naive.flat(), [queries, keys]));
        expect(skew(back, keys)).toBeAllClose(naive, { absolute: 0, relative: 0 });
        expect(tf.sum(back)).toBeAllClose(tf.sum(skew(tensor, keys)), { absolute: 1e-5 });
      }),
      { numRuns: 40, seed: 4 },
    );
  });

  it('number distances from the last query and first key to the first query and last key', () => {
    const region = { queries: { start: 1, end: 3 }, keys: { start: 4, end: 6 }, queryLength: 4, keyLength: 7 };
    expect(distancesOf(region, 'top-left').arraySync()).toEqual([[2, 3, 4]]);
    expect(distancesOf(region, 'bottom-right').arraySync()).toEqual([[-1, 0, 1]]);
    expect(distancesOf(region, tf.tensor1d([0, 2], 'int32')).arraySync()).toEqual([
      [2, 3, 4],
      [0, 1, 2],
    ]);
  });
});
