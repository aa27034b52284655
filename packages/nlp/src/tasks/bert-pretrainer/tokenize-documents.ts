import { splitDocument } from '../../preprocessing/split-document.ts';
import type { TokenizedDocument } from '../../preprocessing/segment-pairs.ts';
import type { TextTokenizer } from '@heed/tasks';

/** Texts as sentences of word pieces. Every word is taken apart once: the same words come again and again. */
export function tokenizeDocuments(
  texts: readonly string[],
  tokenizer: TextTokenizer,
  longest: number,
): TokenizedDocument[] {
  const known = new Map<string, readonly number[]>();
  const piecesOf = (word: string) => {
    const pieces = known.get(word) ?? tokenizer.encode(word);
    known.set(word, pieces);
    return pieces;
  };
  return texts.map((text) =>
    splitDocument(text, { longest })
      .map((words) => words.flatMap(piecesOf))
      .filter(({ length }) => length > 0),
  );
}
