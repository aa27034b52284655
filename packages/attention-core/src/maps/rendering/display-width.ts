import { printableText } from './printable-text.ts';

/** Columns that text takes in a terminal: 2 for East Asian wide characters and emoji, 0 for marks that combine. */

const WIDE =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uA960-\uA97F\uAC00-\uD7A3\uF900-\uFAFF\uFE10-\uFE19\uFE30-\uFE6F\uFF01-\uFF60\uFFE0-\uFFE6\u{16FE0}-\u{18CFF}\u{1B000}-\u{1B2FF}\u{20000}-\u{3FFFD}]/u;
const ZERO_WIDTH = /[\p{Mn}\p{Me}\p{Cf}\u1160-\u11FF]/u;
const EMOJI = /\p{Emoji_Presentation}|\p{Emoji}\uFE0F/u;
const RIGHT_TO_LEFT = /[\u0590-\u08FF\uFB1D-\uFDFF\uFE70-\uFEFC\u{10800}-\u{10FFF}\u{1E800}-\u{1EFFF}]/u;
/** Of a longer label no more is drawn: an attack of 400 kB would take minutes to measure. */
const LONGEST = 2000;

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** The characters that a reader sees: `é` of two code points and a family emoji of seven are one each. */
export function graphemes(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

export function displayWidth(text: string): number {
  return graphemes(text).reduce((width, grapheme) => width + graphemeWidth(grapheme), 0);
}

function graphemeWidth(grapheme: string): number {
  if (EMOJI.test(grapheme)) return 2;
  return Array.from(grapheme).reduce((width, character) => {
    if (ZERO_WIDTH.test(character)) return width;
    return width + (WIDE.test(character) ? 2 : 1);
  }, 0);
}

/** The text, or as many characters of it as fit into `width` columns with an ellipsis. */
export function truncate(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let kept = '';
  let used = 1;
  for (const grapheme of graphemes(text)) {
    used += graphemeWidth(grapheme);
    if (used > width) break;
    kept += grapheme;
  }
  return `${kept}…`;
}

/**
 * A label in which nothing is invisible or could disturb a terminal or a page (`printableText`), of at most 2000 characters; a label of spaces
 * becomes `␣`s, an empty one `∅`.
 */
export function visibleLabel(label: string): string {
  if (label === '') return '∅';
  const shown = printableText(label, { most: LONGEST });
  return /^\s+$/u.test(shown) ? shown.replace(/\s/gu, '␣') : shown;
}

/** Keeps right-to-left text from reordering what stands beside it, by Unicode's isolates. */
export function isolate(text: string): string {
  return RIGHT_TO_LEFT.test(text) ? `\u2068${text}\u2069` : text;
}
