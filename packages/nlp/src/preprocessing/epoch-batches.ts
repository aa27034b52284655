/** An epoch's batches, as `train()` takes them. @param generate makes them from so many on */
export function epochBatches<B>(
  generate: (skipped: number) => Iterable<B>,
): Iterable<B> & { skip(count: number): Iterable<B> } {
  return {
    [Symbol.iterator]: () => generate(0)[Symbol.iterator](),
    skip: (count) => ({ [Symbol.iterator]: () => generate(count)[Symbol.iterator]() }),
  };
}
