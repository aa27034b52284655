import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { averagePrecision, type AveragePrecision, type DetectionCase } from './average-precision.ts';

// made by tooling/golden/vision-average-precision.py
const golden = JSON.parse(readFileSync(new URL('average-precision.golden.json', import.meta.url), 'utf8')) as {
  readonly cases: DetectionCase[];
  readonly figures: AveragePrecision;
};
const box = { left: 10, top: 20, width: 40, height: 40 };

describe('averagePrecision', () => {
  it("gives pycocotools' figures, sizes, crowds and equal scores included", () => {
    const { perLabel, ...figures } = averagePrecision(golden.cases);
    const { perLabel: expected, ...theirs } = golden.figures;
    expect(Object.keys(perLabel).toSorted()).toEqual(Object.keys(expected).toSorted());
    for (const [label, value] of Object.entries(perLabel)) expect(value).toBeCloseTo(expected[label], 10);
    for (const [name, value] of Object.entries(figures)) {
      expect(value).toBeCloseTo(theirs[name as keyof typeof theirs]!, 10);
    }
  });

  it('is 1 for what is found as it is, 0 for nothing found, and undefined where nothing is there', () => {
    const objects = [{ box, label: 'cat' }];
    const right = averagePrecision([{ objects, found: [{ box, label: 'cat', score: 0.5 }] }]);
    expect(right.ap).toBeCloseTo(1, 10);
    expect([right.small, right.large]).toEqual([undefined, undefined]);
    expect(averagePrecision([{ objects, found: [] }]).ap).toBe(0);
    expect(averagePrecision([{ objects: [], found: [{ box, label: 'cat', score: 1 }] }]).ap).toBeUndefined();
  });

  it('counts what is found in a crowd neither as right nor as wrong', () => {
    const crowd = { box: { left: 0, top: 0, width: 200, height: 200 }, label: 'cat', crowd: true };
    const objects = [{ box: { ...box, left: 300 }, label: 'cat' }, crowd];
    const found = [
      { box, label: 'cat', score: 0.9 },
      { box: { ...box, left: 300 }, label: 'cat', score: 0.5 },
    ];
    expect(averagePrecision([{ objects, found }]).ap).toBeCloseTo(1, 10);
    expect(averagePrecision([{ objects: [objects[0]], found }]).ap).toBeCloseTo(0.5, 10);
  });

  it.each([
    [{ ...box, width: 0 }, 'width=0'],
    [{ ...box, left: NaN }, 'left=NaN'],
  ])('refuses the box %j', (wrong, message) => {
    expect(() =>
      averagePrecision([
        { objects: [], found: [] },
        { objects: [{ box: wrong, label: 'cat' }], found: [] },
      ]),
    ).toThrow(`averagePrecision: a box must have finite numbers and an area, got`);
    expect(() => averagePrecision([{ objects: [{ box: wrong, label: 'cat' }], found: [] }])).toThrow(message);
  });
});
