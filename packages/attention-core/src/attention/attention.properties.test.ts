import * as tf from '@tensorflow/tfjs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Linear } from '../layers/linear.ts';
import { and } from '../masks/algebra.ts';
import { causal } from '../masks/causal.ts';
import { slidingWindow } from '../masks/sliding-window.ts';
import { RotaryPositions } from '../positions/rotary.ts';
import { sinusoidalPositions } from '../positions/sinusoidal.ts';
import { Random } from '../random/random.ts';
import { AdditiveScore } from '../scores/additive.ts';
import { ConcatScore } from '../scores/concat.ts';
import { attention } from './attention.ts';
import { masks, normalisers, scores } from './every-step.test-support.ts';
import { MultiHeadAttention } from './multi-head-attention.ts';

const random = new Random(53);
const normal = (...shape: number[]) => tf.tensor(random.normals(tf.util.sizeFromShape(shape)), shape);
/** Orders of summation differ by a few roundings. */
const tolerance = { absolute: 1e-5 };

const check = (law: (size: { length: number; heads: number; width: number; seed: number }) => void) =>
  fc.assert(
    fc.property(
      fc.record({
        length: fc.integer({ min: 2, max: 9 }),
        heads: fc.integer({ min: 1, max: 4 }),
        width: fc.integer({ min: 1, max: 5 }).map((half) => 2 * half),
        seed: fc.nat(1000),
      }),
      (size) => {
        tf.engine().startScope();
        law(size);
        tf.engine().endScope();
      },
    ),
    { numRuns: 15, seed: 6 },
  );

describe('self-attention', () => {
  const permute = (x: tf.Tensor, order: readonly number[]) => tf.gather(x, tf.tensor1d([...order], 'int32'), 1);

  it('without positions follows any permutation of its input, and with positions does not', () => {
    check(({ length, heads, width, seed }) => {
      const seeded = new Random(seed);
      const layer = new MultiHeadAttention({ modelWidth: heads * width, heads, random: seeded });
      const x = tf.tensor(seeded.normals(2 * length * heads * width), [2, length, heads * width]);
      const order = seeded.shuffle([...Array(length).keys()]);
      const follows = (run: (x: tf.Tensor) => tf.Tensor, tolerance: number) => {
        const difference = tf.sub(run(permute(x, order)), permute(run(x), order));
        return tf.max(tf.abs(difference)).dataSync()[0] < tolerance;
      };
      expect(follows((x) => layer.forward(x), 1e-5)).toBe(true);
      const moved = order.some((to, from) => to !== from);
      const positions = sinusoidalPositions(length, heads * width);
      expect(follows((x) => layer.forward(tf.add(x, positions)), 1e-6)).toBe(!moved);
      const rotary = new MultiHeadAttention({
        modelWidth: heads * width,
        heads,
        positions: new RotaryPositions({ headWidth: width }),
        random: seeded,
      });
      expect(follows((x) => rotary.forward(x), 1e-6)).toBe(!moved);
    });
  });
});

describe('h heads', () => {
  it('are h attentions with one head, side by side and projected', () => {
    check(({ length, heads, width, seed }) => {
      const seeded = new Random(seed);
      const layer = new MultiHeadAttention({ modelWidth: heads * width, heads, random: seeded });
      const x = tf.tensor3d(seeded.normals(2 * length * heads * width), [2, length, heads * width]);
      const mask = slidingWindow(2);
      const part = (linear: Linear, head: number) =>
        tf.slice(linear.forward(x), [0, 0, head * width], [2, length, width]);
      const single = Array.from({ length: heads }, (_, head) =>
        attention({ query: part(layer.query, head), key: part(layer.key, head), value: part(layer.value, head), mask }),
      );
      expect(layer.forward(x, { mask })).toBeAllClose(layer.output.forward(tf.concat(single, 2)), tolerance);
    });
  });
});

describe('concat scores', () => {
  it('are additive scores whose two matrices are the halves of one', () => {
    check(({ length, heads, width, seed }) => {
      const config = { queryWidth: width, keyWidth: heads, hiddenWidth: 3, random: new Random(seed) };
      const [concat, additive] = [new ConcatScore(config), new AdditiveScore(config)];
      additive.query.weight.assign(tf.slice(concat.weight, [0, 0], [width, 3]));
      additive.key.weight.assign(tf.slice(concat.weight, [width, 0], [heads, 3]));
      additive.vector.assign(concat.vector);
      const [query, key] = [normal(2, length, width), normal(2, 5, heads)];
      expect(concat.scores(query, key)).toBeAllClose(additive.scores(query, key), tolerance);
    });
  });
});

describe('a causal mask', () => {
  const [query, key, value] = [normal(2, 2, 4, 3), normal(2, 2, 4, 3), normal(2, 2, 4, 3)];
  const laterChanged = (x: tf.Tensor, from: number) =>
    tf.concat([tf.slice(x, [0, 0, 0, 0], [2, 2, from, 3]), normal(2, 2, 4 - from, 3)], 2);
  const cases = [
    ...Object.keys(scores).map((score) => ({ score, normaliser: 'softmax' })),
    ...Object.keys(normalisers)
      .filter((name) => !/straight|sample/.test(name)) // they draw
      .map((normaliser) => ({ score: 'scaled dot', normaliser })),
  ];

  it.each(cases)('makes the beginning independent of what follows, score $score, normaliser $normaliser', (names) => {
    for (const start of [1, 2, 3]) {
      const run = (change: (x: tf.Tensor) => tf.Tensor) =>
        attention({
          query: change(query),
          key: change(key),
          value: change(value),
          mask: and(causal(), masks['sliding window']),
          score: scores[names.score],
          normaliser: normalisers[names.normaliser](),
        });
      const beginning = (x: tf.Tensor) => tf.slice(x, [0, 0, 0, 0], [2, 2, start, 3]);
      expect(beginning(run((x) => laterChanged(x, start)))).toBeAllClose(beginning(run((x) => x)), tolerance);
    }
  });
});
