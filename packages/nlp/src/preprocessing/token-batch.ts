import type { HostMatrix, HostVector } from '@heed/training';

/** Texts as a `Bert` reads them. */
export type TokenRows = {
  /** int32 [B, L], padded with 0. */
  readonly tokens: HostMatrix;
  /** int32 [B] */
  readonly lengths: HostVector;
};

/** Texts as one batch. @param length L, at least the longest text's */
export function tokenBatch(texts: readonly { readonly ids: readonly number[] }[], length: number): TokenRows {
  const tokens = new Int32Array(texts.length * length);
  for (const [row, { ids }] of texts.entries()) tokens.set(ids, row * length);
  return {
    tokens: { data: tokens, shape: [texts.length, length] },
    lengths: { data: Int32Array.from(texts, ({ ids }) => ids.length), shape: [texts.length] },
  };
}
