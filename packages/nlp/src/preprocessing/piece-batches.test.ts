import { describe, expect, it } from 'vitest';
import { pieceBatch, PieceBatches, type LabelledPieces, type PieceBatch } from './piece-batches.ts';

// [CLS] 2, [SEP] 3; the second token of the first sentence has two pieces
const sentences: LabelledPieces[] = [
  { ids: [2, 10, 11, 12, 3], places: [1, 2], labels: [4, 5] },
  { ids: [2, 13, 3], places: [1], labels: [6] },
];

describe('pieceBatch', () => {
  it('labels the piece that stands for each token, and no other', () => {
    expect(pieceBatch(sentences, 6)).toEqual({
      tokens: { data: Int32Array.of(2, 10, 11, 12, 3, 0, 2, 13, 3, 0, 0, 0), shape: [2, 6] },
      lengths: { data: Int32Array.of(5, 3), shape: [2] },
      labels: {
        data: Int32Array.of(-100, 4, 5, -100, -100, -100, -100, 6, -100, -100, -100, -100),
        shape: [2, 6],
      },
    });
  });
});

describe('PieceBatches', () => {
  const many = Array.from({ length: 9 }, (_, i) => sentences[i % 2]);
  const epoch = (seed: number, number: number) => [
    ...(new PieceBatches(many, { batchSize: 2, buckets: 2, seed }).epoch(number) as Iterable<PieceBatch>),
  ];

  it('shows every sentence once an epoch, padded to its bucket, in another order every time', () => {
    const batches = epoch(1, 0);
    expect(batches).toHaveLength(5);
    const lengths = batches.flatMap((batch) => [...batch.lengths.data]);
    expect(lengths.toSorted()).toEqual([3, 3, 3, 3, 5, 5, 5, 5, 5]);
    for (const { tokens, lengths } of batches) expect(tokens.shape[1]).toBe(Math.max(...lengths.data));
    expect(epoch(1, 0)).toEqual(batches);
    expect([epoch(1, 1), epoch(1, 2), epoch(1, 3)]).not.toEqual([batches, batches, batches]);
  });

  it('refuses no sentences, and a batch size that is none', () => {
    expect(() => new PieceBatches([], { batchSize: 1, buckets: 1, seed: 1 })).toThrow(
      'PieceBatches: at least one sentence is needed, got none',
    );
    expect(() => new PieceBatches(many, { batchSize: 0, buckets: 1, seed: 1 })).toThrow(
      'PieceBatches: batchSize must be a positive integer, got 0',
    );
  });
});
