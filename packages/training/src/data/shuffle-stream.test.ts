import { describe, expect, it } from 'vitest';
import { shuffleStream } from './shuffle-stream.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

async function shuffled(count: number, buffer: number, seed: number): Promise<number[]> {
  const found: number[] = [];
  for await (const item of shuffleStream(numbers(count), { buffer, seed })) found.push(item);
  return found;
}

describe('shuffleStream', () => {
  it('gives every item once, in an order that the seed decides', async () => {
    const order = await shuffled(500, 50, 1);
    expect(order.toSorted((a, b) => a - b)).toEqual(numbers(500));
    expect(order).not.toEqual(numbers(500));
    expect(await shuffled(500, 50, 1)).toEqual(order);
    expect(await shuffled(500, 50, 2)).not.toEqual(order);
  });

  it('never takes more from the source than the buffer holds', async () => {
    const order = await shuffled(500, 50, 1);
    expect(Math.max(...order.map((item, place) => item - place))).toBeLessThanOrEqual(50);
  });

  it('leaves the order with a buffer of one', async () => {
    expect(await shuffled(10, 1, 1)).toEqual(numbers(10));
  });

  it('refuses a buffer of none', async () => {
    await expect(shuffled(1, 0, 1)).rejects.toThrow('shuffleStream: buffer must be a positive integer, got 0');
  });
});
