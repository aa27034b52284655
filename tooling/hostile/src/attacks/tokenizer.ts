import { memoryFolder } from '@heed/training';
import { openTokenizer } from '@heed/tasks';
import * as fc from 'fast-check';
import { defineAttack } from '../attack.ts';
import { damaged } from './bytes.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const json = (fields: object) =>
  bytes(
    JSON.stringify({
      version: '1.0',
      added_tokens: [],
      normalizer: null,
      pre_tokenizer: { type: 'Whitespace' },
      post_processor: null,
      decoder: null,
      model: {
        type: 'WordPiece',
        vocab: { '[UNK]': 0, a: 1, '##a': 2 },
        unk_token: '[UNK]',
        continuing_subword_prefix: '##',
      },
      ...fields,
    }),
  );
const split = (Regex: string) =>
  json({ pre_tokenizer: { type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false } });
const replace = (count: number) => ({
  type: 'Sequence',
  normalizers: Array.from({ length: count }, () => ({ type: 'Replace', pattern: { String: 'a' }, content: 'aa' })),
});
const piece = fc.constantFrom(
  'a',
  '.',
  '\\s',
  '\\p{L}',
  '[a-z]',
  '(?:',
  '(',
  ')',
  '|',
  '*',
  '+',
  '?',
  '{2,}',
  '{3}',
  '$',
  '^',
  '(?=',
);
/** Long enough that what backtracks does not end. */
const TEXT = `${'a'.repeat(3000)} ${' '.repeat(3000)}!`;

export const tokenizer = defineAttack<Uint8Array>({
  name: 'tokenizer',
  cases: {
    'a repetition of repetitions': () => split('(a+)+$'),
    'alternatives that are the same': () => split('(a|a)*$'),
    'ten repetitions side by side': () => split(`${'\\s*'.repeat(10)}x`),
    'words of 10^9': () =>
      json({ model: { type: 'WordPiece', vocab: { '[UNK]': 0 }, unk_token: '[UNK]', max_input_chars_per_word: 1e9 } }),
    'sixty replacements that double': () => json({ normalizer: replace(60) }),
    'a thousand replacements': () => json({ normalizer: replace(1000) }),
    'a vocabulary of the prototype': () =>
      bytes('{"model":{"type":"WordPiece","vocab":{"__proto__":1,"constructor":2}},"added_tokens":[]}'),
    'lists in one another': () => bytes('['.repeat(1_000_000)),
    'steps in one another': () => bytes(`{"normalizer":${'{"a":'.repeat(5000)}1${'}'.repeat(5001)}`),
    nothing: () => bytes(''),
    null: () => bytes('null'),
    'no model': () => bytes('{}'),
  },
  drawn: fc.oneof(
    fc.array(piece, { maxLength: 12 }).map((pieces) => split(pieces.join(''))),
    damaged(json({})),
  ),
  draws: 60,
  async run(content) {
    const folder = memoryFolder('hostile');
    await folder.write('tokenizer.json', content);
    const opened = await openTokenizer(folder);
    try {
      opened.tokenize(TEXT);
    } catch (error) {
      throw new Error(`tokenize: ${(error as Error).message}`, { cause: error });
    }
  },
});
