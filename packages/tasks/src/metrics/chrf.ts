import { lowerCase as toLowerCase, splitSpaces, withoutSpaces } from '../text/unicode.ts';
import type { TranslatedText } from './bleu.ts';
import { countNgrams, matchNgrams } from './ngrams.ts';

export interface ChrfOptions {
  /** The longest n-grams of words that count beside those of characters; 2 is chrF++. Default 0, chrF. */
  readonly wordOrder?: number;
  /** Whether upper and lower case are the same. Default false. */
  readonly lowerCase?: boolean;
}

type Counts = { readonly matches: number; readonly given: number; readonly right: number };

const CHARACTER_ORDER = 6;
const BETA = 2;
const PUNCTUATION = new Set('!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~');

/**
 * chrF of a corpus (Popović 2015): the F2 of n-grams of up to 6 characters, white space left out; 0 to 100. Equal to sacrebleu's `CHRF`, signature
 * `nrefs:…|case:mixed|eff:yes|nc:6|nw:0|space:no`; with `wordOrder` 2 chrF++ (Popović 2017).
 *
 * @throws if there are no texts, one has no reference, or wordOrder is no non-negative integer
 *
 * @example
 * ```ts
 * import { chrf } from '@heed/tasks';
 * chrf([{ hypothesis: 'A dog runs across the street.', references: ['A dog runs across a street.'] }]); // 79.5
 * ```
 */
export function chrf(texts: readonly TranslatedText[], { wordOrder = 0, lowerCase = false }: ChrfOptions = {}): number {
  if (!Number.isInteger(wordOrder) || wordOrder < 0) {
    throw new Error(`chrf: wordOrder must be a non-negative integer, got ${wordOrder}`);
  }
  if (texts.length === 0) throw new Error('chrf: at least one text is needed, got none');
  const ngramsOf = (text: string) => countAll(lowerCase ? toLowerCase(text) : text, wordOrder);
  const sums = Array.from({ length: CHARACTER_ORDER + wordOrder }, () => ({ matches: 0, given: 0, right: 0 }));
  for (const { hypothesis, references } of texts) {
    if (references.length === 0) throw new Error(`chrf: every text must have a reference, "${hypothesis}" got none`);
    const given = ngramsOf(hypothesis);
    const candidates = references.map((reference) =>
      ngramsOf(reference).map((right, i) => {
        const counts = matchNgrams(given[i], right);
        return right.size === 0 ? { ...counts, given: 0 } : counts;
      }),
    );
    const best = candidates.reduce((best, other) => (score(other) > score(best) ? other : best));
    for (const [i, { matches, given, right }] of best.entries()) {
      sums[i].matches += matches;
      sums[i].given += given;
      sums[i].right += right;
    }
  }
  return score(sums);
}

/** F2 of the mean precision and the mean recall over the orders that both sides have. */
function score(counts: readonly Counts[]): number {
  const both = counts.filter(({ given, right }) => given > 0 && right > 0);
  const precision = both.reduce((sum, { matches, given }) => sum + matches / given, 0) / both.length;
  const recall = both.reduce((sum, { matches, right }) => sum + matches / right, 0) / both.length;
  if (!(precision + recall > 0)) return 0;
  return (100 * (1 + BETA ** 2) * precision * recall) / (BETA ** 2 * precision + recall);
}

function countAll(text: string, wordOrder: number): Map<string, number>[] {
  const characters = [...withoutSpaces(text)];
  const words = wordOrder === 0 ? [] : splitPunctuation(text);
  return [
    ...Array.from({ length: CHARACTER_ORDER }, (_, i) => countNgrams(characters, i + 1)),
    ...Array.from({ length: wordOrder }, (_, i) => countNgrams(words, i + 1)),
  ];
}

/** A sign at the end of a word stands alone, or else one at its beginning. */
function splitPunctuation(text: string): string[] {
  return splitSpaces(text).flatMap((word) => {
    const characters = [...word];
    if (characters.length === 1) return [word];
    if (PUNCTUATION.has(characters.at(-1)!)) return [characters.slice(0, -1).join(''), characters.at(-1)!];
    return PUNCTUATION.has(characters[0]) ? [characters[0], characters.slice(1).join('')] : [word];
  });
}
