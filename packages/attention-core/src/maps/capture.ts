import * as tf from '@tensorflow/tfjs';
import { isIntervening } from './intervene.ts';

/** The weights of one attention that ran. */
export interface AttentionMap {
  /** The attention's name, made unique by `#2`, `#3`, … where one name ran more than once. */
  readonly name: string;
  /** [B, H, L, S], or the heads and queries that were asked for. The caller disposes it. */
  readonly weights: tf.Tensor4D;
}

export interface CaptureOptions {
  /** Keep only maps whose name passes. Default: all. */
  readonly names?: (name: string) => boolean;
  /** Keep only these heads. Default: all. */
  readonly heads?: readonly number[];
  /** Keep only these queries. Default: all. */
  readonly queries?: readonly number[];
}

interface Recorder extends CaptureOptions {
  readonly maps: AttentionMap[];
  readonly timesRun: Map<string, number>;
}

let recorder: Recorder | undefined;

/**
 * Runs `run` and keeps the weights of every attention inside it. Without `capture` no weights are kept and nothing is paid.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { attention, capture } from '@heed/attention-core';
 * const x = tf.ones([1, 1, 2, 4]) as tf.Tensor4D;
 * const { result, maps } = capture(() => attention({ query: x, key: x, value: x, name: 'self' }));
 * maps[0].name; // 'self'
 * maps[0].weights.print(); // all 0.5
 * ```
 */
export function capture<T extends tf.TensorContainer>(
  run: () => T,
  options: CaptureOptions = {},
): { result: T; maps: AttentionMap[] } {
  const outer = recorder;
  const maps: AttentionMap[] = [];
  recorder = { ...options, maps, timesRun: new Map() };
  try {
    return { result: run(), maps };
  } catch (error) {
    tf.dispose(maps.map((map) => map.weights));
    throw error;
  } finally {
    recorder = outer;
  }
}

/** Whether maps are being kept or changed (`intervene`): compiled functions run uncompiled then. */
export function isCapturing(): boolean {
  return recorder !== undefined || isIntervening();
}

/**
 * Called by every path of attention once it knows its weights. `weights` makes those of the asked heads and queries, and is
 * called only when somebody asks.
 */
export function recordMap(
  name: string,
  weights: (heads?: readonly number[], queries?: readonly number[]) => tf.Tensor4D,
): void {
  if (recorder === undefined) return;
  const times = (recorder.timesRun.get(name) ?? 0) + 1;
  recorder.timesRun.set(name, times);
  const unique = times === 1 ? name : `${name}#${times}`;
  if (recorder.names?.(unique) === false) return;
  const kept = tf.tidy(() => tf.clone(weights(recorder!.heads, recorder!.queries)));
  recorder.maps.push({ name: unique, weights: tf.keep(kept) });
}

/** The asked heads and queries of a whole map [B, H, L, S]. */
export function selectRows(weights: tf.Tensor4D, heads?: readonly number[], queries?: readonly number[]): tf.Tensor4D {
  const ofHeads = heads === undefined ? weights : tf.gather(weights, tf.tensor1d([...heads], 'int32'), 1);
  return queries === undefined ? ofHeads : tf.gather(ofHeads, tf.tensor1d([...queries], 'int32'), 2);
}
