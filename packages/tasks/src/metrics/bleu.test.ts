import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bleu, type Bleu } from './bleu.ts';

interface Case extends Bleu {
  readonly hypotheses: string[];
  readonly references: string[][];
  readonly lowerCase: boolean;
}

describe('bleu', () => {
  // made by tooling/golden/tasks-bleu.py
  const cases = JSON.parse(readFileSync(new URL('bleu.golden.json', import.meta.url), 'utf8')) as Case[];

  it.each(cases)('is what sacrebleu gives: $bleu', ({ hypotheses, references, lowerCase, ...expected }) => {
    const texts = hypotheses.map((hypothesis, i) => ({ hypothesis, references: references[i] }));
    const given = bleu(texts, { lowerCase });
    expect(given.bleu).toBeCloseTo(expected.bleu, 9);
    expect(given.brevityPenalty).toBeCloseTo(expected.brevityPenalty, 12);
    expect(given.precisions).toBeAllClose(expected.precisions);
  });

  it('refuses texts without reference, and no texts', () => {
    expect(() => bleu([])).toThrow('bleu: at least one text is needed, got none');
    expect(() => bleu([{ hypothesis: 'a', references: [] }])).toThrow(
      'bleu: every text must have a reference, "a" got none',
    );
  });
});
