import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { entitiesOf, entityF1, type EntityEvaluation, type LabelledSentence } from './entity-f1.ts';

interface Case extends EntityEvaluation {
  readonly sentences: LabelledSentence[];
  /** [type, first token, last token] of what was predicted. */
  readonly entities: [string, number, number][][];
}

describe('entityF1', () => {
  // made by tooling/golden/nlp-entity-f1.py
  const cases = JSON.parse(readFileSync(new URL('entity-f1.golden.json', import.meta.url), 'utf8')) as Case[];

  it.each(cases)('is what seqeval gives: $f1', ({ sentences, entities, ...expected }) => {
    const { byType, ...given } = entityF1(sentences);
    for (const name of ['precision', 'recall', 'f1'] as const) expect(given[name]).toBeCloseTo(expected[name], 12);
    expect(Object.keys(byType)).toEqual(Object.keys(expected.byType));
    for (const [type, scores] of Object.entries(byType)) {
      expect(Object.values(scores)).toBeAllClose(Object.values(expected.byType[type]));
    }
    const found = sentences.map(({ predicted }) =>
      entitiesOf(predicted).map(({ type, start, end }) => [type, start, end - 1]),
    );
    expect(found).toEqual(entities);
  });

  it('refuses no sentences, and sentences that differ in length', () => {
    expect(() => entityF1([])).toThrow('entityF1: at least one sentence is needed, got none');
    expect(() => entityF1([{ labels: ['O'], predicted: [] }])).toThrow(
      'entityF1: sentence 0 must have as many predicted labels as right ones, got 0 and 1',
    );
  });
});

describe('entitiesOf', () => {
  it.each([
    ['IOB1', 'I-PER I-PER O O I-LOC B-LOC', 'PER 0–2, LOC 4–5, LOC 5–6'],
    ['BIOES', 'B-PER E-PER S-LOC S-LOC B-ORG I-ORG E-ORG I-ORG', 'PER 0–2, LOC 2–3, LOC 3–4, ORG 4–7, ORG 7–8'],
    ['BILOU', 'B-PER L-PER U-LOC O', 'PER 0–2, LOC 2–3'],
    ['plain names', 'PER PER O LOC PER', 'PER 0–2, LOC 3–4, PER 4–5'],
    ['parts of speech', 'DET NOUN NOUN VERB', 'DET 0–1, NOUN 1–3, VERB 3–4'],
  ])('reads %s', (_, labels, entities) => {
    const found = entitiesOf(labels.split(' ')).map(({ type, start, end }) => `${type} ${start}–${end}`);
    expect(found.join(', ')).toBe(entities);
  });
});
