import { describe, expect, it } from 'vitest';
import { pieceBatch, type LabelledPieces } from './piece-batch.ts';

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
