import { Random } from '@heed/attention-core';
import { paddedSize } from '@heed/tasks';
import { dataLoader, type HostMatrix, type HostVector } from '@heed/training';
import type { RecommenderConfig } from './recommender-config.ts';

/** What a training step sees. */
export type TrainingBatch = {
  /** int32 [B, L] */
  readonly items: HostMatrix;
  /** int32 [B] */
  readonly lengths: HostVector;
  /** int32 [T]: where in the batch's B · L places something comes next; those that count first. */
  readonly places: HostVector;
  /** int32 [T]: what comes next there, −1 where nothing counts. */
  readonly targets: HostVector;
  /** int32: drawn items, [N] for all targets or [T, N] for each; of the full loss [0]. */
  readonly negatives: HostVector;
};

/** Histories as int32 rows, padded by item 0, which causal attention never sees. */
export function historyRows(
  histories: readonly Int32Array[],
  length: number,
): Pick<TrainingBatch, 'items' | 'lengths'> {
  const data = new Int32Array(histories.length * length);
  for (const [row, history] of histories.entries()) data.set(history, row * length);
  return {
    items: { data, shape: [histories.length, length] },
    lengths: { data: Int32Array.from(histories, (history) => history.length), shape: [histories.length] },
  };
}

/** Each history but its last item, with what came next at every place; targets are packed, padding is none of them. */
export function historyBatches(
  histories: readonly Int32Array[],
  items: number,
  config: RecommenderConfig,
  { batchSize, buckets }: { readonly batchSize: number; readonly buckets: number },
) {
  const { maximumLength, seed } = config;
  const newest = histories.filter(({ length }) => length > 1).map((history) => history.subarray(-maximumLength - 1));
  if (newest.length === 0) throw new Error('Recommender.fit: a user must have two interactions, got none of that kind');
  return dataLoader({
    examples: newest.map(({ length }) => length - 1),
    batchSize,
    buckets,
    seed,
    make: (members, { length }): TrainingBatch => {
      const own = members.map((index) => newest[index]);
      const rows = historyRows(
        own.map((history) => history.subarray(0, -1)),
        length,
      );
      const places = own.flatMap((history, row) =>
        Array.from({ length: history.length - 1 }, (_, at) => row * length + at),
      );
      const targets = own.flatMap((history) => [...history.subarray(1)]);
      const room = paddedSize(targets.length);
      return {
        ...rows,
        places: { data: Int32Array.from({ length: room }, (_, i) => places[i] ?? 0), shape: [room] },
        targets: { data: Int32Array.from({ length: room }, (_, i) => targets[i] ?? -1), shape: [room] },
        negatives: drawn(config, items, room, members),
      };
    },
  });
}

/** Items with equal chances; which ones follows from the batch's members, so that a resumed run draws the same. */
function drawn(config: RecommenderConfig, items: number, targets: number, members: readonly number[]): HostVector {
  if (config.loss === 'cross-entropy') return { data: new Int32Array(), shape: [0] };
  const count = config.loss === 'sampled' ? config.negatives : targets * config.negatives;
  const draws = new Random(config.seed).fork(`negatives ${members.join(' ')}`).uniforms(count);
  return { data: Int32Array.from(draws, (draw) => Math.min(items - 1, Math.floor(draw * items))), shape: [count] };
}
