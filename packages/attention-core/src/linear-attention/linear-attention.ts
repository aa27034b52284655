import { requireIntegers } from '../arguments/require-integers.ts';
import * as tf from '@tensorflow/tfjs';
import { guardKeys } from '../attention/guarded-keys.ts';
import { withGradient } from '../autodiff/with-gradient.ts';
import { causal } from '../masks/causal.ts';
import { wholeRegion } from '../masks/mask.ts';
import { eluFeatures, type FeatureMap } from './feature-map.ts';
import { zeroPadding } from './zero-padding.ts';
import { zerosFor } from './zeros-for.ts';

export interface LinearAttentionOptions {
  /** [B, H, L, D] */
  readonly query: tf.Tensor;
  /** [B, H, S, D] */
  readonly key: tf.Tensor;
  /** [B, H, S, Dv] */
  readonly value: tf.Tensor;
  /** Default `eluFeatures()`; `PerformerFeatures` approximates softmax. */
  readonly features?: FeatureMap;
  /** int32 [B]: how many keys of each sequence are real. Default: all. */
  readonly lengths?: tf.Tensor1D;
}

export interface CausalLinearAttentionOptions extends Omit<LinearAttentionOptions, 'lengths'> {
  /** What the positions before these left: the `state` of an earlier call. */
  readonly state?: tf.Tensor;
  /** Positions that are computed at once. Default 64. */
  readonly chunk?: number;
}

export interface StatefulOutput {
  /** [B, H, L, Dv] */
  readonly output: tf.Tensor;
  /** What the next positions need of these. */
  readonly state: tf.Tensor;
}

/** A sum of weights that is no greater counts as none. */
const LEAST_SUM = 1e-30;

/**
 * Attention in time and memory linear in the length (Katharopoulos et al. 2020): with weights φ(q)·φ(k) the sums over keys are
 * made once, for all queries.
 *
 *     out(q) = φ(q)ᵀ·(Σ φ(k)·vᵀ) / φ(q)ᵀ·(Σ φ(k))
 *
 * @returns [B, H, L, Dv]; 0 for a sequence without keys
 * @throws if queries and keys do not have the same heads and width, or keys and values not the same length
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { linearAttention } from '@heed/attention-core';
 * const x = tf.ones([1, 2, 1000, 8]);
 * linearAttention({ query: x, key: x, value: x }).shape; // [1, 2, 1000, 8]
 * ```
 */
export function linearAttention(options: LinearAttentionOptions): tf.Tensor {
  requireLinearShapes('linearAttention', options);
  const { query, key, value, features = eluFeatures(), lengths } = options;
  if (query.size * key.size === 0) {
    return zerosFor([query, key, value], [...query.shape.slice(0, 3), value.shape[3]!]);
  }
  return tf.tidy(() => {
    const keys = zeroPadding(features.ofKeys(zeroPadding(key, lengths)), lengths); // [B, H, S, F]
    const sums = tf.matMul(keys, withOnes(zeroPadding(value, lengths)), true, false); // [B, H, F, Dv + 1]
    return divideByLast(tf.matMul(features.ofQueries(query), sums)); // [B, H, L, Dv]
  });
}

/**
 * The same with a causal mask: each query sees the keys up to its own position. A state of fixed size carries it from call to
 * call, so that decoding costs the same at every position. Inside a call positions are computed chunk by chunk.
 *
 * @returns output [B, H, L, Dv] and state [B, H, F, Dv + 1]
 * @throws if queries, keys and values do not have the same heads and length
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { causalLinearAttention } from '@heed/attention-core';
 * const x = tf.ones([1, 2, 10, 8]);
 * const prompt = causalLinearAttention({ query: x, key: x, value: x });
 * const next = tf.ones([1, 2, 1, 8]);
 * causalLinearAttention({ query: next, key: next, value: next, state: prompt.state }).output.shape; // [1, 2, 1, 8]
 * ```
 */
export function causalLinearAttention(options: CausalLinearAttentionOptions): StatefulOutput {
  requireLinearShapes('causalLinearAttention', options);
  const { query, features = eluFeatures(), state, chunk = 64 } = options;
  if (query.shape[2] !== options.key.shape[2]) {
    throw new Error(
      `causalLinearAttention: queries and keys must be equally many, got query=[${query.shape}], key=[${options.key.shape}]`,
    );
  }
  requireIntegers('causalLinearAttention', { chunk });
  if (query.size === 0) return nothingAfter(options, features);
  return tf.tidy(() => {
    const { key, value, fault } = guardKeys(options.key, options.value); // a query sees no key after it
    const [batch, heads, length] = query.shape as [number, number, number];
    const size = Math.min(chunk, length);
    const chunks = Math.ceil(length / size);
    const inChunks = (x: tf.Tensor) => {
      const width = x.shape[3]!;
      const padded = tf.pad(x, [
        [0, 0],
        [0, 0],
        [0, chunks * size - length],
        [0, 0],
      ]);
      return tf.reshape(padded, [batch * heads * chunks, size, width]); // [B · H · chunks, size, width]
    };
    const [queries, keys, values] = [features.ofQueries(query), features.ofKeys(key), withOnes(value)].map(inChunks);
    const shape = [keys.shape[2]!, values.shape[2]!]; // [F, Dv + 1]

    const own = tf.reshape(tf.matMul(keys, values, true, false), [batch * heads, chunks, shape[0] * shape[1]]);
    const before = tf.cumsum(own, 1, true); // what earlier chunks of this call hold
    const carried = state === undefined ? before : tf.add(before, tf.reshape(state, [batch * heads, 1, -1]));
    const fromBefore = tf.matMul(queries, tf.reshape(carried, [-1, ...shape]));
    const lower = tf.cast(causal().allowed(wholeRegion(size, size)), 'float32');
    const fromWithin = tf.matMul(tf.mul(tf.matMul(queries, keys, false, true), lower), values);

    const joined = tf.reshape(tf.add(fromBefore, fromWithin), [batch, heads, chunks * size, shape[1]]);
    const finite = tf.slice(joined, [0, 0, 0, 0], [batch, heads, length, shape[1]]);
    const sums = tf.add(finite, tf.cumsum(fault, 2)); // [B, H, L, Dv + 1], NaN from the first fault on
    const lastChunk = (x: tf.Tensor) => tf.slice(x, [0, chunks - 1, 0], [-1, 1, -1]);
    const after = tf.add(lastChunk(carried), lastChunk(own));
    const memory = tf.add(tf.reshape(after, [batch, heads, ...shape]), tf.sum(fault, 2, true));
    return { output: divideByLast(sums), state: memory };
  });
}

/** What no positions give and leave: nothing, and the state as it was. */
function nothingAfter(
  { query, key, value, state }: CausalLinearAttentionOptions,
  features: FeatureMap,
): StatefulOutput {
  const [batch, heads, length, width] = query.shape as [number, number, number, number];
  const valueWidth = value.shape[3]!;
  return tf.tidy(() => {
    const featureWidth = features.ofKeys(tf.zeros([1, 1, 1, width])).shape[3]!;
    return {
      output: zerosFor([query, key, value], [batch, heads, length, valueWidth]),
      state: state === undefined ? tf.zeros([batch, heads, featureWidth, valueWidth + 1]) : tf.clone(state),
    };
  });
}

/** A last column of ones: whatever sums values also sums weights. */
function withOnes(value: tf.Tensor): tf.Tensor {
  return tf.concat([value, tf.ones([...value.shape.slice(0, -1), 1])], -1);
}

/**
 * [..., Dv + 1] → [..., Dv]: sums of values divided by the sum of weights beside them, 0 where there is no weight. The gradient has
 * no squares of small weights in it.
 */
function divideByLast(sums: tf.Tensor): tf.Tensor {
  const width = sums.shape.at(-1)! - 1;
  const [values, weights] = tf.split(sums, [width, 1], sums.rank - 1);
  return withGradient(
    [values, weights],
    (values, weights) => {
      const some = tf.cast(tf.greater(weights, LEAST_SUM), 'float32');
      const inverse = tf.div(some, tf.maximum(weights, LEAST_SUM));
      const means = tf.mul(values, inverse);
      return { value: means, saved: [means, inverse] };
    },
    (dy, [means, inverse]) => {
      const dValues = tf.mul(dy, inverse);
      return [dValues, tf.neg(tf.sum(tf.mul(dValues, means), -1, true))];
    },
  );
}

/** @throws unless query, key and value are [B, H, L, D], [B, H, S, D] and [B, H, S, Dv] */
export function requireLinearShapes(
  owner: string,
  { query, key, value }: Pick<LinearAttentionOptions, 'query' | 'key' | 'value'>,
): void {
  const leading = (x: tf.Tensor) => String(x.shape.slice(0, 2));
  const agree =
    [query, key, value].every((x) => x.rank === 4 && leading(x) === leading(query)) &&
    query.shape[3] === key.shape[3] &&
    key.shape[2] === value.shape[2];
  if (!agree) {
    throw new Error(
      `${owner}: shapes must be query [B, H, L, D], key [B, H, S, D] and value [B, H, S, Dv], ` +
        `got query=[${query.shape}], key=[${key.shape}], value=[${value.shape}]`,
    );
  }
}
