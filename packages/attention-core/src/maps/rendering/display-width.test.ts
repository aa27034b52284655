import { describe, expect, it } from 'vitest';
import { displayWidth, graphemes, isolate, truncate, visibleLabel } from './display-width.ts';

describe('displayWidth', () => {
  // Widths by Unicode's East Asian Width (UAX #11) and emoji presentation (UTS #51).
  it.each([
    ['abc', 3],
    ['日本', 4],
    ['한국어', 6],
    ['ｆｕｌｌ', 8],
    ['ﾊﾝ', 2],
    ['e\u0301', 1],
    ['😀', 2],
    ['👨‍👩‍👧', 2],
    ['❤️', 2],
    ['🇩🇪', 2],
    ['שלום', 4],
    ['שָׁלוֹם', 4],
    ['', 0],
  ])('counts the columns of %s', (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });

  it('splits text into the characters that a reader sees', () => {
    expect(graphemes('e\u0301👨‍👩‍👧日')).toEqual(['e\u0301', '👨‍👩‍👧', '日']);
  });

  it('cuts text at a character and within the width', () => {
    expect(truncate('attention', 5)).toBe('atte…');
    expect(truncate('日本語です', 6)).toBe('日本…');
    expect(truncate('short', 5)).toBe('short');
  });

  it('makes spaces, control characters and empty labels visible', () => {
    expect(visibleLabel('')).toBe('∅');
    expect(visibleLabel('  ')).toBe('␣␣');
    expect(visibleLabel('a\nb\t\u001B[31m')).toBe('a⏎b⇥␛[31m');
    expect(visibleLabel('\uD800')).toBe('\uFFFD');
    expect(visibleLabel('\u202Ea\u200B')).toBe('\uFFFDa\uFFFD');
    expect(visibleLabel('x'.repeat(400_000))).toBe(`${'x'.repeat(2000)}…`);
  });

  it('isolates right-to-left text and leaves other text alone', () => {
    expect(isolate('שלום')).toBe('\u2068שלום\u2069');
    expect(isolate('hello')).toBe('hello');
  });
});
