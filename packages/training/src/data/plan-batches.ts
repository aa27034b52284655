import { requireIntegers, Random } from '@heed/attention-core';

export interface BatchPlanOptions {
  /** How many examples there are; or how long each is: then examples of similar length come together. */
  readonly examples: number | ArrayLike<number>;
  /** Examples per batch. */
  readonly batchSize: number;
  /** Decides the order of every epoch. Without one, examples come in their own order. */
  readonly seed?: number;
  /** Leave out a last batch that is not full. Default false. */
  readonly dropLast?: boolean;
}

/** Batches among which examples are put in order of length: more of them pad less, fewer shuffle better. */
const POOL = 64;

/**
 * Which examples make the batches of an epoch. The same seed and epoch always give the same plan, so that a resumed run finds its place.
 *
 * With lengths, the shuffled examples are taken in pools of 64 batches, each put in order of length and cut into batches, which are shuffled
 * again: batches pad little, and no two epochs are alike.
 *
 * @param epoch counted from 0
 * @returns indices of examples, batch by batch
 * @throws if an option is out of range
 *
 * @example
 * ```ts
 * import { planBatches } from '@heed/training';
 * planBatches({ examples: 5, batchSize: 2 }, 0); // [[0, 1], [2, 3], [4]]
 * planBatches({ examples: [9, 1, 8, 2], batchSize: 2, seed: 7 }, 0); // 1 and 3 together, 0 and 2 together
 * ```
 */
export function planBatches(options: BatchPlanOptions, epoch: number): number[][] {
  const { examples, batchSize, seed, dropLast = false } = options;
  const count = typeof examples === 'number' ? examples : examples.length;
  requireIntegers('planBatches', { examples: count }, 0);
  requireIntegers('planBatches', { batchSize });
  const random = seed === undefined ? undefined : new Random(seed).fork(`epoch ${epoch}`);
  const inOrder = Array.from({ length: count }, (_, i) => i);
  const order = random?.shuffle(inOrder) ?? inOrder;
  const batches = typeof examples === 'number' ? cut(order, batchSize) : byLength(order, examples, batchSize);
  const kept = dropLast ? batches.filter((batch) => batch.length === batchSize) : batches;
  return typeof examples === 'number' ? kept : (random?.shuffle(kept) ?? kept);
}

function byLength(order: readonly number[], lengths: ArrayLike<number>, batchSize: number): number[][] {
  return cut(order, batchSize * POOL).flatMap((pool) =>
    cut(
      pool.toSorted((a, b) => lengths[b] - lengths[a]),
      batchSize,
    ),
  );
}

function cut(items: readonly number[], size: number): number[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}
