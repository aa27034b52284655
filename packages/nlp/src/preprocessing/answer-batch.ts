import type { HostMatrix, HostVector } from '@heed/training';
import { tokenBatch, type TokenRows } from './token-batch.ts';

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
export type QuestionWindowBatch = TokenRows & {
  /** int32 [B, L]: 0 up to the text, 1 in it, 0 at padding. */
  readonly tokenTypes: HostMatrix;
};

/** With their answers, for a training step. */
export type AnsweredWindowBatch = QuestionWindowBatch & {
  /** int32 [B] */
  readonly starts: HostVector;
  /** int32 [B] */
  readonly ends: HostVector;
};

/** Windows as one batch. @param length L, at least the longest window's */
export function questionWindowBatch(windows: readonly QuestionWindow[], length: number): QuestionWindowBatch {
  const types = new Int32Array(windows.length * length);
  for (const [row, { ids, first }] of windows.entries()) types.fill(1, row * length + first, row * length + ids.length);
  return { ...tokenBatch(windows, length), tokenTypes: { data: types, shape: [windows.length, length] } };
}

/** Windows with their answers as one batch. @param length L, at least the longest window's */
export function answeredWindowBatch(windows: readonly AnsweredWindow[], length: number): AnsweredWindowBatch {
  const places = (of: 'start' | 'end'): HostVector => ({
    data: Int32Array.from(windows, (window) => window[of]),
    shape: [windows.length],
  });
  return { ...questionWindowBatch(windows, length), starts: places('start'), ends: places('end') };
}
