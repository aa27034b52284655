import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import '../kernels/index.ts';
import { MultiHeadAttention, type MultiHeadAttentionInputs } from '../attention/multi-head-attention.ts';
import {
  alibi,
  and,
  causal,
  dilatedWindow,
  documents,
  fromPredicate,
  fromTensor,
  GrowingCache,
  localWindow,
  or,
  padding,
  prefix,
  Random,
  RelativePositionScore,
  RotaryPositions,
  SlidingCache,
  slidingWindow,
  StaticCache,
  strided,
  T5Bias,
  tensorBias,
  TransformerXlScore,
  type Bias,
  type HeadPositions,
  type KeyValueCache,
  type Mask,
  type RotaryScaling,
  type Score,
} from '../index.ts';

const random = new Random(29);
const LENGTH = 11;
const normal = (...shape: number[]) => tf.keep(tf.tensor(random.normals(tf.util.sizeFromShape(shape)), shape));
const x = normal(2, LENGTH, 8);

const masks: Record<string, Mask | undefined> = {
  none: undefined,
  'sliding window': slidingWindow(2, 0),
  'dilated window': dilatedWindow(2, 0, 2),
  strided: strided(3),
  prefix: or(slidingWindow(1, 0), prefix(2)),
  padding: padding([11, 6]),
  documents: documents([[0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]]),
  block: fromPredicate(({ q, k }) =>
    tf.equal(tf.floorDiv(q, tf.scalar(3, 'int32')), tf.floorDiv(k, tf.scalar(3, 'int32'))),
  ),
  'local window': localWindow({ centre: 4, radius: 3 }),
  tensor: fromTensor(tf.keep(tf.cast(tf.greater(normal(LENGTH, LENGTH), -0.5), 'bool'))),
};
const biases: Record<string, Bias> = {
  ALiBi: alibi({ heads: 4 }),
  T5: new T5Bias({ heads: 4, buckets: 8, maxDistance: 6, direction: 'past', random }),
  tensor: tensorBias(normal(4, LENGTH, LENGTH)),
};
const scalings: Record<string, RotaryScaling | undefined> = {
  plain: undefined,
  linear: { type: 'linear', factor: 2 },
  ntk: { type: 'ntk', factor: 2 },
  dynamic: { type: 'dynamic', factor: 4, trainedLength: 4 },
  yarn: { type: 'yarn', factor: 4, trainedLength: 4 },
  llama3: { type: 'llama3', factor: 4, trainedLength: 4 },
};
const scores: Record<string, Score> = {
  Shaw: new RelativePositionScore({ headWidth: 4, maxDistance: 5, direction: 'both', random }),
  'Transformer-XL': new TransformerXlScore({ heads: 4, headWidth: 4, random }),
};

const layerOf = (more: { positions?: HeadPositions; score?: Score } = {}) =>
  new MultiHeadAttention({ modelWidth: 8, heads: 4, headWidth: 4, random: new Random(5), ...more });
const shape = { batch: 2, ...layerOf().cacheShape };

/** Each with the mask that it stands for. */
const caches: Record<string, { make: () => KeyValueCache; mask: Mask }> = {
  growing: { make: () => new GrowingCache(), mask: causal() },
  static: { make: () => new StaticCache({ ...shape, length: 14 }), mask: causal() },
  'sliding by 20': { make: () => new SlidingCache({ ...shape, window: 20 }), mask: causal() },
  'sliding by 4': { make: () => new SlidingCache({ ...shape, window: 4 }), mask: slidingWindow(3, 0) },
};

/** What the layer gives from position to position, and what it gives without a cache for the sequence as far as it has come. */
function bothWays(layer: MultiHeadAttention, cache: string, inputs: Pick<MultiHeadAttentionInputs, 'mask' | 'bias'>) {
  const { make, mask } = caches[cache];
  const held = make();
  const [cached, uncached]: [tf.Tensor[], tf.Tensor[]] = [[], []];
  let end = 0;
  for (const length of [3, 1, 1, 2, 1, 1, 1, 1]) {
    cached.push(layer.forward(tf.slice(x, [0, end, 0], [2, length, 8]), { cache: held, ...inputs }));
    end += length;
    const whole = layer.forward(tf.slice(x, [0, 0, 0], [2, end, 8]), {
      mask: cut(inputs.mask === undefined ? mask : and(mask, inputs.mask), end),
      bias: inputs.bias && { description: 'so far', values: (region) => inputs.bias!.values({ ...region, ...WHOLE }) },
    });
    uncached.push(tf.slice(whole, [0, end - length, 0], [2, length, 8]));
  }
  held.dispose();
  return { cached: tf.concat(cached, 1), uncached: tf.concat(uncached, 1) };
}

const WHOLE = { queryLength: LENGTH, keyLength: LENGTH };

/** A mask over the whole sequence, asked for its first positions. */
function cut(mask: Mask, length: number): Mask {
  return {
    description: `the first ${length} of ${mask.description}`,
    allowed: (region) => mask.allowed({ ...region, ...WHOLE }),
    occupancy: () => 'mixed',
    mayHideAll: () => true,
  };
}

describe.each(Object.keys(caches))('attention with a %s cache is attention without one', (cache) => {
  const difference = (layer: MultiHeadAttention, inputs: Pick<MultiHeadAttentionInputs, 'mask' | 'bias'>) =>
    tf.tidy(() => {
      const { cached, uncached } = bothWays(layer, cache, inputs);
      return tf.max(tf.abs(tf.sub(cached, uncached))).dataSync()[0];
    });

  it.each(Object.keys(masks))('under the mask %s, with every bias and without', (mask) => {
    expect(difference(layerOf(), { mask: masks[mask] })).toBeLessThan(2e-5);
    for (const bias of Object.values(biases))
      expect(difference(layerOf(), { mask: masks[mask], bias })).toBeLessThan(2e-5);
  });

  it.each(Object.keys(scalings))('with rotary positions, scaling %s, under every mask', (name) => {
    const scaling = scalings[name];
    const positions = new RotaryPositions({ headWidth: 4, ...(scaling === undefined ? {} : { scaling }) });
    for (const mask of Object.values(masks)) expect(difference(layerOf({ positions }), { mask })).toBeLessThan(2e-5);
    expect(difference(layerOf({ positions }), { mask: masks['sliding window'], bias: biases.T5 })).toBeLessThan(2e-5);
  });

  it.each(Object.keys(scores))('with the score %s, under every mask', (name) => {
    for (const mask of Object.values(masks))
      expect(difference(layerOf({ score: scores[name] }), { mask })).toBeLessThan(2e-5);
  });
});

it('dynamic scaling asks for the length of the sequence, not of what is turned', () => {
  const positions = new RotaryPositions({ headWidth: 8, scaling: { type: 'dynamic', factor: 4, trainedLength: 16 } });
  const one = tf.tensor4d([1, 2, 3, 4, 5, 6, 7, 8], [1, 1, 1, 8]);
  // base 10,000 · (4 · 101 / 16 − 3)^(8/6), the second pair (2, 6) turned by 100 · base^(−1/4)
  expect(positions.apply(one, 100).dataSync()[1]).toBeCloseTo(0.5815, 4);
  expect(positions.apply(one, tf.scalar(100, 'int32')).dataSync()[1]).toBeCloseTo(0.5815, 3);
});
