import * as tf from '@tensorflow/tfjs';

/** The weights of one attention over edges that ran: what `AttentionMap` is for sequences, without the N×N matrix. */
export interface EdgeMap {
  /** The layer's name, made unique by `#2`, `#3`, … where one name ran more than once. */
  readonly name: string;
  /** [E, H], in the order of the edges; over the edges into a node they sum to 1. The caller disposes it. */
  readonly weights: tf.Tensor2D;
}

interface Recorder {
  readonly maps: EdgeMap[];
  readonly timesRun: Map<string, number>;
}

let recorder: Recorder | undefined;

/**
 * Runs `run` and keeps the edge weights of every layer inside it. Without it no weights are kept and nothing is paid.
 * `run` must not be compiled: a recorded function does not pass here again.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { Random } from '@heed/attention-core';
 * import { captureEdges, edgeTensors, GatLayer } from '@heed/graph';
 * const edges = edgeTensors({ sources: Int32Array.of(0, 1), targets: Int32Array.of(2, 2) }, 3);
 * const layer = new GatLayer({ inputs: 4, headWidth: 8, random: new Random(7) });
 * const { maps } = captureEdges(() => layer.forward(tf.ones([3, 4]), edges));
 * maps[0].weights.print(); // [[0.5], [0.5]]
 * ```
 */
export function captureEdges<T extends tf.TensorContainer>(run: () => T): { result: T; maps: EdgeMap[] } {
  const outer = recorder;
  const maps: EdgeMap[] = [];
  recorder = { maps, timesRun: new Map() };
  try {
    return { result: run(), maps };
  } catch (error) {
    tf.dispose(maps.map((map) => map.weights));
    throw error;
  } finally {
    recorder = outer;
  }
}

/** Called by every layer once it knows its weights [E, H]. */
export function recordEdgeWeights(name: string, weights: tf.Tensor): void {
  if (recorder === undefined) return;
  const times = (recorder.timesRun.get(name) ?? 0) + 1;
  recorder.timesRun.set(name, times);
  recorder.maps.push({
    name: times === 1 ? name : `${name}#${times}`,
    weights: tf.keep(tf.clone(weights)) as tf.Tensor2D,
  });
}
