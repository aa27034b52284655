import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { exactTokenizer } from '../tokenization/exact-tokenizer.ts';
import {
  lowerCase,
  lowerCaseEach,
  PYTHON_SPACE,
  PYTHON_WORD,
  splitSpaces,
  stripSpaces,
  withoutSpaces,
} from './unicode.ts';

interface Golden {
  readonly blockSize: number;
  /** First and last of each run of code points. */
  readonly compared: readonly (readonly [number, number])[];
  readonly hashes: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

// made by tooling/golden/tasks-unicode.py
const golden = JSON.parse(readFileSync(new URL('unicode.golden.json', import.meta.url), 'utf8')) as Golden;

const open = (parts: { readonly normalizer?: object; readonly pre_tokenizer?: object }) =>
  exactTokenizer(
    {
      normalizer: null,
      pre_tokenizer: null,
      post_processor: null,
      decoder: null,
      added_tokens: [],
      model: { type: 'WordPiece', vocab: { x: 0 }, unk_token: 'x' },
      ...parts,
    },
    {},
  );
const normalize = (type: string, options: object = {}) => {
  const { normalizer } = open({ normalizer: { type, ...options } });
  return (text: string) => normalizer!.normalize(text);
};
const cut = (type: string, options: object = {}) => {
  const { pre_tokenizer: step } = open({ pre_tokenizer: { type, ...options } });
  return (text: string) => step!.pre_tokenize(text);
};

const bert = { clean_text: true, handle_chinese_chars: true, strip_accents: null };
const [uncased, cased] = [true, false].map((lowercase) => normalize('BertNormalizer', { ...bert, lowercase }));
const [word, space] = [new RegExp(`[${PYTHON_WORD}]`, 'u'), new RegExp(`[${PYTHON_SPACE}]`, 'u')];
const article = new RegExp(`(?<![${PYTHON_WORD}])(?:a|an|the)(?![${PYTHON_WORD}])`, 'gu');
const strip = normalize('Strip', { strip_left: true, strip_right: true });
const [accents, lower] = [normalize('StripAccents'), normalize('Lowercase')];
const forms = ['NFC', 'NFD', 'NFKC', 'NFKD'].map((form) => normalize(form));
const [bertWords, bytes] = [cut('BertPreTokenizer'), cut('ByteLevel', { add_prefix_space: false })];
const [words, spaced] = [cut('Whitespace'), cut('WhitespaceSplit')];
const [digits, eachDigit] = [false, true].map((individual) => cut('Digits', { individual_digits: individual }));
const signs = (behavior: string) => {
  const step = cut('Punctuation', { behavior });
  return (c: string) => step(`x${c}${c}y`);
};

/** By the names in the file: what is done with a code point. */
const FUNCTIONS: Readonly<Record<string, (c: string) => unknown>> = {
  Lowercase: (c) => lower(`${c}aΣ`),
  BertNormalizer: (c) => uncased(`x${c}y`),
  'BertNormalizer cased': (c) => cased(`x${c}y`),
  Strip: (c) => strip(`${c}x${c}`),
  StripAccents: (c) => accents(`x${c}y`),
  NFC: (c) => forms[0](`e${c}`),
  NFD: forms[1],
  NFKC: forms[2],
  NFKD: forms[3],
  BertPreTokenizer: (c) => bertWords(`x${c}${c}y`),
  ByteLevel: (c) => bytes(`x${c}${c}5`),
  Whitespace: (c) => words(`x${c}${c}!`),
  WhitespaceSplit: (c) => spaced(`x${c}y`),
  Digits: (c) => digits(`x${c}${c}y`),
  'Digits individual': (c) => eachDigit(`x${c}${c}y`),
  'Punctuation isolated': signs('Isolated'),
  'Punctuation removed': signs('Removed'),
  'Punctuation contiguous': signs('Contiguous'),
  'Punctuation merged_with_previous': signs('MergedWithPrevious'),
  'Punctuation merged_with_next': signs('MergedWithNext'),
  lower: (c) => [c, `a${c}Σ`, `aΣ${c}`, `aΣ${c}a`].map(lowerCase),
  split: (c) => splitSpaces(`x${c}${c}y`),
  strip: (c) => stripSpaces(`${c}x${c}`),
  '\\s': (c) => space.test(c),
  '\\w': (c) => word.test(c),
  '\\b': (c) => `${c}a${c}the`.replaceAll(article, '_'),
};

const blocks = new Map<string, number[]>();
for (const [first, last] of golden.compared) {
  for (let code = first; code <= last; code++) {
    const block = Math.floor(code / golden.blockSize).toString(16);
    if (!blocks.has(block)) blocks.set(block, []);
    blocks.get(block)!.push(code);
  }
}

describe('texts as Python and Hugging Face’s tokenizers take them, every code point that both know', () => {
  it.each(Object.keys(golden.hashes))('%s', (name) => {
    const found = Object.fromEntries(
      Array.from(blocks, ([block, codes]) => {
        const lines = codes.map((code) => JSON.stringify(FUNCTIONS[name](String.fromCodePoint(code))));
        return [block, createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 12)];
      }),
    );
    expect(found).toEqual(golden.hashes[name]);
  });
});

describe('lower case', () => {
  it('ends words with ς as Python does, and with σ as tokenizers do', () => {
    expect(lowerCase('ΣΑΣ ΟΔΟΣ, Σ.')).toBe('σας οδος, σ.');
    expect(lowerCaseEach('ΣΑΣ ΟΔΟΣ, Σ.')).toBe('σασ οδοσ, σ.');
    expect(lowerCaseEach('İSTANBUL')).toBe('i̇stanbul');
  });
});

describe('white space', () => {
  it('is U+001C to U+001F and U+0085, not U+FEFF', () => {
    expect(splitSpaces(' a\u001Cb\u0085c\uFEFFd\u3000')).toEqual(['a', 'b', 'c\uFEFFd']);
    expect(stripSpaces('\u001F\uFEFFa b\u0085\u2029')).toBe('\uFEFFa b');
    expect(withoutSpaces('a\u001D b\uFEFF')).toBe('ab\uFEFF');
  });

  it('is stripped in the time of one reading', () => {
    expect(stripSpaces(`a${' '.repeat(200_000)}b`)).toHaveLength(200_002);
  });
});

describe('exactTokenizer', () => {
  it('refuses what it would read otherwise than Python', () => {
    expect(() => cut('Punctuation', { behavior: 'Alone' })).toThrow("Punctuation's behavior must be one of Isolated");
    const token = { id: 0, content: 'ΑΣ', normalized: true };
    expect(() =>
      exactTokenizer(
        {
          normalizer: { type: 'Sequence', normalizers: [{ type: 'NFC' }, { type: 'Lowercase' }] },
          pre_tokenizer: null,
          post_processor: null,
          decoder: null,
          added_tokens: [token],
          model: { type: 'WordPiece', vocab: { x: 1 }, unk_token: 'x' },
        },
        {},
      ),
    ).toThrow('an added token with normalized=true must look alike by every normalizer, got "ΑΣ"');
  });

  it('replaces the steps of sequences inside sequences', () => {
    const inner = { type: 'Sequence', normalizers: [{ type: 'Lowercase' }] };
    expect(normalize('Sequence', { normalizers: [{ type: 'NFC' }, inner] })('ΑΣ')).toBe('ασ');
    const steps = { type: 'Sequence', pretokenizers: [{ type: 'WhitespaceSplit' }] };
    expect(cut('Sequence', { pretokenizers: [steps, { type: 'Digits' }] })('a\uFEFF\u0085b٣')).toEqual([
      'a\uFEFF',
      'b',
      '٣',
    ]);
  });
});
