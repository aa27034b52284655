import type { Batch, Batches } from './batch.ts';

type BatchIterator<B> = Iterator<B> | AsyncIterator<B>;

/** An iterator that has passed over the first `count` batches. */
export function iterateFrom<B extends Batch>(batches: Batches<B>, count: number): BatchIterator<B> {
  const rest = count > 0 && batches.skip !== undefined ? batches.skip(count) : batches;
  const iterator = Symbol.asyncIterator in rest ? rest[Symbol.asyncIterator]() : rest[Symbol.iterator]();
  return rest === batches && count > 0 ? skipping(iterator, count) : iterator;
}

function skipping<B>(iterator: BatchIterator<B>, count: number): AsyncIterator<B> {
  let left = count;
  return {
    async next() {
      for (; left > 0; left--) await iterator.next();
      return iterator.next();
    },
    async return(value?: unknown) {
      await iterator.return?.();
      return { done: true, value };
    },
  };
}
