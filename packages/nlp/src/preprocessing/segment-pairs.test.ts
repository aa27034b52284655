import { describe, expect, it } from 'vitest';
import {
  SegmentPairs,
  type SegmentPairBatch,
  type SegmentPairsOptions,
  type TokenizedDocument,
} from './segment-pairs.ts';

const [CLS, SEP, MASK] = [1, 2, 3];
/** Every token tells its document and its place there: 1000 · document + place. */
const documents: TokenizedDocument[] = Array.from({ length: 4 }, (_, document) =>
  Array.from({ length: 30 }, (_, sentence) =>
    Array.from({ length: 5 }, (_, place) => 1000 * (document + 1) + 5 * sentence + place),
  ),
);
const options: SegmentPairsOptions = {
  batchSize: 16,
  length: 32,
  vocabularySize: 10_000,
  special: { classify: CLS, separate: SEP, mask: MASK },
  seed: 7,
};

interface ReadPair {
  readonly tokens: number[];
  readonly types: number[];
  /** With what was asked for put back. */
  readonly first: number[];
  readonly second: number[];
  readonly asked: Map<number, number>;
  readonly isRandom: number;
}

function readPairs(batches: Iterable<SegmentPairBatch>): ReadPair[] {
  return [...batches].flatMap(({ tokens, lengths, tokenTypes, positions, targets, isRandom }) =>
    Array.from(lengths.data, (length, row) => {
      const of = ({ data, shape }: { data: ArrayLike<number>; shape: readonly number[] }) =>
        Array.from({ length: shape[1] }, (_, i) => data[row * shape[1] + i]);
      const read = of(tokens);
      const wanted = of(targets);
      const asked = new Map(of(positions).flatMap((p, i) => (wanted[i] === -100 ? [] : [[p, wanted[i]] as const])));
      const whole = read.map((token, position) => asked.get(position) ?? token);
      const middle = whole.indexOf(SEP);
      return {
        tokens: read,
        types: of(tokenTypes),
        first: whole.slice(1, middle),
        second: whole.slice(middle + 1, length - 1),
        asked,
        isRandom: isRandom.data[row],
      };
    }),
  );
}

const epochs = (pairs: SegmentPairs, count: number) =>
  Array.from({ length: count }, (_, epoch) => [...(pairs.epoch(epoch) as Iterable<SegmentPairBatch>)]).flat();

const documentOf = (token: number) => Math.floor(token / 1000);

describe('SegmentPairs', () => {
  const pairs = readPairs(epochs(new SegmentPairs(documents, options), 30));

  it('writes pairs as BERT reads them', () => {
    for (const { tokens, types, first, second } of pairs) {
      const size = first.length + second.length + 3;
      expect(size).toBeLessThanOrEqual(32);
      expect([tokens[0], tokens[first.length + 1], tokens[size - 1]]).toEqual([CLS, SEP, SEP]);
      expect(tokens.slice(size)).toEqual(Array<number>(32 - size).fill(0));
      expect(types.indexOf(1)).toBe(first.length + 2);
      expect(types.lastIndexOf(1)).toBe(size - 1);
    }
  });

  it('lets the second segment follow in half of the pairs, and takes it from another document in the others', () => {
    for (const { first, second, isRandom } of pairs) {
      expect(new Set(first.map(documentOf)).size).toBe(1);
      expect(documentOf(first[0]) === documentOf(second[0])).toBe(isRandom === 0);
    }
    for (const { first, second } of pairs.filter(({ isRandom }) => isRandom === 0)) {
      expect(second[0]).toBeGreaterThan(first.at(-1)!);
    }
    const share = pairs.filter(({ isRandom }) => isRandom === 1).length / pairs.length;
    expect(Math.abs(share - 0.5)).toBeLessThan(4 * Math.sqrt(0.25 / pairs.length)); // four standard deviations
  });

  it('asks for 15 % of the tokens, masks 80 % of them, replaces 10 % and leaves 10 %', () => {
    let [asked, masked, kept] = [0, 0, 0];
    for (const { tokens, first, second, asked: wanted } of pairs) {
      expect(wanted.size).toBe(Math.round(0.15 * (first.length + second.length)));
      expect([0, first.length + 1, first.length + second.length + 2].some((place) => wanted.has(place))).toBe(false);
      for (const [position, token] of wanted) {
        asked++;
        if (tokens[position] === MASK) masked++;
        else if (tokens[position] === token) kept++;
      }
    }
    const deviations = (share: number) => 4 * Math.sqrt((share * (1 - share)) / asked);
    expect(Math.abs(masked / asked - 0.8)).toBeLessThan(deviations(0.8));
    expect(Math.abs(kept / asked - 0.1)).toBeLessThan(deviations(0.1));
  });

  it('asks for as many tokens as it is told', () => {
    const all = readPairs(epochs(new SegmentPairs(documents, { ...options, maskedShare: 0.4 }), 2));
    for (const { first, second, asked } of all)
      expect(asked.size).toBe(Math.round(0.4 * (first.length + second.length)));
  });

  it('asks for the next token of the very same pairs where that is the objective', () => {
    const causal = readPairs(epochs(new SegmentPairs(documents, { ...options, objective: 'next-token' }), 1));
    expect(causal.map(({ tokens }) => tokens.filter((token) => token > 3))).toEqual(
      pairs.slice(0, causal.length).map(({ first, second }) => [...first, ...second]),
    );
    for (const { tokens, asked, isRandom } of causal) {
      const size = tokens.findLastIndex((token) => token !== 0) + 1;
      expect([...asked]).toEqual(tokens.slice(1, size).map((token, position) => [position, token]));
      expect(isRandom).toBe(-100);
    }
  });

  it('is the same under the same seed, another in every epoch, and goes on from any batch', () => {
    const make = (seed: number, epoch: number) => new SegmentPairs(documents, { ...options, seed }).epoch(epoch);
    const all = [...(make(7, 1) as Iterable<SegmentPairBatch>)];
    expect(all).toHaveLength(new SegmentPairs(documents, options).perEpoch);
    expect(all).toHaveLength(2); // 600 tokens, 16 × 32 in a batch
    expect([...(make(7, 1) as Iterable<SegmentPairBatch>)]).toEqual(all);
    expect([...(make(7, 1).skip!(1) as Iterable<SegmentPairBatch>)]).toEqual(all.slice(1));
    expect([...(make(7, 2) as Iterable<SegmentPairBatch>)]).not.toEqual(all);
    expect([...(make(8, 1) as Iterable<SegmentPairBatch>)]).not.toEqual(all);
  });

  it.each([
    [documents.slice(0, 1), {}, 'there must be two documents of at least two sentences, got 1'],
    [[...documents, [[]]], {}, 'a sentence must have a token, got an empty one'],
    [documents, { vocabularySize: 4000 }, 'tokens must be in [0, 4000), got 4000'],
    [documents, { length: 4 }, 'length must be an integer of at least 5, got 4'],
    [documents, { maskedShare: 0 }, 'maskedShare must lie between 0 and 1, got 0'],
    [documents, { batchSize: 0 }, 'batchSize must be a positive integer, got 0'],
  ])('refuses documents or options that it cannot read (%#)', (given, change, message) => {
    expect(() => new SegmentPairs(given, { ...options, ...change })).toThrow(`SegmentPairs: ${message}`);
  });
});
