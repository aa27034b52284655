import type { Batches, HostArray } from '@heed/training';
import { BucketGroups } from './bucket-groups.ts';
import { IGNORED } from './sequence-batches.ts';

/** A sentence as word pieces, special ones included, and where each of its tokens is labelled. */
export interface LabelledPieces {
  readonly ids: readonly number[];
  readonly places: readonly number[];
  /** The index of each token's label. */
  readonly labels: readonly number[];
}

/** What a training step of a tagger on word pieces sees. */
export type PieceBatch = {
  /** int32 [B, L] */
  readonly tokens: HostArray;
  /** int32 [B] */
  readonly lengths: HostArray;
  /** int32 [B, L]: the label of the token that is labelled there, `IGNORED` at all other pieces. */
  readonly labels: HostArray;
};

/** Sentences as one batch. @param length L, at least the longest sentence's */
export function pieceBatch(sentences: readonly LabelledPieces[], length: number): PieceBatch {
  const shape = [sentences.length, length];
  const batch = {
    tokens: { data: new Int32Array(sentences.length * length), shape },
    lengths: { data: Int32Array.from(sentences, ({ ids }) => ids.length), shape: [sentences.length] },
    labels: { data: new Int32Array(sentences.length * length).fill(IGNORED), shape },
  };
  for (const [row, { ids, places, labels }] of sentences.entries()) {
    batch.tokens.data.set(ids, row * length);
    for (const [i, label] of labels.entries()) batch.labels.data[row * length + places[i]] = label;
  }
  return batch;
}

/** Sentences in batches of similar length, in another order every epoch; a batch's shape is that of its bucket. */
export class PieceBatches {
  /** Batches in an epoch. */
  readonly perEpoch: number;
  private readonly groups: BucketGroups;

  /** @throws if there are no sentences, or the batch size is not a positive integer */
  constructor(
    private readonly sentences: readonly LabelledPieces[],
    options: { readonly batchSize: number; readonly buckets: number; readonly seed: number },
  ) {
    if (sentences.length === 0) throw new Error('PieceBatches: at least one sentence is needed, got none');
    this.groups = new BucketGroups(
      'PieceBatches',
      sentences.map(({ ids }) => ids.length),
      options,
    );
    this.perEpoch = this.groups.perEpoch;
  }

  /** @param number counted from 0 */
  epoch(number: number): Batches<PieceBatch> {
    return this.groups.batches(number, ({ members, bucket }) =>
      pieceBatch(
        members.map((index) => this.sentences[index]),
        this.groups.bounds[bucket],
      ),
    );
  }
}
