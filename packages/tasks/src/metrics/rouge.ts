import { lowerCase } from '../text/unicode.ts';
import type { TranslatedText } from './bleu.ts';
import { countNgrams, matchNgrams } from './ngrams.ts';

export interface RougeScore {
  /** 0 to 1. */
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

export interface Rouge {
  /** Words. */
  readonly rouge1: RougeScore;
  /** Pairs of words. */
  readonly rouge2: RougeScore;
  /** The longest common subsequence of words. */
  readonly rougeL: RougeScore;
}

/**
 * ROUGE-1, -2 and -L (Lin 2004), the mean over the texts; of several references the one with the best F1 counts, for each score. Equal to
 * rouge-score's `RougeScorer` without stemming: words are runs of a–z and 0–9 in lower case, so other scripts do not count.
 *
 * @throws if there are no texts, or one has no reference
 *
 * @example
 * ```ts
 * import { rouge } from '@heed/tasks';
 * rouge([{ hypothesis: 'tool for reading mail', references: ['a mail reading tool'] }]).rougeL.f1; // 0.25: one word of four stands in the same order
 * ```
 */
export function rouge(texts: readonly TranslatedText[]): Rouge {
  if (texts.length === 0) throw new Error('rouge: at least one text is needed, got none');
  const scores = texts.map(({ hypothesis, references }) => {
    if (references.length === 0) throw new Error(`rouge: every text must have a reference, "${hypothesis}" got none`);
    const given = tokenize(hypothesis);
    const right = references.map(tokenize);
    return {
      rouge1: best(right.map((reference) => ngramScore(given, reference, 1))),
      rouge2: best(right.map((reference) => ngramScore(given, reference, 2))),
      rougeL: best(right.map((reference) => subsequenceScore(given, reference))),
    };
  });
  return {
    rouge1: mean(scores.map(({ rouge1 }) => rouge1)),
    rouge2: mean(scores.map(({ rouge2 }) => rouge2)),
    rougeL: mean(scores.map(({ rougeL }) => rougeL)),
  };
}

function tokenize(text: string): string[] {
  return lowerCase(text).match(/[a-z0-9]+/g) ?? [];
}

function ngramScore(given: readonly string[], right: readonly string[], order: number): RougeScore {
  const counts = matchNgrams(countNgrams(given, order), countNgrams(right, order));
  return scoreOf(counts.matches, counts.given, counts.right);
}

function subsequenceScore(given: readonly string[], right: readonly string[]): RougeScore {
  let row = Array.from({ length: right.length + 1 }, () => 0); // row[j]: of what was given until now and the first j right words
  for (const word of given) {
    const next = [0];
    for (const [j, other] of right.entries()) next.push(word === other ? row[j] + 1 : Math.max(row[j + 1], next[j]));
    row = next;
  }
  return scoreOf(row.at(-1)!, given.length, right.length);
}

function scoreOf(matches: number, given: number, right: number): RougeScore {
  const precision = matches / Math.max(given, 1);
  const recall = matches / Math.max(right, 1);
  return { precision, recall, f1: matches === 0 ? 0 : (2 * precision * recall) / (precision + recall) };
}

function best(scores: readonly RougeScore[]): RougeScore {
  return scores.reduce((best, other) => (other.f1 > best.f1 ? other : best));
}

function mean(scores: readonly RougeScore[]): RougeScore {
  const of = (value: (score: RougeScore) => number) =>
    scores.reduce((sum, score) => sum + value(score), 0) / scores.length;
  return { precision: of(({ precision }) => precision), recall: of(({ recall }) => recall), f1: of(({ f1 }) => f1) };
}
