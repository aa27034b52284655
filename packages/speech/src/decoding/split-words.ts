import type { TextTokenizer } from '@heed/tasks';

/** A word and how many tokens it has. */
export interface TokenizedWord {
  readonly text: string;
  readonly tokens: number;
}

const PUNCTUATION = /^[!-/:-@[-`{-~]+$/;

/**
 * Tokens as words: at spaces, punctuation by itself; characters that several tokens spell stay whole.
 *
 * @param ids tokens of text
 */
export function splitTokens(tokenizer: TextTokenizer, ids: readonly number[]): TokenizedWord[] {
  const words: { text: string; tokens: number }[] = [];
  let pending: number[] = [];
  for (const [place, id] of ids.entries()) {
    pending.push(id);
    const text = tokenizer.decode(pending);
    if (text.includes('\uFFFD') && place < ids.length - 1) continue; // a part of a character
    const begins = words.length === 0 || text.startsWith(' ') || PUNCTUATION.test(text.trim());
    if (begins) words.push({ text, tokens: pending.length });
    else {
      words.at(-1)!.text += text;
      words.at(-1)!.tokens += pending.length;
    }
    pending = [];
  }
  return words;
}
