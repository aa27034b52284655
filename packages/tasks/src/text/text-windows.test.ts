import { describe, expect, it } from 'vitest';
import { consecutiveWindows, textWindows } from './text-windows.ts';

const stream = Int32Array.from({ length: 50 }, (_, i) => i);
const options = { batchSize: 3, length: 4, seed: 7 };

describe('textWindows', () => {
  it('asks at every place for the token after it', () => {
    for (const { tokens, targets } of textWindows(stream, options)(0)) {
      expect(tokens.shape).toEqual([3, 4]);
      expect([...targets.data]).toEqual([...tokens.data].map((token) => token + 1));
      for (let row = 0; row < 3; row++) {
        const first = tokens.data[4 * row];
        expect([...tokens.data.subarray(4 * row, 4 * row + 4)]).toEqual([first, first + 1, first + 2, first + 3]);
      }
    }
  });

  it('draws every place in the stream, the first and the last too', () => {
    const windows = textWindows(stream.subarray(0, 8), options);
    const starts = new Set<number>();
    for (let epoch = 0; epoch < 40; epoch++) {
      for (const { tokens } of windows(epoch)) for (const row of [0, 4, 8]) starts.add(tokens.data[row]);
    }
    expect([...starts].sort()).toEqual([0, 1, 2, 3]); // 3, 4, 5, 6 foretell 4, 5, 6, 7
  });

  it('has as many batches as cover the stream, the same in the same epoch, others in another', () => {
    const windows = textWindows(stream, options);
    const all = (epoch: number) => [...windows(epoch)].map(({ tokens }) => [...tokens.data]);
    expect(windows.perEpoch).toBe(5); // ⌈50 / 12⌉
    expect(all(0)).toHaveLength(5);
    expect(all(0)).toEqual(all(0));
    expect(all(0)).not.toEqual(all(1));
    const rest = [...windows(1).skip(2)].map(({ tokens }) => [...tokens.data]);
    expect(rest).toEqual(all(1).slice(2));
  });

  it('refuses streams that are too short, and sizes that are none', () => {
    expect(() => textWindows(stream.subarray(0, 4), options)).toThrow(
      'textWindows: there must be more than length=4 tokens, got 4',
    );
    expect(() => textWindows(stream, { ...options, batchSize: 0 })).toThrow(
      'textWindows: batchSize must be a positive integer, got 0',
    );
  });
});

describe('consecutiveWindows', () => {
  it('foretells every token but the first once, the last window being padded', () => {
    const batches = [...consecutiveWindows(stream.subarray(0, 10), { batchSize: 2, length: 4 })];
    expect(batches.map(({ tokens }) => tokens.shape)).toEqual([
      [2, 4],
      [1, 4],
    ]);
    expect([...batches[0].tokens.data]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect([...batches[0].targets.data]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect([...batches[1].tokens.data]).toEqual([8, 0, 0, 0]);
    expect([...batches[1].targets.data]).toEqual([9, -100, -100, -100]);
  });
});
