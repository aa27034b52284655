import type { Random } from '@heed/attention-core';

export interface NoiseOptions {
  /** How likely each letter is mistyped, or each word is left out: from 0 to 1. */
  readonly share: number;
  /** What is drawn from: the same state gives the same text. */
  readonly random: Random;
}

/** Keys beside each other on a QWERTY keyboard: rows as they lie, each half a key further to the right. */
const ROWS = ['qwertyuiop', 'asdfghjkl', 'zxcvbnm'];
const LETTER = /^\p{L}/u;
const segmenter = new Intl.Segmenter('und', { granularity: 'grapheme' });

/**
 * A text with typing mistakes. Each letter, with probability `share`, is swapped with the letter after it, left out, typed twice, or replaced by a
 * neighbour on a QWERTY keyboard, all four alike likely; where a letter has no letter after it or no key, one of the others is made. Digits, signs
 * and white space stay, and letters of any script keep their marks.
 *
 * @throws if the share is not in [0, 1]
 *
 * @example
 * ```ts
 * import { Random } from '@heed/attention-core';
 * import { addTypos } from '@heed/nlp';
 * addTypos('a moving and important film', { share: 0.1, random: new Random(7) });
 * ```
 */
export function addTypos(text: string, { share, random }: NoiseOptions): string {
  requireShare('addTypos', share);
  const characters = Array.from(segmenter.segment(text), ({ segment }) => segment);
  let typed = '';
  for (let i = 0; i < characters.length; i++) {
    const [character, next] = [characters[i], characters[i + 1]];
    if (!LETTER.test(character) || random.uniform() >= share) {
      typed += character;
      continue;
    }
    const neighbours = neighboursOf(character);
    const mistakes = ['drop', 'double', ...(neighbours === '' ? [] : ['neighbour'])];
    if (next !== undefined && LETTER.test(next)) mistakes.push('swap');
    const mistake = mistakes[random.integer(mistakes.length)];
    if (mistake === 'double') typed += character + character;
    if (mistake === 'neighbour') typed += neighbours[random.integer(neighbours.length)];
    if (mistake === 'swap') {
      typed += next + character;
      i++;
    }
  }
  return typed;
}

/**
 * A text without some of its words (what white space separates), each left out with probability `share`; one is always kept.
 *
 * @throws if the share is not in [0, 1]
 *
 * @example
 * ```ts
 * import { Random } from '@heed/attention-core';
 * import { dropWords } from '@heed/nlp';
 * dropWords('a moving and important film', { share: 0.3, random: new Random(7) });
 * ```
 */
export function dropWords(text: string, { share, random }: NoiseOptions): string {
  requireShare('dropWords', share);
  const words = text.split(/\s+/u).filter((word) => word !== '');
  if (words.length === 0) return text;
  const kept = words.filter(() => random.uniform() >= share);
  return kept.length > 0 ? kept.join(' ') : words[random.integer(words.length)];
}

/** Keys that touch that of a letter, in its case; none of a letter that has no key. */
function neighboursOf(letter: string): string {
  const lower = letter.toLowerCase();
  const row = ROWS.findIndex((keys) => keys.includes(lower));
  if (row < 0) return '';
  const at = ROWS[row].indexOf(lower);
  const touching = [
    ...[at - 1, at + 1].map((key) => ROWS[row][key]),
    ...[at, at + 1].map((key) => ROWS[row - 1]?.[key]),
    ...[at - 1, at].map((key) => ROWS[row + 1]?.[key]),
  ].join('');
  return letter === lower ? touching : touching.toUpperCase();
}

function requireShare(owner: string, share: number): void {
  if (!(share >= 0 && share <= 1)) throw new Error(`${owner}: share must be from 0 to 1, got ${share}`);
}
