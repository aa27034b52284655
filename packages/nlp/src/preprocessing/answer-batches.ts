import type { Batches, HostArray } from '@heed/training';
import { BucketGroups } from './bucket-groups.ts';

/** A question with a part of a text, as word pieces: `[CLS] question [SEP] text [SEP]`. */
export interface QuestionWindow {
  readonly ids: readonly number[];
  /** Where the text begins: all before it is of the first segment. */
  readonly first: number;
}

/** A window with its answer's first and last piece; both 0 where it has none. */
export interface AnsweredWindow extends QuestionWindow {
  readonly start: number;
  readonly end: number;
}

/** What a BERT reads of windows. */
export type QuestionWindowBatch = {
  /** int32 [B, L] */
  readonly tokens: HostArray;
  /** int32 [B] */
  readonly lengths: HostArray;
  /** int32 [B, L]: 0 up to the text, 1 in it, 0 at padding. */
  readonly tokenTypes: HostArray;
};

/** With their answers, for a training step. */
export type AnsweredWindowBatch = QuestionWindowBatch & {
  /** int32 [B] */
  readonly starts: HostArray;
  /** int32 [B] */
  readonly ends: HostArray;
};

/** Windows as one batch. @param length L, at least the longest window's */
export function questionWindowBatch(windows: readonly QuestionWindow[], length: number): QuestionWindowBatch {
  const shape = [windows.length, length];
  const [tokens, tokenTypes] = [new Int32Array(windows.length * length), new Int32Array(windows.length * length)];
  for (const [row, { ids, first }] of windows.entries()) {
    tokens.set(ids, row * length);
    tokenTypes.fill(1, row * length + first, row * length + ids.length);
  }
  return {
    tokens: { data: tokens, shape },
    lengths: { data: Int32Array.from(windows, ({ ids }) => ids.length), shape: [windows.length] },
    tokenTypes: { data: tokenTypes, shape },
  };
}

/** Windows with their answers in batches of similar length, in another order every epoch; a batch's shape is that of its bucket. */
export class AnswerBatches {
  /** Batches in an epoch. */
  readonly perEpoch: number;
  private readonly groups: BucketGroups;

  /** @throws if the batch size is not a positive integer */
  constructor(
    private readonly windows: readonly AnsweredWindow[],
    options: { readonly batchSize: number; readonly buckets: number; readonly seed: number },
  ) {
    this.groups = new BucketGroups(
      'AnswerBatches',
      windows.map(({ ids }) => ids.length),
      options,
    );
    this.perEpoch = this.groups.perEpoch;
  }

  /** @param number counted from 0 */
  epoch(number: number): Batches<AnsweredWindowBatch> {
    return this.groups.batches(number, ({ members, bucket }) => {
      const chosen = members.map((index) => this.windows[index]);
      const ints = (of: 'start' | 'end') => ({
        data: Int32Array.from(chosen, (window) => window[of]),
        shape: [chosen.length],
      });
      return { ...questionWindowBatch(chosen, this.groups.bounds[bucket]), starts: ints('start'), ends: ints('end') };
    });
  }
}
