import type { HostMatrix } from '@heed/training';
import { IGNORED } from './sequence-batches.ts';
import { tokenBatch, type TokenRows } from './token-batch.ts';

/** A sentence as word pieces, special ones included, and where each of its tokens is labelled. */
export interface LabelledPieces {
  readonly ids: readonly number[];
  readonly places: readonly number[];
  /** The index of each token's label. */
  readonly labels: readonly number[];
}

/** What a training step of a tagger on word pieces sees. */
export type PieceBatch = TokenRows & {
  /** int32 [B, L]: the label of the token that is labelled there, `IGNORED` at all other pieces. */
  readonly labels: HostMatrix;
};

/** Sentences as one batch. @param length L, at least the longest sentence's */
export function pieceBatch(sentences: readonly LabelledPieces[], length: number): PieceBatch {
  const data = new Int32Array(sentences.length * length).fill(IGNORED);
  for (const [row, { places, labels }] of sentences.entries()) {
    for (const [i, label] of labels.entries()) data[row * length + places[i]] = label;
  }
  return { ...tokenBatch(sentences, length), labels: { data, shape: [sentences.length, length] } };
}
