import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CharacterTokenizer } from './character-tokenizer.ts';
import { TextTokenizer } from './text-tokenizer.ts';
import type { TokenizerJson } from './tokenizer-json.ts';

interface Golden {
  readonly texts: string[];
  readonly special: string[];
  readonly json: TokenizerJson;
  readonly ids: number[][];
  readonly decoded: string[];
}

// made by tooling/golden/tasks-characters.py
const golden = JSON.parse(readFileSync(new URL('character-tokenizer.golden.json', import.meta.url), 'utf8')) as Golden;

describe('CharacterTokenizer', () => {
  const tokenizer = CharacterTokenizer.of(golden.texts, golden.special);

  it('writes the file that Python tokenizers writes for the same characters', () => {
    expect(tokenizer.json).toEqual(golden.json);
  });

  it('gives the tokens and texts of Python tokenizers, also through the tokenizer of every other file', () => {
    const saved = JSON.parse(JSON.stringify(tokenizer.json)) as TokenizerJson;
    for (const reader of [tokenizer, new CharacterTokenizer(saved), new TextTokenizer(saved)]) {
      expect(golden.texts.map((text) => reader.encode(text))).toEqual(golden.ids);
      expect(golden.ids.map((ids) => reader.decode(ids))).toEqual(golden.decoded);
    }
  });

  it('labels every token by itself, special ones too, and leaves these out of the text', () => {
    expect(tokenizer.pieces([0, ...tokenizer.encode('né')])).toEqual(['<|endoftext|>', 'n', 'é']);
    expect(tokenizer.decode([0, ...tokenizer.encode('né'), 0])).toBe('né');
  });

  it('takes characters of two code units, and those of right-to-left scripts, as one', () => {
    const wide = CharacterTokenizer.of(['🙂אב']);
    expect(wide.size).toBe(3);
    expect(wide.decode(wide.encode('ב🙂'))).toBe('ב🙂');
  });

  it('takes a megabyte of text', () => {
    const text = 'to be, or not to be: '.repeat(50_000);
    expect(CharacterTokenizer.of([text]).encode(text)).toHaveLength(text.length);
  });

  it('names an unknown character and its place', () => {
    expect(() => tokenizer.encode('no 🙂')).toThrow(
      'CharacterTokenizer.encode: every character must be known, got "🙂" at position 4 of "no 🙂"',
    );
  });

  it('refuses nothing to learn from, and files of other tokenizers', () => {
    expect(() => CharacterTokenizer.of([''])).toThrow('CharacterTokenizer.of: texts must have a character, got none');
    const merged = { ...golden.json, model: { ...golden.json.model, merges: [['a', 'b']] as const } };
    expect(() => new CharacterTokenizer(merged)).toThrow('must be a tokenizer.json of BPE without merges, got another');
    const gaps = { ...golden.json, model: { ...golden.json.model, vocab: { a: 0, b: 2 } } };
    expect(() => new CharacterTokenizer(gaps)).toThrow('tokens must be numbered from 0 without gaps');
  });
});
