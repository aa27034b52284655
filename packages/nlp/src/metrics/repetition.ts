import { countNgrams, lowerCase } from '@heed/tasks';

export interface Repetition {
  /** 0 to 1. */
  readonly words: number;
  readonly bigrams: number;
  readonly trigrams: number;
}

/**
 * How much texts repeat themselves: the share of their words, and of their runs of two and of three words, that stood before in the same text
 * (See, Liu, Manning 2017, figure 4). Of all texts together; case and punctuation do not count.
 *
 * @throws if there are no texts
 *
 * @example
 * ```ts
 * import { repetition } from '@heed/nlp';
 * repetition(['a dog and a dog and a cat']).bigrams; // 3 / 7: "a dog", "dog and" and "and a" again
 * ```
 */
export function repetition(texts: readonly string[]): Repetition {
  if (texts.length === 0) throw new Error('repetition: at least one text is needed, got none');
  const words = texts.map((text) => lowerCase(text).match(/[\p{L}\p{M}\p{N}]+/gu) ?? []);
  const share = (order: number): number => {
    let [all, different] = [0, 0];
    for (const text of words) {
      all += Math.max(text.length - order + 1, 0);
      different += countNgrams(text, order).size;
    }
    return all === 0 ? 0 : (all - different) / all;
  };
  return { words: share(1), bigrams: share(2), trigrams: share(3) };
}
