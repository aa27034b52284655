import { IGNORED } from '@heed/tasks';
import {
  dataLoader,
  fingerprint,
  type DataLoader,
  type HostMatrix,
  type HostVector,
  type SyncEpochBatches,
} from '@heed/training';

export { IGNORED };

/** A source and the target to be written for it, as indices, without start and end. */
export interface IndexedPair {
  readonly source: readonly number[];
  readonly target: readonly number[];
}

/** What a sequence-to-sequence model reads. */
export type IndexedSourceBatch = {
  /** int32 [B, S] */
  readonly source: HostMatrix;
  /** int32 [B] */
  readonly sourceLengths: HostVector;
};

/** What a training step of a sequence-to-sequence model sees. */
export type PairBatch = IndexedSourceBatch & {
  /** int32 [B, L]: the start symbol, then the target. */
  readonly targetInputs: HostMatrix;
  /** int32 [B, L]: the target, then the end symbol, then `IGNORED`. */
  readonly targets: HostMatrix;
};

export interface SequenceBatchesOptions {
  readonly batchSize: number;
  /** Decides the order of every epoch. */
  readonly seed: number;
  readonly start: number;
  readonly end: number;
  /** How many shapes batches have. Default 6. */
  readonly buckets?: number;
}

/**
 * Pairs in batches of similar length, in another order every epoch: a `dataLoader` with buckets.
 *
 * @throws if there are no pairs, a source is empty, or the batch size is not a positive integer
 */
export function sequenceBatches(
  pairs: readonly IndexedPair[],
  { batchSize, seed, start, end, buckets = 6 }: SequenceBatchesOptions,
): DataLoader<SyncEpochBatches<PairBatch>> {
  if (pairs.length === 0) throw new Error('sequenceBatches: at least one pair is needed, got none');
  const empty = pairs.findIndex(({ source }) => source.length === 0);
  if (empty >= 0) throw new Error(`sequenceBatches: a source must not be empty, got an empty one in pair ${empty}`);
  const data = dataLoader({
    examples: pairs.map(({ source, target }) => Math.max(source.length, target.length + 1)),
    batchSize,
    buckets,
    seed,
    make: (members, { bucket }) => {
      const chosen = members.map((index) => pairs[index]);
      const { source, target } = rooms[bucket];
      const sources = chosen.map((pair) => pair.source);
      const inputs = chosen.map((pair) => [start, ...pair.target]);
      const targets = chosen.map((pair) => [...pair.target, end]);
      return {
        ...sourceBatch(sources, source),
        targetInputs: padded(inputs, target, end),
        targets: padded(targets, target, IGNORED),
      };
    },
  });
  const rooms = roomsOf(pairs, data.bucketOf, data.bounds.length);
  return data;
}

/** Sources as a batch. @param steps S, at least the longest source's length */
export function sourceBatch(sources: readonly (readonly number[])[], steps: number): IndexedSourceBatch {
  return {
    source: padded(sources, steps, 0),
    sourceLengths: { data: Int32Array.from(sources, ({ length }) => length), shape: [sources.length] },
  };
}

/** Tells one set of pairs from another, so that a checkpoint is not continued on other data. */
export function fingerprintOfPairs(pairs: readonly IndexedPair[]): string {
  const numbers = pairs.flatMap(({ source, target }) => [...source, -1, ...target, -2]);
  return `${pairs.length} pairs, ${fingerprint(numbers)}`;
}

function padded(rows: readonly (readonly number[])[], width: number, filler: number): HostMatrix {
  const data = new Int32Array(rows.length * width).fill(filler);
  for (const [i, row] of rows.entries()) data.set(row, i * width);
  return { data, shape: [rows.length, width] };
}

/** The longest source and target of each bucket; a bucket's is at least that of the one before, whose rest it takes. */
function roomsOf(pairs: readonly IndexedPair[], bucketOf: readonly number[], count: number) {
  const rooms = Array.from({ length: count }, () => ({ source: 0, target: 0 }));
  for (const [i, { source, target }] of pairs.entries()) {
    const room = rooms[bucketOf[i]];
    room.source = Math.max(room.source, source.length);
    room.target = Math.max(room.target, target.length + 1);
  }
  for (let i = 1; i < count; i++) {
    rooms[i].source = Math.max(rooms[i].source, rooms[i - 1].source);
    rooms[i].target = Math.max(rooms[i].target, rooms[i - 1].target);
  }
  return rooms;
}
