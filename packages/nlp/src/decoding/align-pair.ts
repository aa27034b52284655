import { batchTensors } from '@heed/training';
import type { SequenceModel } from '@heed/tasks';
import * as tf from '@tensorflow/tfjs';
import { sourceBatch } from '../preprocessing/sequence-batches.ts';

/**
 * How much each symbol of a target looks at each of its source, by teacher forcing.
 *
 * @returns one row for each target symbol; undefined for an empty target, and where the model has no attention
 */
export function alignPair(
  model: SequenceModel,
  source: readonly number[],
  target: readonly number[],
  start: number,
): number[][] | undefined {
  if (target.length === 0) return undefined;
  const inputs = { data: Int32Array.from([start, ...target.slice(0, -1)]), shape: [1, target.length] as const };
  const batch = batchTensors({ ...sourceBatch([source], source.length), targetInputs: inputs });
  try {
    const aligned = model.align(batch);
    const rows = aligned?.arraySync()[0];
    aligned?.dispose();
    return rows;
  } finally {
    tf.dispose(batch);
  }
}
