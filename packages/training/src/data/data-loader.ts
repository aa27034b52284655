import type { Batch, Batches } from '../loop/batch.ts';
import { planBatches, type BatchPlanOptions } from './plan-batches.ts';
import { prefetch } from './prefetch.ts';

export interface DataLoaderOptions<B extends Batch> extends BatchPlanOptions {
  /** Makes a batch of these examples: reads, pads, augments. It may take its time. */
  readonly make: (examples: readonly number[]) => B | Promise<B>;
  /** How many batches are being made while one is used. Helps where `make` waits; work of its own belongs in a worker. Default 0. */
  readonly ahead?: number;
}

/**
 * The `data` of a training over examples that can be had by number: in batches, shuffled anew in every epoch, by length where lengths are given.
 * A resumed run skips batches without making them.
 *
 * @throws if an option is out of range
 *
 * @example
 * ```ts
 * import { dataLoader } from '@heed/training';
 * const rows = [[1, 2], [3, 4], [5, 6]];
 * const data = dataLoader({
 *   examples: rows.length,
 *   batchSize: 2,
 *   seed: 7,
 *   make: (chosen) => ({ x: { data: Float32Array.from(chosen.flatMap((i) => rows[i])), shape: [chosen.length, 2] } }),
 * });
 * for await (const { x } of data(0)) console.log(x.shape); // [2, 2], then [1, 2]; train({ data }) takes it as it is
 * ```
 */
export function dataLoader<B extends Batch>(options: DataLoaderOptions<B>): (epoch: number) => Batches<B> {
  const { make, ahead = 0 } = options;
  planBatches({ ...options, examples: 0 }, 0); // refuses bad options now, not at the first epoch
  return (epoch) => {
    const plan = planBatches(options, epoch);
    const from = (first: number) => {
      const batches = makeAll(plan.slice(first), make);
      return ahead === 0 ? batches : prefetch(batches, ahead);
    };
    return { [Symbol.asyncIterator]: () => from(0)[Symbol.asyncIterator](), skip: from, length: plan.length };
  };
}

/** Begins a batch whenever it is asked for the next, finished or not: `prefetch` has several in the making. */
function makeAll<B>(
  plan: readonly (readonly number[])[],
  make: (examples: readonly number[]) => B | Promise<B>,
): AsyncIterable<B> {
  return {
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
