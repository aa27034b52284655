import { describe, expect, it } from 'vitest';
import { batchStream } from './batch-stream.ts';

async function lists(items: number[], size: number): Promise<number[][]> {
  const found: number[][] = [];
  for await (const list of batchStream(items, size)) found.push(list);
  return found;
}

describe('batchStream', () => {
  it('gives full lists, and a shorter last one where items are left', async () => {
    expect(await lists([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
    expect(await lists([1, 2], 2)).toEqual([[1, 2]]);
    expect(await lists([], 2)).toEqual([]);
  });

  it('refuses a size of none', async () => {
    await expect(lists([1], 0)).rejects.toThrow('batchStream: size must be a positive integer, got 0');
  });
});
