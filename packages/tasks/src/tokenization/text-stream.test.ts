import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CharacterTokenizer } from './character-tokenizer.ts';
import { TextStream } from './text-stream.ts';
import { TextTokenizer } from './text-tokenizer.ts';
import { trainBpe } from './train-bpe.ts';

const letters = CharacterTokenizer.of(['abcd. \n']);
const bytes = new TextTokenizer(trainBpe(['a b'], { vocabularySize: 256 })); // no merges: a token for every byte

const pieces = (tokenizer: TextTokenizer | CharacterTokenizer, text: string, stops: readonly string[] = []) => {
  const stream = new TextStream(tokenizer, stops);
  const given: string[] = [];
  for (const id of tokenizer.encode(text)) {
    given.push(stream.push(id));
    if (stream.stopped) break;
  }
  return { given: [...given, stream.end()], text: stream.text, stopped: stream.stopped };
};

describe('TextStream', () => {
  it('gives whole characters only', () => {
    // 🙂 is four bytes, é two; the space before the text is the tokenizer's
    expect(pieces(bytes, 'é🙂').given).toEqual([' ', '', 'é', '', '', '', '🙂', '']);
  });

  it('ends before the first text that stops it, and gives nothing of that', () => {
    expect(pieces(letters, 'ab\ncd', ['\n'])).toEqual({ given: ['a', 'b', '', ''], text: 'ab', stopped: true });
    expect(pieces(letters, 'a.b..c', ['..', 'c'])).toMatchObject({ text: 'a.b', stopped: true });
  });

  it('holds back what may become a text that stops it, until it did not', () => {
    expect(pieces(letters, 'ab.c', ['bcd', '.d']).given).toEqual(['a', '', 'b', '.c', '']);
  });

  it('gives at the end what was held back', () => {
    expect(pieces(letters, 'a..', ['...'])).toEqual({ given: ['a', '', '', '..'], text: 'a..', stopped: false });
  });

  it('gives in pieces what decoding gives at once', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (text) => {
        const { given } = pieces(bytes, text, ['never in it 0123']);
        expect(given.join('')).toBe(bytes.decode(bytes.encode(text)));
      }),
      { seed: 7, numRuns: 50 },
    );
  });

  it('refuses an empty text to stop at', () => {
    expect(() => new TextStream(letters, [''])).toThrow('TextStream: a text that stops must not be empty, got ""');
  });
});
