import { editDistance, splitSpaces, stripSpaces } from '@heed/tasks';

/** What was said, and what was heard. */
export interface RecognisedText {
  readonly expected: string;
  readonly heard: string;
}

/**
 * Errors per word: words that were missed, added or mistaken, over all texts, by the number of words said (WER; equal to jiwer's). It may be above 1.
 *
 * Texts are compared as they are, apart from white space: capitals and punctuation count.
 *
 * @throws if no words were said
 *
 * @example
 * ```ts
 * import { wordErrorRate } from '@heed/speech';
 * wordErrorRate([{ expected: 'call me back', heard: 'call my back' }]); // 0.333…
 * ```
 */
export function wordErrorRate(texts: readonly RecognisedText[]): number {
  return errorRate('wordErrorRate', texts, splitSpaces);
}

/** The same of characters, white space between words included (CER). @throws as `wordErrorRate` */
export function characterErrorRate(texts: readonly RecognisedText[]): number {
  return errorRate('characterErrorRate', texts, (text) => [...stripSpaces(text)]);
}

function errorRate(owner: string, texts: readonly RecognisedText[], split: (text: string) => string[]): number {
  let [errors, total] = [0, 0];
  for (const { expected, heard } of texts) {
    const reference = split(expected);
    errors += editDistance(reference, split(heard));
    total += reference.length;
  }
  if (total === 0) throw new Error(`${owner}: something must have been said, got ${texts.length} empty texts`);
  return errors / total;
}
