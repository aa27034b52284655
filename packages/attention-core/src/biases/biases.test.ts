import * as tf from '@tensorflow/tfjs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectVariableGradientsToMatchDifferences } from '@heed/testing';
import '../kernels/index.ts';
import { attention } from '../attention/attention.ts';
import { causal } from '../masks/causal.ts';
import { wholeRegion, type MaskRegion } from '../masks/mask.ts';
import { Module } from '../module/module.ts';
import golden from '../positions/positions.golden.json' with { type: 'json' };
import { Random } from '../random/random.ts';
import { alibi, alibiSlopes } from './alibi.ts';
import type { Bias } from './bias.ts';
import { RelativeTable2d } from './relative-table-2d.ts';
import { T5Bias, t5Bucket } from './t5.ts';
import { tensorBias } from './tensor-bias.ts';

const random = new Random(17);
const normal = (...shape: number[]) => tf.tensor(random.normals(tf.util.sizeFromShape(shape)), shape);
const biases: Record<string, Bias> = {
  alibi: alibi({ heads: 3 }),
  t5: new T5Bias({ heads: 3, buckets: 8, maxDistance: 10, direction: 'both', random }),
  t5Past: new T5Bias({ heads: 3, buckets: 8, maxDistance: 10, direction: 'past', random }),
  table: new RelativeTable2d({ heads: 3, height: 3, width: 4, random }),
  tensor: tensorBias(tf.keep(normal(1, 3, 12, 12))),
};

describe.each(Object.entries(biases))('the bias %s', (_name, bias) => {
  it('gives a block what the whole has there', () => {
    const range = fc
      .tuple(fc.nat(11), fc.nat(11))
      .map(([a, b]) => ({ start: Math.min(a, b), end: Math.max(a, b) + 1 }));
    fc.assert(
      fc.property(range, range, (queries, keys) => {
        const region: MaskRegion = { queries, keys, queryLength: 12, keyLength: 12 };
        const size = [1, 3, queries.end - queries.start, keys.end - keys.start];
        const whole = bias.values(wholeRegion(12, 12));
        expect(bias.values(region)).toBeAllClose(tf.slice(whole, [0, 0, queries.start, keys.start], size));
      }),
      { numRuns: 20, seed: 5 },
    );
  });
});

describe.each(Object.entries(biases).filter(([, bias]) => bias instanceof Module))(
  'the learned bias %s',
  (_name, bias) => {
    it('has the gradients of finite differences through attention', () => {
      const x = normal(1, 3, 12, 4);
      expectVariableGradientsToMatchDifferences(
        () => attention({ query: x, key: x, value: x, bias, mask: causal() }),
        (bias as Bias & Module).namedParameters(),
      );
    });
  },
);

describe('alibi', () => {
  it('has the slopes of transformers, for any number of heads', () => {
    for (const [heads, slopes] of Object.entries(golden.alibiSlopes)) {
      expect(alibiSlopes(Number(heads))).toBeAllClose(slopes, { absolute: 0, relative: 1e-6 });
    }
  });

  it('falls linearly on both sides of the query', () => {
    expect(alibi({ heads: 1 }).values(wholeRegion(2, 3))).toBeAllClose(
      tf.mul(
        tf.tensor4d([
          [
            [
              [1, 0, 1],
              [2, 1, 0],
            ],
          ],
        ]),
        -(2 ** -8),
      ),
    ); // the first of two queries stands at the second of three keys
  });

  it('follows a position that is a tensor', () => {
    const at = (alignment: number | tf.Tensor) => alibi({ heads: 2, alignment }).values(wholeRegion(2, 5));
    expect(at(tf.scalar(1, 'int32'))).toBeAllClose(at(1));
    expect(at(tf.tensor1d([3, 1], 'int32'))).toBeAllClose(tf.concat([at(3), at(1)]));
  });
});

describe('T5Bias', () => {
  it('puts every distance into the bucket of transformers', () => {
    for (const { bucketOf, from, ...options } of golden.t5Buckets) {
      const config = { ...options, direction: options.direction as 'both' | 'past' };
      expect(bucketOf.map((_, i) => t5Bucket(from + i, config))).toEqual(bucketOf);
    }
  });

  it('has no bucket that is no number where distances end before the logarithmic buckets begin', () => {
    const bucket = (distance: number) => t5Bucket(distance, { buckets: 32, maxDistance: 16, direction: 'past' });
    expect([0, -1, -15, -16, -17, -1000, 3].map(bucket)).toEqual([0, 1, 15, 31, 31, 31, 0]);
  });

  it('takes the number of the bucket, and the last one beyond maxDistance', () => {
    const bias = new T5Bias({ heads: 2, buckets: 8, maxDistance: 6, direction: 'both', random });
    const whole = bias.values(wholeRegion(1, 30)).arraySync() as number[][][][];
    const table = bias.weight.arraySync();
    const bucket = (distance: number) => t5Bucket(distance, { buckets: 8, maxDistance: 6, direction: 'both' });
    const expected = [0, 1].map((head) => Array.from({ length: 30 }, (_, k) => table[bucket(k - 29)][head]));
    expect(whole[0].map((rows) => rows[0])).toEqual(expected);
    const decoding = bias.at(tf.scalar(4, 'int32')).values(wholeRegion(1, 9));
    expect(decoding).toBeAllClose(tf.slice(bias.values(wholeRegion(9, 9)), [0, 0, 4, 0], [1, 2, 1, 9]));
  });

  it('refuses buckets that cannot be halved', () => {
    expect(() => new T5Bias({ heads: 1, buckets: 5, direction: 'both', random })).toThrow('got buckets=5');
  });
});

describe('RelativeTable2d', () => {
  it('is the window bias of transformers’ Swin', () => {
    const bias = new RelativeTable2d({ heads: 2, height: 2, width: 3, random });
    bias.weight.assign(tf.tensor2d(golden.swin.table, [15, 2]));
    expect(bias.values(wholeRegion(6, 6))).toBeAllClose(tf.tensor4d(golden.swin.bias, [1, 2, 6, 6]));
    expect(() => bias.values(wholeRegion(5, 6))).toThrow('the 2 × 3 places of a window, got L=5, S=6');
  });
});

describe('tensorBias', () => {
  it('is added to the scores of each head, and learns', () => {
    const x = normal(1, 2, 3, 4);
    const table = tf.variable(normal(2, 1, 3));
    const run = () => attention({ query: x, key: x, value: x, bias: tensorBias(table) });
    expect(run()).toBeAllClose(attention({ query: x, key: x, value: x, bias: tensorBias(tf.tile(table, [1, 3, 1])) }));
    expectVariableGradientsToMatchDifferences(run, [{ name: 'table', variable: table }]);
  });

  it('refuses other ranks and lengths', () => {
    expect(() => tensorBias(tf.zeros([3]))).toThrow('tensorBias: tensor must have shape [L, S]');
    expect(() => tensorBias(tf.zeros([3, 4])).values(wholeRegion(3, 5))).toThrow('does not fit 3 queries and 5 keys');
  });
});
