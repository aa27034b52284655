import { Random } from '@heed/attention-core';
import { describe, expect, it } from 'vitest';
import { addTypos, dropWords } from './text-noise.ts';

const TEXT = 'A moving, and important film of 1994: «l’été» ';
const noisy = (text: string, share: number, seed: number) => addTypos(text, { share, random: new Random(seed) });

describe('addTypos', () => {
  it('changes nothing at a share of 0, and the same at the same seed', () => {
    expect(noisy(TEXT, 0, 1)).toBe(TEXT);
    expect(noisy(TEXT, 0.5, 1)).toBe(noisy(TEXT, 0.5, 1));
    expect(noisy(TEXT, 0.5, 1)).not.toBe(noisy(TEXT, 0.5, 2));
  });

  it('leaves digits, signs and spaces as they are', () => {
    const others = (text: string) => text.replaceAll(/\p{L}/gu, '');
    for (const seed of [1, 2, 3]) expect(others(noisy(TEXT, 1, seed))).toBe(others(TEXT));
    expect(noisy('12:30 \n 🙂!', 1, 1)).toBe('12:30 \n 🙂!');
  });

  it('swaps, drops, doubles and mistypes alike often', () => {
    const found = { swap: 0, double: 0, drop: 0 };
    for (let seed = 0; seed < 8000; seed++) {
      const typed = noisy('hi', 1, seed);
      if (typed === 'ih') found.swap++;
      if (typed.startsWith('hh')) found.double++;
      if (/^(|ii|o|k)$/.test(typed)) found.drop++; // of h; i is then dropped, doubled, or one of its neighbours u, o, j, k
    }
    const near = (count: number, p: number) =>
      expect(Math.abs(count - 8000 * p)).toBeLessThan(4 * Math.sqrt(8000 * p * (1 - p))); // four standard deviations
    near(found.swap, 1 / 4);
    near(found.double, 1 / 4);
    near(found.drop, (1 / 4) * (1 - (1 / 3) * (2 / 4))); // u and j may be a neighbour of h too, and are not counted
  });

  it('changes about the share of the letters that it is asked for', () => {
    const typed = noisy('x '.repeat(4000), 0.1, 5).split(' ');
    const changed = typed.slice(0, 4000).filter((letter) => letter !== 'x').length;
    expect(Math.abs(changed - 400)).toBeLessThan(4 * Math.sqrt(4000 * 0.1 * 0.9));
  });

  it('keeps letters of other scripts whole', () => {
    const typed = noisy('नमस्ते', 1, 3);
    const known = new Set(Array.from(new Intl.Segmenter().segment('नमस्ते'), ({ segment }) => segment));
    for (const { segment } of new Intl.Segmenter().segment(typed)) expect(known.has(segment)).toBe(true);
  });

  it('keeps capitals', () => {
    for (let seed = 0; seed < 50; seed++) expect(noisy('Q', 1, seed)).toMatch(/^(|QQ|W|A)$/); // beside Q lie W and A
  });

  it('refuses a share that is none', () => {
    expect(() => noisy('a', 1.5, 1)).toThrow('addTypos: share must be from 0 to 1, got 1.5');
    expect(() => noisy('a', NaN, 1)).toThrow('addTypos: share must be from 0 to 1, got NaN');
  });
});

describe('dropWords', () => {
  it('leaves out about the share of the words that it is asked for, and keeps the order of the others', () => {
    const words = Array.from({ length: 2000 }, (_, i) => `w${i}`);
    const kept = dropWords(words.join(' '), { share: 0.3, random: new Random(4) }).split(' ');
    expect(Math.abs(kept.length - 1400)).toBeLessThan(4 * Math.sqrt(2000 * 0.3 * 0.7));
    const places = kept.map((word) => words.indexOf(word));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });

  it('keeps one word in any case, and all at a share of 0', () => {
    expect(['one', 'two']).toContain(dropWords('one two', { share: 1, random: new Random(1) }));
    expect(dropWords(' one\ntwo ', { share: 0, random: new Random(1) })).toBe('one two');
    expect(dropWords('', { share: 0.5, random: new Random(1) })).toBe('');
  });

  it('refuses a share that is none', () => {
    expect(() => dropWords('a', { share: -0.1, random: new Random(1) })).toThrow('share must be from 0 to 1, got -0.1');
  });
});
