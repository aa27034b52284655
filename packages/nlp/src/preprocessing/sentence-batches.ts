import type { Batches, HostArray } from '@heed/training';
import { BucketGroups } from './bucket-groups.ts';

/** A sentence as indices: of its words, of the characters of each, and of its labels. */
export interface IndexedSentence {
  readonly words: readonly number[];
  readonly characters: readonly (readonly number[])[];
  readonly labels: readonly number[];
}

/** What a training step of a tagger sees: B sentences of up to T tokens of up to C characters. */
export type TaggedBatch = {
  /** int32 [B, T] */
  readonly words: HostArray;
  /** int32 [B, T, C] */
  readonly characters: HostArray;
  /** int32 [B, T] */
  readonly characterCounts: HostArray;
  /** int32 [B] */
  readonly lengths: HostArray;
  /** int32 [B, T] */
  readonly labels: HostArray;
};

/** Sentences as one batch. @param steps T, at least the longest sentence's length @param characters C, at least the longest token's */
export function sentenceBatch(sentences: readonly IndexedSentence[], steps: number, characters: number): TaggedBatch {
  const rows = sentences.length;
  const batch = {
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

/** Sentences in batches of similar length, in another order every epoch; a batch's shape is that of its bucket. */
export class SentenceBatches {
  /** Batches in an epoch. */
  readonly perEpoch: number;
  private readonly groups: BucketGroups;
  private readonly characters: number;

  /** @throws if there are no sentences, or the batch size is not a positive integer */
  constructor(
    private readonly sentences: readonly IndexedSentence[],
    options: { readonly batchSize: number; readonly buckets: number; readonly seed: number },
  ) {
    if (sentences.length === 0) throw new Error('SentenceBatches: at least one sentence is needed, got none');
    this.groups = new BucketGroups(
      'SentenceBatches',
      sentences.map(({ words }) => words.length),
      options,
    );
    this.characters = longestToken(sentences);
    this.perEpoch = this.groups.perEpoch;
  }

  /** @param number counted from 0 */
  epoch(number: number): Batches<TaggedBatch> {
    return this.groups.batches(number, ({ members, bucket }) => {
      const chosen = members.map((index) => this.sentences[index]);
      return sentenceBatch(chosen, this.groups.bounds[bucket], this.characters);
    });
  }
}

/** C of a batch that holds these sentences, at least 1. */
export function longestToken(sentences: readonly IndexedSentence[]): number {
  return sentences.reduce(
    (most, { characters }) => characters.reduce((longest, { length }) => Math.max(longest, length), most),
    1,
  );
}
