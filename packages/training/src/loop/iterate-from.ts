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

/** The next `count` items, or fewer at the end, or as many as there are when `signal` aborts: the source is not waited for then. */
export async function take<B>(iterator: BatchIterator<B>, count: number, signal?: AbortSignal): Promise<B[]> {
  const taken: B[] = [];
  while (taken.length < count) {
    const { done, value } = await nextUnlessAborted(iterator, signal);
    if (done === true) break;
    taken.push(value);
  }
  return taken;
}

function nextUnlessAborted<B>(
  iterator: BatchIterator<B>,
  signal: AbortSignal | undefined,
): IteratorResult<B> | Promise<IteratorResult<B>> {
  if (signal === undefined) return iterator.next();
  if (signal.aborted) return { done: true, value: undefined };
  return new Promise((resolve, reject) => {
    const stop = () => resolve({ done: true, value: undefined });
    signal.addEventListener('abort', stop, { once: true });
    Promise.resolve(iterator.next())
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', stop));
  });
}
