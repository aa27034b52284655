import { requireIntegers, Random } from '@heed/attention-core';

export interface ShuffleStreamOptions {
  /** How many items wait to be drawn: an item moves about so far. */
  readonly buffer: number;
  /** The same seed and items give the same order. Use another in every epoch, e.g. `seed + epoch`. */
  readonly seed: number;
}

/**
 * Items of a stream in shuffled order, with a bounded part of them in memory.
 *
 * @throws if `buffer` is not a positive integer
 *
 * @example
 * ```ts
 * import { shuffleStream } from '@heed/training';
 * const letters = ['a', 'b', 'c', 'd']; // or lines(file)
 * for await (const letter of shuffleStream(letters, { buffer: 10_000, seed: 7 })) console.log(letter);
 * ```
 */
export async function* shuffleStream<T>(
  items: Iterable<T> | AsyncIterable<T>,
  { buffer, seed }: ShuffleStreamOptions,
): AsyncGenerator<T, void, undefined> {
  requireIntegers('shuffleStream', { buffer });
  const random = new Random(seed);
  const waiting: T[] = [];
  for await (const item of items) {
    if (waiting.length < buffer) {
      waiting.push(item);
      continue;
    }
    const chosen = random.integer(buffer);
    const drawn = waiting[chosen];
    waiting[chosen] = item;
    yield drawn;
  }
  yield* random.shuffle(waiting);
}
