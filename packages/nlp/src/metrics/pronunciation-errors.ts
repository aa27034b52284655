import { editDistance } from '@heed/tasks';

/** A pronunciation that a model gave, and those that are right. */
export interface PronouncedWord {
  readonly word: string;
  readonly phonemes: readonly string[];
  /** At least one. */
  readonly references: readonly (readonly string[])[];
}

export interface PronunciationErrors {
  /** Edits needed per phoneme of the closest reference. */
  readonly phonemeErrorRate: number;
  /** Share of words whose pronunciation equals no reference. */
  readonly wordErrorRate: number;
  readonly words: number;
}

/** The errors of words of `letters` letters, both bounds included. */
export interface PronunciationErrorsByLength extends PronunciationErrors {
  readonly letters: readonly [from: number, to: number];
}

/**
 * Phoneme and word error rate. A word that may be pronounced in several ways is right if any of them was given, and its phoneme errors
 * are counted against the closest.
 *
 * @throws if there are no words, or one has no reference
 */
export function pronunciationErrors(words: readonly PronouncedWord[]): PronunciationErrors {
  if (words.length === 0) throw new Error('pronunciationErrors: at least one word is needed, got none');
  let [edits, phonemes, wrong] = [0, 0, 0];
  for (const { word, phonemes: given, references } of words) {
    if (references.length === 0) throw new Error(`pronunciationErrors: ${word} must have a reference, got none`);
    const distances = references.map((reference) => editDistance(given, reference));
    const least = Math.min(...distances);
    edits += least;
    phonemes += references[distances.indexOf(least)].length;
    if (least > 0) wrong++;
  }
  return { phonemeErrorRate: edits / phonemes, wordErrorRate: wrong / words.length, words: words.length };
}

/**
 * The same for words of similar length.
 *
 * @param bounds the greatest number of letters of each group but the last, ascending; empty groups are left out
 */
export function pronunciationErrorsByLength(
  words: readonly PronouncedWord[],
  bounds: readonly number[] = [4, 6, 8, 10, 12],
): PronunciationErrorsByLength[] {
  const groups = [...bounds, Infinity].map((to, i) => {
    const from = i === 0 ? 1 : bounds[i - 1] + 1;
    return { letters: [from, to] as const, members: words.filter(({ word }) => within([...word].length, from, to)) };
  });
  return groups
    .filter(({ members }) => members.length > 0)
    .map(({ letters, members }) => ({ letters, ...pronunciationErrors(members) }));
}

function within(value: number, from: number, to: number): boolean {
  return value >= from && value <= to;
}
