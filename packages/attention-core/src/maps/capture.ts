import * as tf from '@tensorflow/tfjs';
import { isIntervening } from './intervene.ts';
import type { MapKind } from './map-kind.ts';

/** The weights of one attention that ran, over all pairs of queries and keys. */
export interface AttentionMap {
  /** Absent in maps that were made by hand. */
  readonly kind?: 'matrix';
  /** The attention's name, made unique by `#2`, `#3`, … where one name ran more than once. */
  readonly name: string;
  /** [B, H, L, S], or the heads and queries that were asked for. The caller disposes it. */
  readonly weights: tf.Tensor4D;
}

/** The weights of one attention over edges that ran: what `AttentionMap` is for sequences, without the N × N matrix. */
export interface EdgeMap {
  readonly kind: 'edges';
  /** As in `AttentionMap`. */
  readonly name: string;
  /** [E, H], in the order of the edges, or the heads that were asked for; over the edges into a node they sum to 1. The caller disposes it. */
  readonly weights: tf.Tensor2D;
}

export interface CaptureOptions {
  /** Which attentions to keep the maps of. Default: those over matrices. */
  readonly kind?: 'matrix';
  /** Keep only maps whose name passes. Default: all. */
  readonly names?: (name: string) => boolean;
  /** Keep only these heads. Default: all. */
  readonly heads?: readonly number[];
  /** Keep only these queries. Default: all. */
  readonly queries?: readonly number[];
}

/** Of attention over the edges of a graph. */
export interface EdgeCaptureOptions extends Pick<CaptureOptions, 'names' | 'heads'> {
  readonly kind: 'edges';
}

interface Recorder extends Omit<CaptureOptions, 'kind'> {
  readonly kind: MapKind;
  readonly maps: (AttentionMap | EdgeMap)[];
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
  options?: CaptureOptions,
): { result: T; maps: AttentionMap[] };
export function capture<T extends tf.TensorContainer>(
  run: () => T,
  options: EdgeCaptureOptions,
): { result: T; maps: EdgeMap[] };
export function capture<T extends tf.TensorContainer>(
  run: () => T,
  options: CaptureOptions | EdgeCaptureOptions = {},
): { result: T; maps: (AttentionMap | EdgeMap)[] } {
  const outer = recorder;
  const maps: (AttentionMap | EdgeMap)[] = [];
  recorder = { kind: 'matrix', ...options, maps, timesRun: new Map() };
  try {
    return { result: run(), maps };
  } catch (error) {
    tf.dispose(maps.map((map) => map.weights));
    throw error;
  } finally {
    recorder = outer;
  }
}

/** Whether maps, of either kind, are being kept or changed (`intervene`): compiled functions run uncompiled then. */
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
  record('matrix', name, ({ heads, queries }) => weights(heads, queries));
}

/** The same for attention over edges, whose `weights` are [E, H]. */
export function recordEdges(name: string, weights: tf.Tensor2D): void {
  record('edges', name, ({ heads }) =>
    heads === undefined ? weights : tf.gather(weights, tf.tensor1d([...heads], 'int32'), 1),
  );
}

function record(kind: MapKind, name: string, make: (asked: Recorder) => tf.Tensor): void {
  if (recorder?.kind !== kind) return;
  const asked = recorder;
  const times = (asked.timesRun.get(name) ?? 0) + 1;
  asked.timesRun.set(name, times);
  const unique = times === 1 ? name : `${name}#${times}`;
  if (asked.names?.(unique) === false) return;
  const weights = tf.keep(tf.tidy(() => tf.clone<tf.Tensor>(make(asked))));
  asked.maps.push({ kind, name: unique, weights } as AttentionMap | EdgeMap);
}

/** The asked heads and queries of a whole map [B, H, L, S]. */
export function selectRows(weights: tf.Tensor4D, heads?: readonly number[], queries?: readonly number[]): tf.Tensor4D {
  const ofHeads = heads === undefined ? weights : tf.gather(weights, tf.tensor1d([...heads], 'int32'), 1);
  return queries === undefined ? ofHeads : tf.gather(ofHeads, tf.tensor1d([...queries], 'int32'), 2);
}
