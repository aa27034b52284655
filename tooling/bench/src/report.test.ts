import { describe, expect, it } from 'vitest';
import type { Benchmark } from './benchmark.ts';
import { requireBenchmark } from './benchmark.ts';
import { number, report, section } from './report.ts';

const benchmark: Benchmark = {
  title: 'Speed',
  about: 'Of two.',
  contenders: { ours: { file: 'a.ts' }, theirs: { file: 'b.ts' } },
  rows: [
    { work: 'run', subject: { contender: 'ours', case: 1 }, reference: { contender: 'theirs', case: 1 }, atMost: 1.5 },
  ],
};

describe('the report', () => {
  it('says what a ratio is and whether it is what it shall be', () => {
    const [row] = benchmark.rows;
    expect(section(benchmark, [{ ...row, value: 3, referenceValue: 2.5 }])).toContain(
      '| run | ours: 3 ms | theirs: 2.5 ms | 1.2 | 1.5 ✓ |',
    );
    expect(section(benchmark, [{ ...row, value: 5, referenceValue: 2.5 }])).toContain('| 2 | 1.5 ✗ |');
    expect(section(benchmark, [{ ...row, missing: 'no Python with torch' }])).toContain(
      '| run | not measured: no Python with torch |',
    );
    expect(section(benchmark, [{ ...row, value: 5, missing: 'no Python with torch' }])).toContain(
      '| run | ours: 5 ms | theirs not measured: no Python with torch |',
    );
  });

  it('says of a number with nothing beside it whether it is what it shall be', () => {
    const row = { work: 'count', subject: { contender: 'ours', case: 1 }, measure: 'operations', atMost: 699 } as const;
    expect(section(benchmark, [{ ...row, value: 700 }])).toContain('| count | ours: 700 ops |  |  | 699 ✗ |');
    expect(section(benchmark, [{ ...row, value: 699 }])).toContain('| 699 ✓ |');
  });

  it('replaces the section of the package that was measured and keeps the others', async () => {
    const first = await report('', { core: ['### A'], nlp: ['### B'] }, {});
    const second = await report(first, { core: ['### C'] }, { torch: '1.0' });
    expect(second).toContain('### B');
    expect(second).toContain('### C');
    expect(second).toContain('torch 1.0');
    expect(second).not.toContain('### A');
    expect(await report(second, {}, {})).toBe(second);
  });

  it('shows three digits that count', () => {
    expect([0.012345, 12.345, 1234.5].map(number)).toEqual(['0.0123', '12.3', '1230']);
  });

  it('refuses a row whose contender is not there', () => {
    const wrong = { ...benchmark, contenders: { ours: { file: 'a.ts' } } };
    expect(() => requireBenchmark('x.bench.ts', { benchmark: wrong })).toThrow(
      'must name one of its contenders, got theirs',
    );
    expect(() => requireBenchmark('x.bench.ts', {})).toThrow('must export `benchmark` with rows, got nothing');
  });
});
