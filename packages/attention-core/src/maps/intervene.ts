import * as tf from '@tensorflow/tfjs';

/** From the weights [B, H, L, S] of the attention called `name`, the weights that are used instead. */
export type Intervention = (name: string, weights: tf.Tensor4D) => tf.Tensor4D;

interface Intervener {
  readonly change: Intervention;
  readonly timesRun: Map<string, number>;
}

let intervener: Intervener | undefined;

/**
 * Runs `run` with other attention weights than the model computes: heads switched off, rows permuted, a probe for gradients. Names
 * are those of `capture`: `attention`, `attention#2`, …
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
export function intervene<T>(run: () => T, change: Intervention): T {
  const outer = intervener;
  intervener = { change, timesRun: new Map() };
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
export function changeWeights(name: string, weights: tf.Tensor): tf.Tensor {
  if (intervener === undefined) return weights;
  const times = (intervener.timesRun.get(name) ?? 0) + 1;
  intervener.timesRun.set(name, times);
  const changed = intervener.change(times === 1 ? name : `${name}#${times}`, weights as tf.Tensor4D);
  if (String(changed.shape) !== String(weights.shape)) {
    throw new Error(`intervene: weights of ${name} must keep their shape [${weights.shape}], got [${changed.shape}]`);
  }
  return changed;
}
