import { describe, expect, it } from 'vitest';
import { printableText } from './printable-text.ts';

describe('printableText', () => {
  it.each([
    ['a terminal’s sequences', 'a\u001B[2Jb\u009B31m', 'a␛[2Jb\uFFFD31m'],
    ['a text that is turned round', 'gpj.\u202Eexe', 'gpj.\uFFFDexe'],
    ['isolates and marks', '\u2066a\u2069\u200F', '\uFFFDa\uFFFD\uFFFD'],
    ['what nobody sees', 'us\u200Ber\uFEFF\u00AD', 'us\uFFFDer\uFFFD\uFFFD'],
    ['joiners that join nothing', '\u200Da\u200C', '\uFFFDa\uFFFD'],
    ['tags that make no flag', 'a\u{E0061}', 'a\uFFFD'],
    ['line breaks', 'a\nb\tc\r', 'a⏎b⇥c␍'],
  ])('shows %s', (_, text, shown) => {
    expect(printableText(text)).toBe(shown);
  });

  it.each([
    '👨‍👩‍👧',
    '🏴\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}',
    'می\u200Cخواهم',
    '❤️',
    'क्\u200Dष',
    'שלום',
    'e\u0301',
  ])('leaves %s as it is', (text) => expect(printableText(text)).toBe(text));

  it('keeps lines where they are wanted, and bounds what is long', () => {
    expect(printableText('a\n\tb\u001B', { lines: true })).toBe('a\n\tb␛');
    expect(printableText('x'.repeat(1e6), { most: 10 })).toBe('xxxxxxxxxx…');
  });
});
