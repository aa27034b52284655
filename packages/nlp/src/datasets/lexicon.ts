import { Random } from '@heed/attention-core';

/** A word with all the ways in which it may be pronounced. */
export interface LexiconEntry {
  readonly word: string;
  /** Each with its phonemes separated by spaces, e.g. `R IH G AA R D Z`. */
  readonly pronunciations: readonly string[];
}

export interface LexiconSplits {
  readonly train: readonly LexiconEntry[];
  readonly validation: readonly LexiconEntry[];
  readonly test: readonly LexiconEntry[];
}

/**
 * Divides a lexicon by word: all pronunciations of a word are in one part. The same seed gives the same parts.
 *
 * @throws if nothing would be left to train on
 */
export function splitLexicon(
  entries: readonly LexiconEntry[],
  sizes: { readonly validation: number; readonly test: number },
  seed: number,
): LexiconSplits {
  const { validation, test } = sizes;
  if (validation < 0 || test < 0 || validation + test >= entries.length) {
    throw new Error(
      `splitLexicon: validation and test must leave words to train on, got validation=${validation}, test=${test} of ${entries.length}`,
    );
  }
  const shuffled = new Random(seed).shuffle(entries);
  return {
    test: shuffled.slice(0, test),
    validation: shuffled.slice(test, test + validation),
    train: shuffled.slice(test + validation),
  };
}
