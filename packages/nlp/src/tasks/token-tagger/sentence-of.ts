import { requireTexts } from '@heed/tasks';
import type { BertEncoder } from '../../models/bert-encoder/bert-encoder.ts';
import type { Entity } from '../../metrics/entity-f1.ts';
import type { FoundEntity } from './token-tagger-config.ts';

/** A sentence as its tokens, which knows where in the text they stand. */
export interface Sentence {
  readonly tokens: readonly string[];
  /** What of the sentence an entity is. */
  place(entity: Entity): Pick<FoundEntity, 'text' | 'characters'>;
}

/**
 * A sentence that was given as a text or as tokens.
 *
 * @param position which of all it is, for messages
 * @param encoder whose words a text is taken apart into; without one, at white space
 * @throws if it is neither, or a token is empty
 */
export function sentenceOf(
  owner: string,
  given: string | readonly string[],
  position: number,
  encoder: BertEncoder | undefined,
): Sentence {
  if (Array.isArray(given)) {
    const tokens = given as readonly string[];
    requireTexts(`${owner}: sentence ${position}`, tokens, 'a token');
    requireTokens(owner, tokens, position);
    return { tokens, place: ({ start, end }) => ({ text: tokens.slice(start, end).join(' ') }) };
  }
  requireTexts(owner, [given], 'a sentence');
  const text = given as string;
  const words = encoder?.words(text) ?? spacedWords(text);
  const tokens = words.map((word) => word.text);
  requireTokens(owner, tokens, position);
  const place = ({ start, end }: Entity) => {
    const characters = [words[start].start, words[end - 1].end] as const;
    return { text: text.slice(...characters), characters };
  };
  return { tokens, place };
}

function requireTokens(owner: string, tokens: readonly string[], position: number): void {
  if (tokens.length === 0) throw new Error(`${owner}: a sentence must have a token, got none in sentence ${position}`);
  const empty = tokens.findIndex((token) => !/\S/.test(token));
  if (empty < 0) return;
  throw new Error(
    `${owner}: a token must not be empty, got ${JSON.stringify(tokens[empty])} as token ${empty} of sentence ${position}`,
  );
}

function spacedWords(text: string) {
  return Array.from(text.matchAll(/\S+/gu), ({ 0: word, index }) => ({
    text: word,
    start: index,
    end: index + word.length,
  }));
}
