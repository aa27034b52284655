import * as tf from '@tensorflow/tfjs';
import { vi } from 'vitest';
import {
  AdditiveScore,
  alibi,
  bigBird,
  causal,
  ConcatScore,
  cosine,
  dilatedWindow,
  documents,
  dot,
  fromPredicate,
  fromTensor,
  gather,
  gaussianKernel,
  GaussianKernelScore,
  GeneralScore,
  hardSample,
  hardStraightThrough,
  LayerNorm,
  localGaussian,
  localWindow,
  LocationScore,
  not,
  or,
  padding,
  prefix,
  queryKeyNorm,
  Random,
  RandomStream,
  RelativePositionScore,
  RelativePositionValues,
  RelativeTable2d,
  scaledDot,
  scoreMod,
  sigmoid,
  SinkSoftmax,
  slidingWindow,
  softcap,
  softmax,
  sparsemax,
  strided,
  T5Bias,
  temperature,
  tensorBias,
  threshold,
  topK,
  TransformerXlScore,
  uniform,
  unnormalised,
  weightedSum,
  type Bias,
  type Combiner,
  type Mask,
  type Normaliser,
  type Score,
} from '../index.ts';

/** B = 2, H = 2, L = S = 4, D = 3: what every value below is made for. */
export const SHAPE = [2, 2, 4, 3] as const;

const random = new Random(43);
const normal = (...shape: number[]) => tf.tensor(random.normals(tf.util.sizeFromShape(shape)), shape);
const widths = { queryWidth: 3, keyWidth: 3, random };
const relative = { headWidth: 3, maxDistance: 2, random };

export const scores: Record<string, Score> = {
  dot: dot(),
  'scaled dot': scaledDot(),
  general: new GeneralScore(widths),
  additive: new AdditiveScore({ ...widths, hiddenWidth: 4 }),
  concat: new ConcatScore({ ...widths, hiddenWidth: 4 }),
  location: new LocationScore({ queryWidth: 3, maxLength: 4, random }),
  cosine: cosine(),
  'Gaussian kernel': gaussianKernel(),
  'learned Gaussian kernel': new GaussianKernelScore(),
  uniform: uniform(),
  softcap: softcap(scaledDot(), 1),
  temperature: temperature(cosine(), tf.tensor1d([0.5, 2])),
  'query-key norm': queryKeyNorm(scaledDot(), { query: new LayerNorm({ width: 3 }), key: new LayerNorm({ width: 3 }) }),
  scoreMod: scoreMod(scaledDot(), (scores, { q, k }) => tf.sub(scores, tf.abs(tf.sub(q, k)))),
  Shaw: new RelativePositionScore({ ...relative, direction: 'both' }),
  'Music Transformer': new RelativePositionScore({ ...relative, direction: 'past', heads: 2 }),
  'Transformer-XL': new TransformerXlScore({ heads: 2, headWidth: 3, random }),
};

const centre = tf.tensor2d([0, 1, 2, 3, 3, 2, 1, 0], [2, 4]);
export const masks: Record<string, Mask> = {
  causal: causal(),
  'causal at a tensor': causal({ alignment: tf.tensor1d([0, -1], 'int32') }),
  'sliding window': slidingWindow(1, 0),
  'dilated window': dilatedWindow(1, 1, 2),
  strided: strided(2),
  prefix: or(causal(), prefix(2)),
  padding: padding([4, 0]),
  'padding tensor': padding(tf.tensor1d([3, 0], 'int32')),
  documents: documents([[0, 0, 1, 1]]),
  'local window': localWindow({ centre, radius: 1 }),
  'local window around a number': localWindow({ centre: 9, radius: 1 }),
  BigBird: bigBird({ blockSize: 1, windowBlocks: 1, globalBlocks: 1, randomBlocks: 1, seed: 1 }),
  predicate: fromPredicate(({ q, k }) => tf.notEqual(q, k)),
  tensor: fromTensor(tf.tensor2d([1, 0, 0, 1, 0, 0, 0, 0, 1, 1, 1, 1, 0, 1, 1, 0], [4, 4], 'bool')),
  none: not(fromPredicate(({ q, k }) => tf.greaterEqual(tf.add(q, k), 0))),
};

export const biases: Record<string, Bias> = {
  ALiBi: alibi({ heads: 2 }),
  T5: new T5Bias({ heads: 2, buckets: 4, maxDistance: 3, direction: 'both', random }),
  'relative table': new RelativeTable2d({ heads: 2, height: 2, width: 2, random }),
  tensor: tensorBias(normal(2, 4, 4)),
};

/** Some draw, so that each call needs a stream of its own. */
export const normalisers: Record<string, () => Normaliser> = {
  softmax: () => softmax(),
  'softmax with sinks': () => sinks,
  sigmoid: () => sigmoid({ bias: 'length' }),
  unnormalised: () => unnormalised(),
  sparsemax: () => sparsemax(),
  'top-k': () => topK(2),
  threshold: () => threshold(0.3),
  'local Gaussian': () => localGaussian({ centre, deviation: 1 }),
  'straight-through': () => hardStraightThrough({ random: stream() }),
  sample: () => hardSample({ random: stream() }),
  'sample at times': () => hardSample({ random: stream(), sampleProbability: 0.5 }),
  'best key': () => hardSample({ random: undefined }),
};
const sinks = new SinkSoftmax({ heads: 2 });
const streamParts = [tf.tensor2d([[5, 0]], [1, 2], 'int32'), tf.scalar(0, 'int32')] as const;
const stream = () => new RandomStream(...streamParts);

export const combiners: Record<string, Combiner> = {
  sum: weightedSum(),
  gather: gather(),
  'relative values': new RelativePositionValues(relative),
};

/** Runs `run` and fails where it reads a tensor's values: what is recorded once must not depend on them. */
export function withoutReading<T>(run: () => T): T {
  const spies = (['data', 'dataSync', 'array', 'arraySync', 'buffer', 'bufferSync'] as const).map((method) =>
    vi.spyOn(tf.Tensor.prototype, method).mockImplementation(() => {
      throw new Error(`${method}() reads a value, so the step cannot be recorded`);
    }),
  );
  try {
    return run();
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
