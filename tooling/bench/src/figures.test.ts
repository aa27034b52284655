import { describe, expect, it } from 'vitest';
import { benchmarkFigures } from './figures.ts';

describe('figures', () => {
  const benchmark = { title: 'Speed', about: 'Of two.', contenders: {}, rows: [] };
  const row = {
    work: 'run',
    subject: { contender: 'ours', case: 1 },
    reference: { contender: 'theirs', case: 1 },
    measure: 'resident',
    atMost: 1.3,
  } as const;

  it('are those of each row and contender, with their ratio', () => {
    const stages = { started: 1, opened: 2 };
    const { rows } = benchmarkFigures('nlp', benchmark, [
      { ...row, value: 3, referenceValue: 2, stages, referenceStages: stages },
    ]);
    expect(rows).toEqual([
      {
        work: 'run',
        measure: 'resident',
        unit: 'MB',
        facts: {},
        subject: { contender: 'ours', value: 3, stages },
        reference: { contender: 'theirs', value: 2, stages },
        ratio: 1.5,
        atMost: 1.3,
      },
    ]);
  });

  it('say why one is absent', () => {
    const { rows } = benchmarkFigures('nlp', benchmark, [{ ...row, value: 3, missing: 'no Python with torch' }]);
    expect(rows[0]).toMatchObject({ missing: 'no Python with torch', reference: { contender: 'theirs' } });
    expect(rows[0]).not.toHaveProperty('ratio');
  });
});
