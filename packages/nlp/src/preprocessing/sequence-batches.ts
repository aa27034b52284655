import type { HostArray } from '@heed/training';
import { BucketGroups } from './bucket-groups.ts';

/** A source and the target to be written for it, as indices, without start and end. */
export interface IndexedPair {
  readonly source: readonly number[];
  readonly target: readonly number[];
}

/** What a training step of a sequence-to-sequence model sees. */
export type PairBatch = {
  /** int32 [B, S] */
  readonly source: HostArray;
  /** int32 [B] */
  readonly sourceLengths: HostArray;
  /** int32 [B, L]: the start symbol, then the target. */
  readonly targetInputs: HostArray;
  /** int32 [B, L]: the target, then the end symbol, then `IGNORED`. */
  readonly targets: HostArray;
};

/** The label of positions that do not count. */
export const IGNORED = -100;

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
 * Pairs in batches of similar length, in another order every epoch.
 *
 * A batch's shape is that of its bucket, the same in every epoch, so that a recorded step is replayed. What is left over in a bucket at
 * an epoch's end goes with the longer ones: every pair is seen once an epoch, and only the last batch is smaller.
 */
export class SequenceBatches {
  /** Batches in an epoch. */
  readonly perEpoch: number;
  private readonly groups: BucketGroups;
  private readonly shapes: readonly { readonly source: number; readonly target: number }[];

  /** @throws if there are no pairs, a source is empty, or the batch size is not a positive integer */
  constructor(
    private readonly pairs: readonly IndexedPair[],
    private readonly options: SequenceBatchesOptions,
  ) {
    const { batchSize, buckets = 6 } = options;
    if (pairs.length === 0) throw new Error('SequenceBatches: at least one pair is needed, got none');
    const empty = pairs.findIndex(({ source }) => source.length === 0);
    if (empty >= 0) throw new Error(`SequenceBatches: a source must not be empty, got an empty one in pair ${empty}`);
    const sizes = pairs.map(({ source, target }) => Math.max(source.length, target.length + 1));
    this.groups = new BucketGroups('SequenceBatches', sizes, { batchSize, seed: options.seed, buckets });
    this.shapes = shapesOf(pairs, this.groups.bucketOf, this.groups.bounds.length);
    this.perEpoch = this.groups.perEpoch;
  }

  /** @param number counted from 0 */
  epoch(number: number): Iterable<PairBatch> & { skip(count: number): Iterable<PairBatch> } {
    return this.groups.batches(number, ({ members, bucket }) => this.batch(members, bucket));
  }

  private batch(members: readonly number[], bucket: number): PairBatch {
    const { start, end } = this.options;
    const { source: sourceSteps, target: targetSteps } = this.shapes[bucket];
    const pairs = members.map((index) => this.pairs[index]);
    return {
      ...sourceBatch(
        pairs.map(({ source }) => source),
        sourceSteps,
      ),
      targetInputs: padded(
        pairs.map(({ target }) => [start, ...target]),
        targetSteps,
        end,
      ),
      targets: padded(
        pairs.map(({ target }) => [...target, end]),
        targetSteps,
        IGNORED,
      ),
    };
  }
}

/** Sources as a batch. @param steps S, at least the longest source's length */
export function sourceBatch(
  sources: readonly (readonly number[])[],
  steps: number,
): Pick<PairBatch, 'source' | 'sourceLengths'> {
  return {
    source: padded(sources, steps, 0),
    sourceLengths: { data: Int32Array.from(sources, ({ length }) => length), shape: [sources.length] },
  };
}

function padded(rows: readonly (readonly number[])[], width: number, filler: number): HostArray {
  const data = new Int32Array(rows.length * width).fill(filler);
  for (const [i, row] of rows.entries()) data.set(row, i * width);
  return { data, shape: [rows.length, width] };
}

/** The longest source and target of each bucket; a bucket's is at least that of the one before, whose rest it takes. */
function shapesOf(pairs: readonly IndexedPair[], bucketOf: readonly number[], count: number) {
  const shapes = Array.from({ length: count }, () => ({ source: 0, target: 0 }));
  for (const [i, { source, target }] of pairs.entries()) {
    const shape = shapes[bucketOf[i]];
    shape.source = Math.max(shape.source, source.length);
    shape.target = Math.max(shape.target, target.length + 1);
  }
  for (let i = 1; i < count; i++) {
    shapes[i].source = Math.max(shapes[i].source, shapes[i - 1].source);
    shapes[i].target = Math.max(shapes[i].target, shapes[i - 1].target);
  }
  return shapes;
}
