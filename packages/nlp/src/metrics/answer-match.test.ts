import { describe, expect, it } from 'vitest';
import { answerMatch } from './answer-match.ts';

describe('answerMatch', () => {
  const one = (answer: string, ...references: string[]) => answerMatch([{ answer, references }]);

  it('leaves out case, punctuation, articles and spaces', () => {
    expect(one('The Saint-Germain,  of a 1970!', 'saintgermain of 1970')).toEqual({ exact: 1, f1: 1 });
    expect(one('theatre', 'the atre')).toEqual({ exact: 0, f1: 0 }); // an article is a word
  });

  it('takes letters and white space as Python does', () => {
    // SQuAD's script in Python: "âa" is one word, U+001C and U+0085 are spaces, U+FEFF is none, and a sigma at the end is ς
    expect(one('âa', 'â')).toEqual({ exact: 0, f1: 0 });
    expect(one('an\u001CΟΔΟΣ\u0085x', 'οδος x')).toEqual({ exact: 1, f1: 1 });
    expect(one('a\uFEFFx', 'x')).toEqual({ exact: 0, f1: 0 });
  });

  it('counts the words in common, as often as both have them, with the reference that fits best', () => {
    // 'in may may' and 'may may be may': two in common of 3 and 4
    expect(one('in may may', 'june', 'may may be may')).toEqual({ exact: 0, f1: expect.closeTo(4 / 7, 12) });
  });

  it('takes no answer for right where there is none, and alone', () => {
    expect(one('')).toEqual({ exact: 1, f1: 1 });
    expect(one('Rome')).toEqual({ exact: 0, f1: 0 });
    expect(one('', 'Rome')).toEqual({ exact: 0, f1: 0 });
  });

  it('is a mean over the questions', () => {
    const found = answerMatch([
      { answer: 'Rome', references: ['Rome'] },
      { answer: 'in Rome', references: ['Rome'] },
    ]);
    expect(found).toEqual({ exact: 0.5, f1: expect.closeTo((1 + 2 / 3) / 2, 12) });
  });

  it('refuses nothing at all', () => {
    expect(() => answerMatch([])).toThrow('answerMatch: at least one answer is needed, got none');
  });
});
