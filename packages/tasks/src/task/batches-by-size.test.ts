import { describe, expect, it } from 'vitest';
import { batchesBySize } from './batches-by-size.ts';

const sizes = [9, 2, 30, 3, 10];

describe('batchesBySize', () => {
  it('puts inputs of similar size together, each batch as small as its inputs', () => {
    const batches = [...batchesBySize(sizes, { batchSize: 2, maximumSize: Infinity, padded: false })];
    expect(batches).toEqual([
      { members: [1, 3], filled: [1, 3], room: 3 },
      { members: [0, 4], filled: [0, 4], room: 10 },
      { members: [2], filled: [2], room: 30 },
    ]);
  });

  it('pads to few shapes: rows to a power of two, room to a rung, neither beyond what there is room for', () => {
    const batches = [...batchesBySize(sizes, { batchSize: 3, maximumSize: 31, padded: true })];
    expect(batches).toEqual([
      { members: [1, 3, 0], filled: [1, 3, 0], room: 16 },
      { members: [4, 2], filled: [4, 2], room: 31 },
    ]);
    const three = [...batchesBySize([1, 1, 1], { batchSize: 8, maximumSize: Infinity, padded: true })];
    expect(three).toEqual([{ members: [0, 1, 2], filled: [0, 1, 2, 0], room: 8 }]);
  });
});
