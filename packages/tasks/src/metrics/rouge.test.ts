import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { TranslatedText } from './bleu.ts';
import { rouge, type Rouge } from './rouge.ts';

describe('rouge', () => {
  // made by tooling/golden/tasks-chrf-rouge.py
  const cases = JSON.parse(readFileSync(new URL('rouge.golden.json', import.meta.url), 'utf8')) as {
    readonly texts: TranslatedText[];
    readonly rouge: Rouge;
  }[];

  it.each(cases)('is what rouge-score gives: $rouge.rougeL', ({ texts, rouge: expected }) => {
    const given = rouge(texts);
    for (const name of ['rouge1', 'rouge2', 'rougeL'] as const) {
      const { precision, recall, f1 } = expected[name];
      expect(given[name].precision).toBeCloseTo(precision, 12);
      expect(given[name].recall).toBeCloseTo(recall, 12);
      expect(given[name].f1).toBeCloseTo(f1, 12);
    }
  });

  it('refuses texts without reference, and no texts', () => {
    expect(() => rouge([])).toThrow('rouge: at least one text is needed, got none');
    expect(() => rouge([{ hypothesis: 'a', references: [] }])).toThrow(
      'rouge: every text must have a reference, "a" got none',
    );
  });
});
