import type { Batch } from '../loop/batch.ts';
import { BucketPlan, type PlannedBatch } from './bucket-plan.ts';
import { planBatches, type BatchPlanOptions } from './plan-batches.ts';
import { prefetch } from './prefetch.ts';

/** What the examples of a batch are padded to. */
export interface BatchRoom {
  /** Length of the batch's longest example, with `buckets` of its bucket's; 0 where no lengths were given. */
  readonly length: number;
  /** The number of its bucket, counted from 0; 0 without `buckets`. */
  readonly bucket: number;
}

/** Makes a batch of these examples: reads, pads, augments. */
export type MakeBatch<R> = (examples: readonly number[], room: BatchRoom) => R;

export interface DataLoaderOptions<R> extends BatchPlanOptions {
  /** It may take its time; what it returns at once comes at once. */
  readonly make: MakeBatch<R>;
  /**
   * How many shapes batches have at most; needs lengths. Examples fall into buckets by length, so that padding is least; each bucket has one shape in all
   * epochs, which a compiled step is recorded for once. What is left over in a bucket at an epoch's end goes with the longer ones, so that only the
   * last batch is smaller.
   */
  readonly buckets?: number;
  /** How many batches are being made while one is used. Helps where `make` waits; work of its own belongs in a worker. Default 0. */
  readonly ahead?: number;
}

/** The batches of one epoch. */
export type EpochBatches<B> = AsyncIterable<B> & {
  readonly length: number;
  /** The same batches without the first `count`, which are not made. */
  skip(count: number): AsyncIterable<B>;
};

/** The batches of one epoch whose `make` is synchronous: plain loops take them too. */
export type SyncEpochBatches<B> = EpochBatches<B> &
  Iterable<B> & { skip(count: number): AsyncIterable<B> & Iterable<B> };

/** The `data` of a training, and what is known of it. */
export interface DataLoader<E> {
  /** @param epoch counted from 0 */
  (epoch: number): E;
  /** Batches in an epoch. */
  readonly perEpoch: number;
  /** With `buckets`, the greatest length of each, rising. */
  readonly bounds: readonly number[];
  /** With `buckets`, the bucket of each example. */
  readonly bucketOf: readonly number[];
}

/**
 * The `data` of a training over examples that can be had by number: in batches, shuffled anew in every epoch, by length where lengths are given,
 * in few fixed shapes with `buckets`. A resumed run skips batches without making them.
 *
 * @throws if an option is out of range
 *
 * @example
 * ```ts
 * import { dataLoader } from '@heed/training';
 * const texts = [[5, 3, 8], [4], [9, 2], [7, 7, 1, 6]];
 * const data = dataLoader({
 *   examples: texts.map(({ length }) => length),
 *   batchSize: 2,
 *   buckets: 2,
 *   seed: 7,
 *   make: (chosen, { length }) => ({
 *     ids: {
 *       data: Int32Array.from(chosen.flatMap((i) => Array.from({ length }, (_, place) => texts[i][place] ?? 0))),
 *       shape: [chosen.length, length],
 *     },
 *   }),
 * });
 * data.bounds; // [2, 4]
 * for (const { ids } of data(0)) console.log(ids.shape); // [2, 2] and [2, 4]; train({ data }) takes it as it is
 * ```
 */
export function dataLoader<B extends Batch>(
  options: DataLoaderOptions<B> & { readonly ahead?: 0 },
): DataLoader<SyncEpochBatches<B>>;
export function dataLoader<B extends Batch>(options: DataLoaderOptions<B | Promise<B>>): DataLoader<EpochBatches<B>>;
export function dataLoader<B extends Batch>(options: DataLoaderOptions<B | Promise<B>>): DataLoader<EpochBatches<B>> {
  const { make, ahead = 0 } = options;
  const plan = epochPlan(options);
  const load = (epoch: number): EpochBatches<B> => {
    const batches = plan.epoch(epoch);
    const from = (first: number) => {
      const made = makeAll(batches.slice(first), ({ members, ...room }) => make(members, room));
      return ahead === 0 ? made : prefetch(made, ahead);
    };
    return Object.assign(from(0), { length: batches.length, skip: from });
  };
  return Object.assign(load, { perEpoch: plan.perEpoch, bounds: plan.bounds, bucketOf: plan.bucketOf });
}

interface EpochPlan {
  readonly perEpoch: number;
  readonly bounds: readonly number[];
  readonly bucketOf: readonly number[];
  epoch(number: number): ReadonlyArray<PlannedBatch & { readonly length: number }>;
}

function epochPlan({ examples, batchSize, buckets, seed, dropLast = false }: DataLoaderOptions<unknown>): EpochPlan {
  const options = { examples, batchSize, dropLast, ...(seed !== undefined && { seed }) };
  planBatches({ ...options, examples: 0 }, 0); // refuses bad options now, not at the first epoch
  const count = typeof examples === 'number' ? examples : examples.length;
  const perEpoch = dropLast ? Math.floor(count / batchSize) : Math.ceil(count / batchSize);
  if (buckets === undefined) {
    const lengthOf = (members: readonly number[]) =>
      typeof examples === 'number' ? 0 : members.reduce((longest, i) => Math.max(longest, examples[i]), 0);
    const epoch = (number: number) =>
      planBatches(options, number).map((members) => ({ members, bucket: 0, length: lengthOf(members) }));
    return { perEpoch, bounds: [], bucketOf: [], epoch };
  }
  if (typeof examples === 'number')
    throw new Error(`dataLoader: buckets need the examples' lengths, got examples=${examples}, buckets=${buckets}`);
  const plan = new BucketPlan({ lengths: examples, batchSize, buckets, seed });
  const epoch = (number: number) =>
    plan
      .epoch(number)
      .filter(({ members }) => !dropLast || members.length === batchSize)
      .map((batch) => ({ ...batch, length: plan.bounds[batch.bucket] }));
  return { perEpoch, bounds: plan.bounds, bucketOf: plan.bucketOf, epoch };
}

/** Makes a batch whenever it is asked for the next, finished or not: `prefetch` has several in the making. */
function makeAll<T, B>(plan: readonly T[], make: (batch: T) => B | Promise<B>): AsyncIterable<B> & Iterable<B> {
  return {
    *[Symbol.iterator]() {
      for (const batch of plan) yield make(batch) as B;
    },
    [Symbol.asyncIterator]() {
      let next = 0;
      return {
        async next() {
          if (next >= plan.length) return { done: true, value: undefined };
          return { done: false, value: await make(plan[next++]) };
        },
      };
    },
  };
}
