import * as tf from '@tensorflow/tfjs';
import type { MapKind } from './map-kind.ts';

/** From the weights [B, H, L, S] of the attention called `name`, the weights that are used instead. */
export type Intervention = (name: string, weights: tf.Tensor4D) => tf.Tensor4D;

/** The same for attention over the edges of a graph: weights [E, H]. */
export type EdgeIntervention = (name: string, weights: tf.Tensor2D) => tf.Tensor2D;

interface Intervener {
  readonly kind: MapKind;
  readonly change: (name: string, weights: tf.Tensor) => tf.Tensor;
  readonly timesRun: Map<string, number>;
}

let intervener: Intervener | undefined;

/**
 * Runs `run` with other attention weights than the model computes: heads switched off, rows permuted, a probe for gradients. Names
 * are those of `capture`: `attention`, `attention#2`, … With `kind: 'edges'` the weights [E, H] of attention over edges are changed instead.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { attention, intervene } from '@heed/attention-core';
 * const x = tf.tensor3d([[[1], [5]]]);
 * const run = () => attention({ query: x, key: x, value: x });
 * intervene(run, (_, weights) => tf.onesLike(weights)).print(); // each row sums both values: 6
 * ```
 */
export function intervene<T>(run: () => T, change: Intervention, options?: { readonly kind?: 'matrix' }): T;
export function intervene<T>(run: () => T, change: EdgeIntervention, options: { readonly kind: 'edges' }): T;
export function intervene<T>(
  run: () => T,
  change: Intervention | EdgeIntervention,
  { kind = 'matrix' }: { readonly kind?: MapKind } = {},
): T {
  const outer = intervener;
  intervener = { kind, change: change as Intervener['change'], timesRun: new Map() };
  try {
    return run();
  } finally {
    intervener = outer;
  }
}

/** Whether weights are being changed: attention then takes a path that builds them, and compiled functions run uncompiled. */
export function isIntervening(): boolean {
  return intervener !== undefined;
}

/** Called by attention with the weights it computed; gives those that it goes on with. */
export function changeWeights(name: string, weights: tf.Tensor, kind: MapKind = 'matrix'): tf.Tensor {
  if (intervener?.kind !== kind) return weights;
  const times = (intervener.timesRun.get(name) ?? 0) + 1;
  intervener.timesRun.set(name, times);
  const changed = intervener.change(times === 1 ? name : `${name}#${times}`, weights);
  if (String(changed.shape) !== String(weights.shape)) {
    throw new Error(`intervene: weights of ${name} must keep their shape [${weights.shape}], got [${changed.shape}]`);
  }
  return changed;
}
