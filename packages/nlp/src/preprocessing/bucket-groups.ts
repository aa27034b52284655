import { Random } from '@heed/attention-core';
import { bucketBounds } from './buckets.ts';
import { epochBatches } from './epoch-batches.ts';

export interface BucketGroupsOptions {
  readonly batchSize: number;
  /** Decides the order of every epoch. */
  readonly seed: number;
  /** How many shapes batches have at most. */
  readonly buckets: number;
}

/** Members of one batch, and how much room the largest of its bucket needs. */
export interface BucketGroup {
  /** Indices of examples. */
  readonly members: readonly number[];
  readonly bucket: number;
}

/**
 * Which examples make the batches of an epoch: those of similar size together, in another order every epoch.
 *
 * What is left over in a bucket at an epoch's end goes with the larger ones: every example is seen once an epoch, and only the last batch is
 * smaller.
 */
export class BucketGroups {
  /** Batches in an epoch. */
  readonly perEpoch: number;
  /** The largest size of each bucket, rising. */
  readonly bounds: readonly number[];
  /** The bucket of each example. */
  readonly bucketOf: readonly number[];

  /** @throws if the batch size is not a positive integer, in the name of `owner` */
  constructor(
    owner: string,
    sizes: readonly number[],
    private readonly options: BucketGroupsOptions,
  ) {
    const { batchSize } = options;
    if (!Number.isInteger(batchSize) || batchSize < 1) {
      throw new Error(`${owner}: batchSize must be a positive integer, got ${batchSize}`);
    }
    const bounds = bucketBounds(sizes, options.buckets);
    this.bounds = bounds;
    this.bucketOf = sizes.map((size) => bounds.findIndex((bound) => size <= bound));
    this.perEpoch = Math.ceil(sizes.length / options.batchSize);
  }

  /** @param number counted from 0 */
  *epoch(number: number): Generator<BucketGroup> {
    const { batchSize, seed } = this.options;
    const order = new Random(seed).fork(`epoch ${number}`).shuffle([...this.bucketOf.keys()]);
    const open: number[][] = this.bounds.map(() => []);
    for (const index of order) {
      const bucket = this.bucketOf[index];
      if (open[bucket].push(index) === batchSize) yield { members: open[bucket].splice(0), bucket };
    }
    let rest: number[] = [];
    for (const [bucket, members] of open.entries()) {
      rest.push(...members);
      if (rest.length >= batchSize) yield { members: rest.splice(0, batchSize), bucket };
    }
    if (rest.length > 0) yield { members: rest, bucket: open.length - 1 };
  }
  /** The batches of an epoch, as `train()` takes them. @param number counted from 0 @param make one of them from its members */
  batches<B>(
    number: number,
    make: (group: BucketGroup) => B,
  ): Iterable<B> & { readonly length: number; skip(count: number): Iterable<B> } {
    const groups = [...this.epoch(number)];
    function* from(first: number): Generator<B> {
      for (const group of groups.slice(first)) yield make(group);
    }
    return { length: groups.length, ...epochBatches(from) };
  }
}
