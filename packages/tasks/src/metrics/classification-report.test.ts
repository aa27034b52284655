import { describe, expect, it } from 'vitest';
import { classificationReport } from './classification-report.ts';

describe('classificationReport', () => {
  // three a, two b, one c; by hand
  const expected = ['a', 'a', 'a', 'b', 'b', 'c'];
  const told = ['a', 'a', 'b', 'b', 'a', 'b'];

  it('counts every pair of labels, and takes precision, recall and F1 from the counts', () => {
    const report = classificationReport(expected, told, ['a', 'b', 'c']);
    expect(report.confusion).toEqual([
      [2, 1, 0],
      [1, 1, 0],
      [0, 1, 0],
    ]);
    expect(report.accuracy).toBeCloseTo(3 / 6, 12);
    expect(report.perLabel.map(({ label, examples }) => [label, examples])).toEqual([
      ['a', 3],
      ['b', 2],
      ['c', 1],
    ]);
    const [a, b, c] = report.perLabel;
    expect([a.precision, a.recall, a.f1]).toEqual([2 / 3, 2 / 3, expect.closeTo(2 / 3, 12)]);
    expect([b.precision, b.recall, b.f1]).toEqual([1 / 3, 1 / 2, expect.closeTo(2 / 5, 12)]);
    expect([c.precision, c.recall, c.f1]).toEqual([0, 0, 0]);
    expect(report.macroF1).toBeCloseTo((2 / 3 + 2 / 5) / 3, 12);
  });

  it('refuses labels that it does not know, and lists that do not fit', () => {
    expect(() => classificationReport(['a'], ['d'], ['a', 'b'])).toThrow(
      'classificationReport: a label must be among ["a","b"], got "d"',
    );
    expect(() => classificationReport([], [], ['a', 'b'])).toThrow('and at least one, got 0 and 0');
    expect(() => classificationReport(['a'], [], ['a', 'b'])).toThrow('got 1 and 0');
  });
});
