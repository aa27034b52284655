import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { MultiHeadAttention } from '../attention/multi-head-attention.ts';
import { causal } from '../masks/causal.ts';
import { fromTensor } from '../masks/from-tensor.ts';
import type { Mask } from '../masks/mask.ts';
import { padding } from '../masks/padding.ts';
import { RotaryPositions } from '../positions/rotary.ts';
import { Random } from '../random/random.ts';
import { DecoderBlock } from '../structures/transformer-blocks/decoder-block.ts';
import { EncoderBlock } from '../structures/transformer-blocks/encoder-block.ts';
import { GrowingCache } from './growing-cache.ts';
import type { KeyValueCache } from './key-value-cache.ts';
import { SlidingCache } from './sliding-cache.ts';
import { StaticCache } from './static-cache.ts';

const random = new Random(3);
const normal = (...shape: number[]) => tf.tensor(random.normals(tf.util.sizeFromShape(shape)), shape);
const LENGTH = 9;
const x = tf.keep(normal(2, LENGTH, 8));

const layer = new MultiHeadAttention({
  modelWidth: 8,
  heads: 4,
  keyValueHeads: 2,
  valueHeadWidth: 3,
  positions: new RotaryPositions({ headWidth: 2 }),
  random,
});

/** The last `window` keys up to the query's own. */
const window = (size: number): Mask => {
  const offsets = tf.sub(tf.expandDims(tf.range(0, LENGTH), 1), tf.range(0, LENGTH));
  return fromTensor(tf.keep(tf.logicalAnd(tf.greaterEqual(offsets, 0), tf.less(offsets, size))));
};

/** The layer's output for the whole sequence, asked for in pieces. */
function inPieces(cache: KeyValueCache, pieces: readonly number[], mask?: Mask): tf.Tensor {
  let start = 0;
  const outputs = pieces.map((length) => {
    const piece = tf.slice(x, [0, start, 0], [2, length, 8]);
    start += length;
    return layer.forward(piece, { cache, mask });
  });
  return tf.concat(outputs, 1);
}

const PIECES = [[9], [1, 1, 1, 1, 1, 1, 1, 1, 1], [4, 1, 1, 3], [1, 7, 1]];
/** Other block sizes mean other summation orders. */
const ROUNDING = { absolute: 1e-5 };
const caches = {
  growing: { make: () => new GrowingCache(), mask: causal() },
  static: { make: () => new StaticCache({ batch: 2, length: 12, ...layer.cacheShape }), mask: causal() },
  'full static': { make: () => new StaticCache({ batch: 2, length: LENGTH, ...layer.cacheShape }), mask: causal() },
  'sliding by 4': { make: () => new SlidingCache({ batch: 2, window: 4, ...layer.cacheShape }), mask: window(4) },
  'sliding by 1': { make: () => new SlidingCache({ batch: 2, window: 1, ...layer.cacheShape }), mask: window(1) },
  'sliding by 20': { make: () => new SlidingCache({ batch: 2, window: 20, ...layer.cacheShape }), mask: causal() },
};

describe('a key/value cache', () => {
  for (const [name, { make, mask }] of Object.entries(caches)) {
    it(`equals attention without one, in pieces of any size (${name})`, () => {
      const uncached = layer.forward(x, { mask });
      for (const pieces of PIECES) {
        const cache = make();
        expect(inPieces(cache, pieces), `pieces ${pieces}`).toBeAllClose(uncached, ROUNDING);
        cache.dispose();
      }
    });

    it(`starts again after reset, and keeps no tensor after dispose (${name})`, () => {
      const before = tf.memory().numTensors;
      const cache = make();
      tf.tidy(() => {
        const first = inPieces(cache, [4, 1]);
        cache.reset();
        expect(inPieces(cache, [4, 1])).toBeAllClose(first);
      });
      cache.dispose();
      expect(tf.memory().numTensors).toBe(before);
    });

    it(`follows examples when a beam reorders them (${name})`, () => {
      const [cache, straight] = [make(), make()];
      const step = (kept: KeyValueCache, examples: number[]) =>
        layer.forward(tf.gather(tf.slice(x, [0, 5, 0], [2, 1, 8]), examples), { cache: kept });
      inPieces(cache, [5]);
      inPieces(straight, [5]);
      cache.reorder(tf.tensor1d([1, 0], 'int32'));
      expect(step(cache, [1, 0])).toBeAllClose(tf.gather(step(straight, [0, 1]), [1, 0]), ROUNDING);
    });
  }

  it('takes a mask of the caller on top: here padding of the prompt', () => {
    const lengths = padding([9, 2]);
    const uncached = layer.forward(x, {
      mask: fromTensor(tf.logicalAnd(lengths.allowed(whole), causal().allowed(whole))),
    });
    for (const name of ['growing', 'full static'] as const) {
      expect(inPieces(caches[name].make(), [3, 6], lengths)).toBeAllClose(uncached, ROUNDING);
    }
  });

  it('has constant shapes unless it grows', () => {
    const shapes = (cache: KeyValueCache) =>
      [0, 1, 2].map(() => cache.append({ key: tf.ones([1, 2, 1, 3]), value: tf.ones([1, 2, 1, 3]) }).key.shape);
    const shape = { batch: 1, heads: 2, headWidth: 3 };
    expect(new Set(shapes(new StaticCache({ ...shape, length: 5 })).map(String))).toEqual(new Set(['1,2,5,3']));
    expect(new Set(shapes(new SlidingCache({ ...shape, window: 5 })).map(String))).toEqual(new Set(['1,2,6,3']));
    expect(shapes(new GrowingCache()).map((s) => s[2])).toEqual([1, 2, 3]);
  });

  it('rejects more positions than it has room for', () => {
    const cache = new StaticCache({ batch: 1, heads: 1, headWidth: 2, length: 3 });
    cache.append({ key: tf.ones([1, 1, 2, 2]), value: tf.ones([1, 1, 2, 2]) });
    expect(() => cache.append({ key: tf.ones([1, 1, 2, 2]), value: tf.ones([1, 1, 2, 2]) })).toThrow(
      'StaticCache: at most length=3 positions fit, got 4',
    );
    expect(() => new SlidingCache({ batch: 1, heads: 1, headWidth: 2, window: 0 })).toThrow(
      'SlidingCache: window must be a positive integer, got 0',
    );
  });

  it('serves blocks: a decoder step by step equals the decoder at once', () => {
    const sizes = { modelWidth: 8, heads: 2, random };
    const [encoder, decoder] = [new EncoderBlock(sizes), new DecoderBlock(sizes)];
    const memory = normal(2, 4, 8);
    const atOnce = decoder.forward(encoder.forward(x, { mask: causal() }), { memory });
    const encoderCache = new GrowingCache();
    const decoderCache = new StaticCache({ batch: 2, length: LENGTH, ...decoder.selfAttention.cacheShape });
    const prepared = decoder.crossAttention.prepareMemory(memory);
    const steps = Array.from({ length: LENGTH }, (_, step) => {
      const encoded = encoder.forward(tf.slice(x, [0, step, 0], [2, 1, 8]), { cache: encoderCache });
      return decoder.forward(encoded, { prepared, cache: decoderCache });
    });
    expect(tf.concat(steps, 1)).toBeAllClose(atOnce, ROUNDING);
  });
});

const whole = {
  queries: { start: 0, end: LENGTH },
  keys: { start: 0, end: LENGTH },
  queryLength: LENGTH,
  keyLength: LENGTH,
};
