import { lowerCase as toLowerCase, splitSpaces, stripSpaces } from '../text/unicode.ts';
import { countNgrams } from './ngrams.ts';

/** A translation and the ones that are right. */
export interface TranslatedText {
  readonly hypothesis: string;
  /** At least one. */
  readonly references: readonly string[];
}

export interface BleuOptions {
  /** Whether upper and lower case are the same. Default false. */
  readonly lowerCase?: boolean;
}

export interface Bleu {
  /** 0 to 100. */
  readonly bleu: number;
  /** Of 1- to 4-grams, in percent. */
  readonly precisions: readonly number[];
  /** 1 unless the translations are shorter than the references. */
  readonly brevityPenalty: number;
}

const ORDERS = [1, 2, 3, 4];

/**
 * BLEU of a corpus (Papineni et al. 2002), equal to sacrebleu's default (Post 2018): tokens as mteval-v13a makes them, exponential
 * smoothing. Its signature is `nrefs:…|case:mixed|eff:no|tok:13a|smooth:exp`, with `lowerCase` `case:lc`.
 *
 * @throws if there are no texts, or one has no reference
 *
 * @example
 * ```ts
 * import { bleu } from '@heed/tasks';
 * bleu([{ hypothesis: 'A dog runs across the street.', references: ['A dog runs across a street.'] }]).bleu; // 48.89
 * ```
 */
export function bleu(texts: readonly TranslatedText[], { lowerCase = false }: BleuOptions = {}): Bleu {
  if (texts.length === 0) throw new Error('bleu: at least one text is needed, got none');
  const correct = ORDERS.map(() => 0);
  const total = ORDERS.map(() => 0);
  let [hypothesisLength, referenceLength] = [0, 0];
  const tokensOf = (text: string) => tokenize13a(lowerCase ? toLowerCase(text) : text);
  for (const { hypothesis, references } of texts) {
    if (references.length === 0) throw new Error(`bleu: every text must have a reference, "${hypothesis}" got none`);
    const given = tokensOf(hypothesis);
    const right = references.map(tokensOf);
    hypothesisLength += given.length;
    referenceLength += closestLength(given.length, right);
    for (const [i, order] of ORDERS.entries()) {
      const limits = mostIn(right, order);
      for (const [ngram, count] of countNgrams(given, order)) {
        total[i] += count;
        correct[i] += Math.min(count, limits.get(ngram) ?? 0);
      }
    }
  }
  const precisions = smoothed(correct, total);
  const brevityPenalty = hypothesisLength >= referenceLength ? 1 : Math.exp(1 - referenceLength / hypothesisLength);
  const logarithm = precisions.reduce((sum, precision) => sum + Math.log(precision), 0) / ORDERS.length;
  return { bleu: brevityPenalty * Math.exp(logarithm), precisions, brevityPenalty };
}

/** Percentages; an order without any match counts half of the one before it that had none, and so on. */
function smoothed(correct: readonly number[], total: readonly number[]): number[] {
  if (correct.every((count) => count === 0)) return total.map(() => 0);
  let halving = 1;
  return total.map((all, i) => {
    if (all === 0) return 0;
    if (correct[i] > 0) return (100 * correct[i]) / all;
    halving *= 2;
    return 100 / (halving * all);
  });
}

/** The length of the reference that is closest in length, the shorter of two. */
function closestLength(length: number, references: readonly (readonly string[])[]): number {
  const lengths = references.map((reference) => reference.length).sort((a, b) => a - b);
  return lengths.reduce((best, other) => (Math.abs(other - length) < Math.abs(best - length) ? other : best));
}

/** How often each n-gram occurs in the reference that has it most often. */
function mostIn(references: readonly (readonly string[])[], order: number): Map<string, number> {
  const most = new Map<string, number>();
  for (const reference of references) {
    for (const [ngram, count] of countNgrams(reference, order)) most.set(ngram, Math.max(count, most.get(ngram) ?? 0));
  }
  return most;
}

/** Words and punctuation as NIST's mteval-v13a separates them. */
function tokenize13a(text: string): string[] {
  const plain = stripSpaces(text)
    .replaceAll('<skipped>', '')
    .replaceAll('-\n', '')
    .replaceAll('\n', ' ')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>');
  const parted = ` ${plain} `
    .replaceAll(/([{-~[-` -&(-+:-@/])/g, ' $1 ')
    .replaceAll(/([^0-9])([.,])/g, '$1 $2 ')
    .replaceAll(/([.,])([^0-9])/g, ' $1 $2')
    .replaceAll(/([0-9])(-)/g, '$1 $2 ');
  return splitSpaces(parted);
}
