import type { TextTokenizer } from '@heed/tasks';
import type { HostMatrix } from '@heed/training';
import { tokenBatch, type TokenRows } from '../../preprocessing/token-batch.ts';

const MASK = '[MASK]';

/** The numbers of the tokens that pretraining needs. @throws if the word pieces lack one */
export function specialNumbers(tokenizer: TextTokenizer) {
  const [classify, separate, mask] = ['[CLS]', '[SEP]', MASK].map((token) => tokenizer.indexOf(token));
  return { classify, separate, mask };
}

/** A text with masks, as word pieces. */
export interface MaskedText {
  readonly ids: readonly number[];
  /** Where the masks stand. */
  readonly places: readonly number[];
}

/** @throws if there is no mask, or the text is too long */
export function readMasked(owner: string, tokenizer: TextTokenizer, text: string, maximumTokens: number): MaskedText {
  const { classify, separate, mask } = specialNumbers(tokenizer);
  const ids = [classify, ...tokenizer.encode(text), separate];
  const places = [...ids.keys()].filter((place) => ids[place] === mask);
  if (places.length === 0) {
    throw new Error(`${owner}: a text must have a ${MASK}, got ${JSON.stringify(text.slice(0, 60))}`);
  }
  if (ids.length > maximumTokens) {
    throw new Error(
      `${owner}: a text must be of at most maximumTokens=${maximumTokens} tokens, two special ones included, got ${ids.length}`,
    );
  }
  return { ids, places };
}

/** Texts with masks as one batch: int32 `positions` [B, P], where a text has fewer masks its first again. */
export function maskedBatch(
  texts: readonly MaskedText[],
  length: number,
): TokenRows & { readonly positions: HostMatrix } {
  const most = Math.max(...texts.map(({ places }) => places.length));
  const asked = 2 ** Math.ceil(Math.log2(most)); // few shapes
  const positions = texts.flatMap(({ places }) => Array.from({ length: asked }, (_, i) => places[i] ?? places[0]));
  return {
    ...tokenBatch(texts, length),
    positions: { data: Int32Array.from(positions), shape: [texts.length, asked] },
  };
}

/** The largest numbers' places, the largest first. */
export function largest(numbers: ArrayLike<number>, count: number): number[] {
  return Array.from({ length: numbers.length }, (_, i) => i)
    .sort((a, b) => numbers[b] - numbers[a])
    .slice(0, count);
}
