import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { TextTokenizer } from './text-tokenizer.ts';
import type { TokenizerJson } from './tokenizer-json.ts';
import { trainWordPiece } from './train-word-piece.ts';

interface Golden {
  readonly counted: string[];
  readonly merged: string[];
  readonly texts: string[];
  readonly unseen: string[];
  readonly cases: readonly {
    readonly vocabularySize: number;
    readonly minimumCount: number;
    readonly lowerCase: boolean;
    readonly json: TokenizerJson;
    readonly ids: number[][];
    readonly decoded: string[];
  }[];
}

// made by tooling/golden/tasks-word-piece.py
const golden = JSON.parse(readFileSync(new URL('train-word-piece.golden.json', import.meta.url), 'utf8')) as Golden;

const merged = ({ model }: TokenizerJson) =>
  Object.keys(model.vocab).filter((token) => !token.startsWith('[') && token.replace('##', '').length > 1);

describe('trainWordPiece', () => {
  it('merges what Python tokenizers merges, in its order, where no two pairs are equally frequent', () => {
    const json = trainWordPiece(golden.counted, { vocabularySize: 100, minimumCount: 4 });
    // by hand: ##u ##g 21, ##u ##n 16, h ##ug 15, p ##un 12, p ##ug 6, hug ##s 5, b ##un 4
    expect(merged(json)).toEqual(['##ug', '##un', 'hug', 'pun', 'pug', 'hugs', 'bun']);
    expect(merged(json)).toEqual(golden.merged);
  });

  for (const { json: theirs, ids, decoded, ...options } of golden.cases) {
    const json = trainWordPiece(golden.texts, options);

    it(`writes the file that Python tokenizers writes (lowerCase ${options.lowerCase})`, () => {
      expect(json).toEqual(theirs);
      expect(Object.entries(json.model.vocab)).toEqual(Object.entries(theirs.model.vocab)); // the order too
    });

    it(`writes text in the tokens of Python tokenizers (lowerCase ${options.lowerCase})`, () => {
      const tokenizer = new TextTokenizer(JSON.parse(JSON.stringify(json)) as TokenizerJson);
      const [begin, end] = ['[CLS]', '[SEP]'].map((token) => tokenizer.indexOf(token));
      const texts = [...golden.texts, ...golden.unseen];
      expect(texts.map((text) => [begin, ...tokenizer.encode(text), end])).toEqual(ids);
      expect(ids.map((list) => tokenizer.decode(list))).toEqual(decoded);
    });
  }

  it('refuses a vocabulary without room for the characters', () => {
    expect(() => trainWordPiece(['ab'], { vocabularySize: 7 })).toThrow(
      'trainWordPiece: vocabularySize must be an integer of at least 8 (special tokens and characters), got 7',
    );
  });
});
