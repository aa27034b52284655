import { Random } from '@heed/attention-core';
import { describe, expect, it } from 'vitest';
import type { Image } from '../images/image.ts';
import { augmentImage, mixImages } from './augment.ts';

const image: Image = { width: 6, height: 5, channels: 1, data: Uint8Array.from({ length: 30 }, (_, i) => i + 1) };
const draws = (count: number, change: Parameters<typeof augmentImage>[1]) => {
  const random = new Random(1);
  return Array.from({ length: count }, () => augmentImage(image, change, random));
};

describe('augmentImage', () => {
  it('does nothing unless it is asked to', () => {
    expect(augmentImage(image, {}, new Random(1))).toBe(image);
  });

  it('mirrors every other picture', () => {
    const mirrored = draws(400, { flip: true }).filter(({ data }) => data[0] === 6).length;
    expect(Math.abs(mirrored - 200)).toBeLessThan(4 * 10); // 4 deviations of a fair coin
  });

  it('moves by every offset up to the limit, black coming in', () => {
    const places = draws(400, { shift: 1 }).map(({ data }) => data.indexOf(8)); // it was at row 1, column 1
    expect([...new Set(places)].toSorted((a, b) => a - b)).toEqual([0, 1, 2, 6, 7, 8, 12, 13, 14]);
    for (const { data } of draws(20, { shift: 1 })) expect(data.length).toBe(30);
  });

  it('erases a rectangle of at most a third, as often as it is told to', () => {
    const changed = draws(400, { erase: 0.25 }).map(
      ({ data }) => data.filter((value, i) => value !== image.data[i]).length,
    );
    expect(Math.abs(changed.filter((count) => count > 0).length - 100)).toBeLessThan(4 * 9);
    expect(Math.max(...changed)).toBeLessThanOrEqual(12);
  });
});

describe('mixImages', () => {
  const shape = [4, 2, 2, 1] as const;
  const ones = () => Float32Array.from({ length: 16 }, (_, i) => 10 ** Math.floor(i / 4)); // 1, 10, 100, 1000

  it('mixes each picture with its partner by the share of their classes', () => {
    const random = new Random(1);
    for (let round = 0; round < 20; round++) {
      const data = ones();
      const { share, partners } = mixImages(data, shape, { mixup: 0.4 }, random)!;
      expect(share >= 0 && share <= 1).toBe(true);
      for (let i = 0; i < 16; i++) {
        const row = Math.floor(i / 4);
        const expected = share * 10 ** row + (1 - share) * 10 ** partners[row];
        expect(data[i] / expected).toBeCloseTo(1, 5);
      }
    }
  });

  it('cuts a rectangle whose share of the area is the share of the classes', () => {
    const random = new Random(2);
    for (let round = 0; round < 20; round++) {
      const data = ones();
      const { share, partners } = mixImages(data, shape, { cutMix: 1 }, random)!;
      for (const [row, partner] of partners.entries()) {
        const taken = data.subarray(row * 4, row * 4 + 4).filter((value) => value === 10 ** partner).length;
        expect(taken / 4).toBeCloseTo(partner === row ? 1 : 1 - share, 6);
      }
    }
  });

  it('draws shares with the deviation of Beta(α, α)', () => {
    const random = new Random(3);
    for (const alpha of [0.3, 1, 4]) {
      const shares = Array.from({ length: 2000 }, () => mixImages(ones(), shape, { mixup: alpha }, random)!.share);
      const mean = shares.reduce((sum, value) => sum + value, 0) / 2000;
      const variance = shares.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 2000;
      expect(mean).toBeCloseTo(0.5, 1);
      expect(Math.abs(variance * 4 * (2 * alpha + 1) - 1)).toBeLessThan(0.12);
    }
  });
});
