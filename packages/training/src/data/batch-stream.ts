import { requireIntegers } from '@heed/attention-core';

/**
 * Items of a stream in lists of `size`, the last of which may be shorter.
 *
 * @throws if `size` is not a positive integer
 *
 * @example
 * ```ts
 * import { batchStream } from '@heed/training';
 * for await (const chosen of batchStream(['a', 'b', 'c'], 2)) console.log(chosen); // ['a', 'b'], then ['c']
 * ```
 */
export async function* batchStream<T>(
  items: Iterable<T> | AsyncIterable<T>,
  size: number,
): AsyncGenerator<T[], void, undefined> {
  requireIntegers('batchStream', { size });
  let batch: T[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
