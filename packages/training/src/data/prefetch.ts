import { requireIntegers } from '@heed/attention-core';

/**
 * The same items in the same order, of which up to `ahead` are asked for before they are wanted. An error comes in its item's place.
 *
 * It helps where the source waits (files, network). A source that computes needs a worker: `workerBatches`.
 *
 * @throws if `ahead` is not a positive integer
 *
 * @example
 * ```ts
 * import { prefetch } from '@heed/training';
 * async function* pages() {
 *   for (let page = 0; page < 3; page++) yield Promise.resolve(`page ${page}`); // e.g. fetched
 * }
 * for await (const page of prefetch(pages(), 4)) console.log(page);
 * ```
 */
export function prefetch<T>(items: Iterable<T> | AsyncIterable<T>, ahead: number): AsyncIterable<T> {
  requireIntegers('prefetch', { ahead });
  return {
    [Symbol.asyncIterator]() {
      const source = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
      const asked: Array<Promise<IteratorResult<T>>> = [];
      const ask = () => {
        const result = Promise.resolve().then(() => source.next());
        result.catch(() => undefined); // it is thrown when its turn comes
        asked.push(result);
      };
      return {
        next() {
          while (asked.length <= ahead) ask();
          return asked.shift()!;
        },
        async return(value?: unknown) {
          await Promise.allSettled(asked);
          await source.return?.();
          return { done: true, value };
        },
      };
    },
  };
}
