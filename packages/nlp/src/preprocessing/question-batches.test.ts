import { describe, expect, it } from 'vitest';
import { questionBatches, type Question } from './question-batches.ts';

const questions: Question[] = Array.from({ length: 7 }, (_, i) => ({ question: [i, 7, 8], answer: [9, i] }));

describe('questionBatches', () => {
  it('asks for the answers alone, each token from those before it', () => {
    for (const { tokens, targets } of questionBatches(questions, { batchSize: 2, seed: 1 })(0)) {
      expect(tokens.shape).toEqual([2, 4]);
      for (const row of [0, 4]) {
        const first = tokens.data[row];
        expect([...tokens.data.subarray(row, row + 4)]).toEqual([first, 7, 8, 9]);
        expect([...targets.data.subarray(row, row + 4)]).toEqual([-100, -100, 9, first]);
      }
    }
  });

  it('gives every epoch another order, the same in the same epoch, and goes on inside one', () => {
    const batches = questionBatches(questions, { batchSize: 2, seed: 1 });
    const all = (epoch: number) => [...batches(epoch)].map(({ tokens }) => [tokens.data[0], tokens.data[4]]);
    expect(all(0)).toHaveLength(3);
    expect(new Set(all(0).flat()).size).toBe(6);
    expect(all(0)).toEqual(all(0));
    expect(all(0)).not.toEqual(all(1));
    expect([...batches(1).skip(1)].map(({ tokens }) => [tokens.data[0], tokens.data[4]])).toEqual(all(1).slice(1));
  });

  it('tells other questions apart', () => {
    const of = (some: Question[]) => questionBatches(some, { batchSize: 1, seed: 1 }).fingerprint;
    expect(of(questions)).toBe(of([...questions]));
    expect(of(questions)).not.toBe(of([...questions].reverse()));
    expect(of([{ question: [1, 2], answer: [3] }])).not.toBe(of([{ question: [1], answer: [2, 3] }]));
  });

  it.each([
    [[], 1, 'batchSize must be an integer from 1 to 0 questions, got 1'],
    [questions, 8, 'batchSize must be an integer from 1 to 7 questions, got 8'],
    [[...questions, { question: [1], answer: [2] }], 2, 'must be of one length, none empty, got 1 + 1 tokens beside 5'],
    [[{ question: [1, 2], answer: [] }], 1, 'must be of one length, none empty, got 2 + 0 tokens beside 2'],
  ])('refuses %j in batches of %i', (some, batchSize, message) => {
    expect(() => questionBatches(some, { batchSize, seed: 1 })).toThrow(message);
  });
});
