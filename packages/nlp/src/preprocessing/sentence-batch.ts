import type { HostArray, HostMatrix, HostVector } from '@heed/training';

/** A sentence as indices: of its words, of the characters of each, and of its labels. */
export interface IndexedSentence {
  readonly words: readonly number[];
  readonly characters: readonly (readonly number[])[];
  readonly labels: readonly number[];
}

/** What a training step of a tagger sees: B sentences of up to T tokens of up to C characters. */
export type TaggedBatch = {
  /** int32 [B, T] */
  readonly words: HostMatrix;
  /** int32 [B, T, C] */
  readonly characters: HostArray<readonly [number, number, number]>;
  /** int32 [B, T] */
  readonly characterCounts: HostMatrix;
  /** int32 [B] */
  readonly lengths: HostVector;
  /** int32 [B, T] */
  readonly labels: HostMatrix;
};

/** Sentences as one batch. @param steps T, at least the longest sentence's length @param characters C, at least the longest token's */
export function sentenceBatch(sentences: readonly IndexedSentence[], steps: number, characters: number): TaggedBatch {
  const rows = sentences.length;
  const batch: TaggedBatch = {
    words: { data: new Int32Array(rows * steps), shape: [rows, steps] },
    characters: { data: new Int32Array(rows * steps * characters), shape: [rows, steps, characters] },
    characterCounts: { data: new Int32Array(rows * steps), shape: [rows, steps] },
    lengths: { data: Int32Array.from(sentences, ({ words }) => words.length), shape: [rows] },
    labels: { data: new Int32Array(rows * steps), shape: [rows, steps] },
  };
  for (const [row, sentence] of sentences.entries()) {
    batch.words.data.set(sentence.words, row * steps);
    batch.labels.data.set(sentence.labels, row * steps);
    for (const [token, spelling] of sentence.characters.entries()) {
      batch.characterCounts.data[row * steps + token] = spelling.length;
      batch.characters.data.set(spelling, (row * steps + token) * characters);
    }
  }
  return batch;
}

/** C of a batch that holds these sentences, at least 1. */
export function longestToken(sentences: readonly Pick<IndexedSentence, 'characters'>[]): number {
  return sentences.reduce(
    (most, { characters }) => characters.reduce((longest, { length }) => Math.max(longest, length), most),
    1,
  );
}
