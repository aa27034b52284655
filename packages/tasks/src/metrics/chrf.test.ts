import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { TranslatedText } from './bleu.ts';
import { chrf, type ChrfOptions } from './chrf.ts';

interface Case {
  readonly texts: TranslatedText[];
  readonly options: ChrfOptions;
  readonly chrf: number;
}

describe('chrf', () => {
  // made by tooling/golden/tasks-chrf-rouge.py
  const cases = JSON.parse(readFileSync(new URL('chrf.golden.json', import.meta.url), 'utf8')) as Case[];

  it.each(cases)('is what sacrebleu gives: $chrf with $options', ({ texts, options, chrf: expected }) => {
    expect(chrf(texts, options)).toBeCloseTo(expected, 9);
  });

  it('refuses texts without reference, no texts, and orders that are none', () => {
    expect(() => chrf([])).toThrow('chrf: at least one text is needed, got none');
    expect(() => chrf([{ hypothesis: 'a', references: [] }])).toThrow(
      'chrf: every text must have a reference, "a" got none',
    );
    expect(() => chrf([], { wordOrder: 0.5 })).toThrow('chrf: wordOrder must be a non-negative integer, got 0.5');
  });
});
