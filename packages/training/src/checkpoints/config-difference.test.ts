import { describe, expect, it } from 'vitest';
import { configDifference } from './config-difference.ts';

describe('configDifference', () => {
  it('finds none between equal values, in whatever order, undefined being absent', () => {
    expect(
      configDifference({ a: 1, b: [1, { c: null }] }, { b: [1, { c: null }], a: 1, d: undefined }),
    ).toBeUndefined();
    expect(configDifference(undefined, undefined)).toBeUndefined();
  });

  it.each([
    [{ a: { b: [1, 2] } }, { a: { b: [1, 3] } }, 'a.b.1 was 2, is now 3'],
    [{ a: 1 }, { a: 1, b: 'x' }, 'b was absent, is now "x"'],
    [{ a: [] }, { a: {} }, 'a was [], is now {}'],
    [undefined, { a: 1 }, 'config was absent, is now {"a":1}'],
  ])('tells where %j and %j differ', (saved, current, expected) => {
    expect(configDifference(saved, current)).toBe(expected);
  });
});
