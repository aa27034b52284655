import { describe, expect, it } from 'vitest';
import { checkTokenizerJson } from './check-tokenizer-json.ts';

const split = (Regex: string) => ({ pre_tokenizer: { type: 'Split', pattern: { Regex }, behavior: 'Isolated' } });
const check = (content: object) => checkTokenizerJson('open', content);

// As the tokenizer.json files of GPT-2, CLIP, GPT-4, GPT-4o and Qwen 2 have them.
const PUBLISHED = [
  String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`,
  String.raw`'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`,
  String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
  String.raw`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
  String.raw`\s{2,}|(?=(\d{3})+(?!\d))|[\s\S]`,
];

describe('checkTokenizerJson', () => {
  it.each(PUBLISHED)('lets the published pattern %s pass', (pattern) => {
    expect(() => check(split(pattern))).not.toThrow();
  });

  it.each([
    ['(a+)+$', 'not repeat what has repetitions'],
    ['(a|a)*b', 'not repeat what has repetitions'],
    ['(a?){2,}b', 'not repeat what has repetitions'],
    [String.raw`(?:[\])]x*y)*`, 'not repeat what has repetitions'],
    ['((a)*)+', 'not repeat what has repetitions'],
    [String.raw`\s*\s*\s*x`, 'have at most 2 repetitions without a bound'],
    ['(\\s*)(\\s*)(\\s*)x', 'have at most 2 repetitions without a bound'],
    ['a'.repeat(5000), 'have at most 4000 characters'],
    ['a{100000}', 'repeat at most 1000 times'],
    ['('.repeat(40), 'have at most 32 groups in one another'],
    ['a)', 'close only groups that it opens'],
  ])('refuses the pattern %s', (pattern, rule) => {
    expect(() => check(split(pattern))).toThrow(`open: tokenizer.json a pattern must ${rule}`);
  });

  it('refuses what makes words, texts or files without end', () => {
    const model = (longest: unknown) => ({ model: { type: 'WordPiece', max_input_chars_per_word: longest } });
    expect(() => check(model(100))).not.toThrow();
    expect(() => check(model(1e9))).toThrow(
      'max_input_chars_per_word must be an integer from 1 to 1000, got 1000000000',
    );
    expect(() => check(model(-1))).toThrow('got -1');
    const double = { type: 'Replace', pattern: { String: 'a' }, content: 'aa' };
    const sequence = (count: number) => ({
      normalizer: { type: 'Sequence', normalizers: Array.from({ length: count }, () => double) },
    });
    expect(() => check(sequence(6))).not.toThrow();
    expect(() => check(sequence(60))).toThrow('must make a text at most 64 times longer, got more');
    const strips = {
      normalizer: { type: 'Sequence', normalizers: Array.from({ length: 100 }, () => ({ type: 'Strip' })) },
    };
    expect(() => check(strips)).toThrow('must have at most 64 steps, got more');
    let deep: object = {};
    for (let i = 0; i < 100_000; i++) deep = { deep };
    expect(() => check({ decoder: deep })).toThrow('must be at most 16 deep');
  });
});
