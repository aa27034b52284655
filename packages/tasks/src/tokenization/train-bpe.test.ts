import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TextTokenizer } from './text-tokenizer.ts';
import type { TokenizerJson } from './tokenizer-json.ts';
import { trainBpe } from './train-bpe.ts';

interface Golden {
  readonly special: string[];
  readonly texts: string[];
  readonly unseen: string[];
  readonly cases: readonly {
    readonly lowerCase: boolean;
    readonly minimumCount: number;
    readonly vocab: Record<string, number>;
    readonly merges: [string, string][];
    readonly ids: number[][];
    readonly decoded: string[];
  }[];
}

// made by tooling/golden/tasks-bpe.py
const golden = JSON.parse(readFileSync(new URL('train-bpe.golden.json', import.meta.url), 'utf8')) as Golden;

describe('trainBpe', () => {
  for (const { lowerCase, minimumCount, vocab, merges, ids, decoded } of golden.cases) {
    const options = { vocabularySize: 330, specialTokens: golden.special, lowerCase, minimumCount };
    const json = trainBpe(golden.texts, options);

    it(`merges what Python tokenizers merges, in its order (lowerCase ${lowerCase})`, () => {
      expect(json.model.merges).toEqual(merges);
      expect(json.model.vocab).toEqual(vocab);
    });

    it(`writes a file whose tokens are those of Python tokenizers, for unseen text too (lowerCase ${lowerCase})`, () => {
      const tokenizer = new TextTokenizer(JSON.parse(JSON.stringify(json)) as TokenizerJson);
      const texts = [...golden.texts, ...golden.unseen];
      expect(texts.map((text) => tokenizer.encode(text))).toEqual(ids);
      expect(ids.map((list) => tokenizer.decode(list))).toEqual(decoded);
    });
  }

  it('gives back any text, with the space that it puts before it', () => {
    const tokenizer = new TextTokenizer(trainBpe(golden.texts, { vocabularySize: 300 }));
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(text, (text) => {
        const normal = text.normalize('NFC');
        const expected = /^\s/u.test(normal) && normal.startsWith(' ') ? normal : ` ${normal}`;
        expect(tokenizer.decode(tokenizer.encode(text))).toBe(expected);
      }),
      { seed: 7 },
    );
  });

  it('refuses a vocabulary without room for the bytes', () => {
    expect(() => trainBpe(['a'], { vocabularySize: 256, specialTokens: ['<s>'] })).toThrow(
      'trainBpe: vocabularySize must be an integer of at least 257 (special tokens and bytes), got 256',
    );
  });
});

describe('TextTokenizer', () => {
  const tokenizer = new TextTokenizer(
    trainBpe(['low lower lowest', 'low'], { vocabularySize: 270, specialTokens: ['</s>'] }),
  );

  it('labels every token with its own text', () => {
    expect(tokenizer.pieces(tokenizer.encode('lower'))).toEqual([' lowe', 'r']);
    expect(tokenizer.pieces([tokenizer.indexOf('</s>')])).toEqual(['</s>']);
  });

  it('leaves special tokens out of decoded text', () => {
    expect(tokenizer.decode([...tokenizer.encode('low'), tokenizer.indexOf('</s>')])).toBe(' low');
    expect(tokenizer.decode([])).toBe('');
  });

  it('refuses what is not a tokenizer.json, and unknown tokens by name', () => {
    expect(() => new TextTokenizer({} as TokenizerJson)).toThrow(
      'must be a tokenizer.json with model.vocab, got an object of []',
    );
    expect(() => tokenizer.indexOf('<mask>')).toThrow('there must be a token "<mask>", got none');
  });
});
