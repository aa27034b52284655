import { requireIntegers } from '../../arguments/require-integers.ts';
import * as tf from '@tensorflow/tfjs';
import { isBuffer } from '../../module/buffer.ts';
import type { Module, NamedParameter } from '../../module/module.ts';
import type { Random } from '../../random/random.ts';
import { intervene } from '../intervene.ts';

export interface ParameterRandomisationOptions {
  readonly model: Module;
  /** The explanation under test, computed anew at every call: importances of the same features. */
  readonly explain: () => ArrayLike<number> | Promise<ArrayLike<number>>;
  readonly random: Random;
  /** Which part of the model a parameter belongs to. Default: its name up to the first number, so `layers.0` and `layers.1` are two parts. */
  readonly part?: (parameterName: string) => string;
}

export interface RandomisedPart {
  readonly part: string;
  /** Spearman's rank correlation of the explanation with the trained model's, once this part and all above are random. */
  readonly correlation: number;
}

/**
 * The cascading randomisation test of Adebayo et al. 2018 ("Sanity checks for saliency maps"): parts of the model are made random
 * one after the other, the last first (each weight's values are shuffled; buffers are left alone). An explanation that still looks the same does not depend
 * on what the model learned. The model has its weights back at the end, also after an error.
 *
 * @returns the parts from the last to the first; correlations near 0 are what a faithful explanation shows
 * @throws if explanations change their length
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { Linear, parameterRandomisation, Random } from '@heed/attention-core';
 * const model = new Linear({ inputs: 8, outputs: 1, random: new Random(7) });
 * const explain = () => model.weight.dataSync();
 * const [{ correlation }] = await parameterRandomisation({ model, explain, random: new Random(1), part: () => 'all' });
 * ```
 */
export async function parameterRandomisation({
  model,
  explain,
  random,
  part = upToFirstNumber,
}: ParameterRandomisationOptions): Promise<RandomisedPart[]> {
  const original = Array.from(await explain());
  const parameters = model.namedParameters().filter(({ variable }) => !isBuffer(variable));
  const saved = parameters.map(({ variable }) => tf.clone(variable));
  const parts = new Map<string, NamedParameter[]>();
  for (const parameter of parameters) {
    const name = part(parameter.name);
    parts.set(name, [...(parts.get(name) ?? []), parameter]);
  }
  try {
    const results: RandomisedPart[] = [];
    for (const [name, members] of [...parts].reverse()) {
      for (const { variable } of members) shuffleValues(variable, random);
      results.push({ part: name, correlation: rankCorrelation(original, Array.from(await explain())) });
    }
    return results;
  } finally {
    parameters.forEach(({ variable }, i) => variable.assign(saved[i]));
    tf.dispose(saved);
  }
}

/**
 * The permutation test of Jain & Wallace 2019 ("Attention is not explanation"): how much the output changes when every attention
 * row is permuted among the keys that it looks at. Little change means that the weights say little about the output.
 *
 * @param run gives probabilities [B, classes]; it must compute the same at every call
 * @param options.permutations how many random permutations. Default 10
 * @param options.names only the attentions whose name passes. Default: all
 * @returns for each example the median total variation distance ½ Σ |p − p′|, from 0 to 1
 */
export function attentionPermutation(
  run: () => tf.Tensor,
  {
    random,
    permutations = 10,
    names = () => true,
  }: { readonly random: Random; readonly permutations?: number; readonly names?: (name: string) => boolean },
): number[] {
  requireIntegers('attentionPermutation', { permutations });

  const original = tf.tidy(run);
  const distances = Array.from({ length: permutations }, () => {
    const distance = tf.tidy(() => {
      const permuted = intervene(run, (name, weights) => (names(name) ? permuteRows(weights, random) : weights));
      return tf.mul(tf.sum(tf.abs(tf.sub(permuted, original)), -1), 0.5); // [B]
    });
    const values = distance.dataSync();
    distance.dispose();
    return values;
  });
  const batch = original.shape[0]!;
  original.dispose();
  return Array.from({ length: batch }, (_, b) => median(distances.map((values) => values[b])));
}

/**
 * Spearman's rank correlation: Pearson's of the ranks, equal values sharing the mean of theirs.
 *
 * @returns a number in [−1, 1]; 0 where one side is constant
 * @throws if the lengths differ
 */
export function rankCorrelation(one: readonly number[], other: readonly number[]): number {
  if (one.length !== other.length) {
    throw new Error(`rankCorrelation: both must have the same length, got ${one.length} and ${other.length}`);
  }
  const [a, b] = [ranks(one), ranks(other)];
  const middle = (one.length - 1) / 2;
  const dot = (x: readonly number[], y: readonly number[]) =>
    x.reduce((sum, value, i) => sum + (value - middle) * (y[i] - middle), 0);
  const scale = Math.sqrt(dot(a, a) * dot(b, b));
  return scale === 0 ? 0 : dot(a, b) / scale;
}

function ranks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[a] - values[b]);
  const out = Array.from({ length: values.length }, () => 0);
  for (let start = 0, end = 0; start < order.length; start = end) {
    while (end < order.length && values[order[end]] === values[order[start]]) end++;
    for (let i = start; i < end; i++) out[order[i]] = (start + end - 1) / 2;
  }
  return out;
}

/** Each row's positive weights in another order; hidden keys stay hidden. */
function permuteRows(weights: tf.Tensor4D, random: Random): tf.Tensor4D {
  const keys = weights.shape[3];
  const values = Float32Array.from(weights.dataSync());
  for (let start = 0; start < values.length; start += keys) {
    const seen = Array.from({ length: keys }, (_, k) => start + k).filter((i) => values[i] > 0);
    const shuffled = random.shuffle(seen.map((i) => values[i]));
    seen.forEach((i, place) => (values[i] = shuffled[place]));
  }
  return tf.tensor4d(values, weights.shape);
}

function shuffleValues(variable: tf.Variable, random: Random): void {
  const shuffled = tf.tensor(random.shuffle(Array.from(variable.dataSync())), variable.shape, variable.dtype);
  variable.assign(shuffled);
  shuffled.dispose();
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function upToFirstNumber(name: string): string {
  return /^.*?\d+(?=\.|$)/.exec(name)?.[0] ?? name.split('.')[0];
}
