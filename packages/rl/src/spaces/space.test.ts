import { Random } from '@heed/attention-core';
import { describe, expect, it } from 'vitest';
import { flatSize, flattenInto } from './flatten.ts';
import { sampleSpace } from './sample-space.ts';
import { box, describeSpace, dict, discrete, multiDiscrete, outsideOf } from './space.ts';

const everything = dict({
  place: discrete(3),
  switches: multiDiscrete([2, 3]),
  force: box([2], { low: [-1, 0], high: [1, Infinity] }),
});

describe('spaces', () => {
  it('give samples that are elements', () => {
    const random = new Random(3);
    for (let i = 0; i < 100; i++) expect(outsideOf(everything, sampleSpace(everything, random))).toBeUndefined();
    const chosen = new Set(
      Array.from({ length: 50 }, () => sampleSpace(discrete(4), random, Uint8Array.of(0, 1, 0, 1))),
    );
    expect([...chosen].toSorted()).toEqual([1, 3]);
    expect(() => sampleSpace(discrete(2), random, Uint8Array.of(0, 0))).toThrow('must leave a choice');
  });

  it('write elements as vectors, choices one-hot', () => {
    const value = { place: 2, switches: Int32Array.of(1, 0), force: Float32Array.of(0.5, 7) };
    const target = new Float32Array(flatSize(everything)).fill(9);
    expect(flattenInto(target, 0, everything, value)).toBe(10);
    expect([...target]).toEqual([0, 0, 1, 0, 1, 1, 0, 0, 0.5, 7]);
  });

  it('say what is wrong with what is no element', () => {
    const value = { place: 2, switches: Int32Array.of(1, 3), force: Float32Array.of(0, 0) };
    expect(outsideOf(everything, value)).toBe('switches: integers below [2, 3], got 2 numbers [1, 3]');
    expect(outsideOf(everything, undefined)).toContain('place: an integer from 0 to 2, got undefined');
    expect(describeSpace(everything)).toBe(
      'dict { place: discrete 3, switches: multi-discrete [2, 3], force: box [2] }',
    );
  });

  it('refuse counts and bounds that do not fit', () => {
    expect(() => discrete(0)).toThrow('discrete: count must be a positive integer, got 0');
    expect(() => multiDiscrete([])).toThrow('counts must not be empty');
    expect(() => box([2], { low: [0] })).toThrow('low must be a number or 2 of them for shape [2], got 1');
    expect(() => box([1], { low: 2, high: 1 })).toThrow('low must not be above high, got 2 and 1');
  });
});
