import { describe, expect, it } from 'vitest';
import { requireTexts } from './require-texts.ts';

describe('requireTexts', () => {
  it.each([
    [null, 'null'],
    [undefined, 'undefined'],
    [5, '5'],
    [['a'], '["a"]'],
  ])('refuses %j', (value, shown) => {
    expect(() => requireTexts('Example', ['a', value], 'a sentence')).toThrow(
      `Example: a sentence must be a string, got ${shown} at 1`,
    );
  });

  it('takes texts, the empty one too', () => {
    expect(() => requireTexts('Example', ['', 'a'])).not.toThrow();
  });
});
