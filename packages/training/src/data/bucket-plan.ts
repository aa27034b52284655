import { Random } from '@heed/attention-core';
import { bucketBounds } from './bucket-bounds.ts';

export interface BucketPlanOptions {
  /** How long each example is. */
  readonly lengths: ArrayLike<number>;
  readonly batchSize: number;
  /** How many shapes batches have at most. */
  readonly buckets: number;
  /** Decides the order of every epoch. Without one, examples come in their own order. */
  readonly seed?: number | undefined;
}

/** Members of one batch, and the bucket whose shape they are padded to. */
export interface PlannedBatch {
  /** Indices of examples. */
  readonly members: readonly number[];
  readonly bucket: number;
}

/**
 * Which examples make the batches of an epoch: those of similar length together, in another order every epoch.
 *
 * A bucket has one shape in all epochs, so that a recorded step is replayed. What is left over in a bucket at an epoch's end goes with the
 * larger ones: every example is seen once an epoch, and only the last batch is smaller.
 */
export class BucketPlan {
  /** The greatest length of each bucket, rising. */
  readonly bounds: readonly number[];
  /** The bucket of each example. */
  readonly bucketOf: readonly number[];

  /** @throws if `buckets` is not a positive integer */
  constructor(private readonly options: BucketPlanOptions) {
    const lengths = Array.from(options.lengths);
    const bounds = bucketBounds(lengths, options.buckets);
    this.bounds = bounds;
    this.bucketOf = lengths.map((length) => bounds.findIndex((bound) => length <= bound));
  }

  /** @param number counted from 0 */
  epoch(number: number): PlannedBatch[] {
    const { batchSize, seed } = this.options;
    const examples = [...this.bucketOf.keys()];
    const order = seed === undefined ? examples : new Random(seed).fork(`epoch ${number}`).shuffle(examples);
    const batches: PlannedBatch[] = [];
    const open: number[][] = this.bounds.map(() => []);
    for (const index of order) {
      const bucket = this.bucketOf[index];
      if (open[bucket].push(index) === batchSize) batches.push({ members: open[bucket].splice(0), bucket });
    }
    const rest: number[] = [];
    for (const [bucket, members] of open.entries()) {
      rest.push(...members);
      if (rest.length >= batchSize) batches.push({ members: rest.splice(0, batchSize), bucket });
    }
    if (rest.length > 0) batches.push({ members: rest, bucket: open.length - 1 });
    return batches;
  }
}
