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

  it('refuses no sentences, sentences that differ in length, and what is no BIO label', () => {
    expect(() => entityF1([])).toThrow('entityF1: at least one sentence is needed, got none');
    expect(() => entityF1([{ labels: ['O'], predicted: [] }])).toThrow(
      'entityF1: sentence 0 must have as many predicted labels as right ones, got 0 and 1',
    );
    expect(() => entityF1([{ labels: ['S-LOC'], predicted: ['O'] }])).toThrow(
      'parseLabel: a label must be O, B-type or I-type, got "S-LOC"',
    );
  });
});
