import { describe, expect, it } from 'vitest';
import { prefetch } from './prefetch.ts';

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe('prefetch', () => {
  it('gives the same items in the same order', async () => {
    expect(await all(prefetch([1, 2, 3], 2))).toEqual([1, 2, 3]);
    expect(await all(prefetch([], 2))).toEqual([]);
  });

  it('asks for so many items before they are wanted, and no more', async () => {
    let asked = 0;
    function* source() {
      for (;;) yield ++asked;
    }
    const iterator = prefetch(source(), 3)[Symbol.asyncIterator]();
    await iterator.next();
    await new Promise((resolve) => setTimeout(resolve, 1));
    expect(asked).toBe(4);
    await iterator.return!();
  });

  it('throws an error where its item would have come, and closes the source', async () => {
    let closed = false;
    function* source() {
      try {
        yield 1;
        yield 2;
        throw new Error('broken');
      } finally {
        closed = true;
      }
    }
    const found: number[] = [];
    const read = async () => {
      for await (const item of prefetch(source(), 5)) found.push(item);
    };
    await expect(read()).rejects.toThrow('broken');
    expect(found).toEqual([1, 2]);
    expect(closed).toBe(true);
  });

  it('closes the source when the reader leaves', async () => {
    let closed = false;
    async function* source() {
      try {
        for (let i = 0; ; i++) yield i;
      } finally {
        closed = true;
      }
    }
    for await (const item of prefetch(source(), 2)) if (item === 1) break;
    expect(closed).toBe(true);
  });

  it('refuses to be nothing', () => {
    expect(() => prefetch([], 0)).toThrow('prefetch: ahead must be a positive integer, got 0');
  });
});
