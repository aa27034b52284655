import { Random } from '@heed/attention-core';
import { describe, expect, it } from 'vitest';
import { IGNORED, sequenceBatches, type IndexedPair, type PairBatch } from './sequence-batches.ts';

const random = new Random(3);
const sequence = (length: number) => Array.from({ length }, () => 2 + random.integer(5));
const pairs: IndexedPair[] = Array.from({ length: 103 }, () => ({
  source: sequence(1 + random.integer(9)),
  target: sequence(random.integer(8)),
}));
const options = { batchSize: 10, seed: 7, start: 0, end: 1, buckets: 3 };

const batchesOf = (batches: ReturnType<typeof sequenceBatches>, epoch: number) => [...batches(epoch)];

/** The pairs that a batch was made of. */
function unpack({ source, sourceLengths, targets }: PairBatch): IndexedPair[] {
  const row = ({ data, shape }: PairBatch['source'], i: number) =>
    Array.from(data.subarray(i * shape[1], (i + 1) * shape[1]));
  return Array.from(sourceLengths.data, (length, i) => ({
    source: row(source, i).slice(0, length),
    target: row(targets, i).filter((label) => label !== IGNORED && label !== options.end),
  }));
}

const sorted = (list: readonly IndexedPair[]) => list.map((pair) => JSON.stringify(pair)).sort();

describe('sequenceBatches', () => {
  it('shows every pair once an epoch, in as many batches as it says', () => {
    const batches = sequenceBatches(pairs, options);
    const epoch = batchesOf(batches, 0);
    expect(epoch).toHaveLength(batches.perEpoch);
    expect(sorted(epoch.flatMap(unpack))).toEqual(sorted(pairs));
    expect(epoch.map(({ source }) => source.shape[0]).sort((a, b) => b - a)).toEqual([
      ...Array<number>(10).fill(10),
      3,
    ]);
  });

  it('has no more shapes than buckets and a last smaller batch, the same in every epoch', () => {
    const batches = sequenceBatches(pairs, options);
    const shapes = new Set<string>();
    for (const epoch of [0, 1, 2]) {
      for (const { source, targets } of batchesOf(batches, epoch)) shapes.add(`${source.shape}/${targets.shape}`);
    }
    expect(shapes.size).toBeLessThanOrEqual(4);
  });

  it('orders each epoch anew, and the same epoch the same', () => {
    const one = batchesOf(sequenceBatches(pairs, options), 1);
    expect(batchesOf(sequenceBatches(pairs, options), 1)).toEqual(one);
    expect(batchesOf(sequenceBatches(pairs, options), 2)).not.toEqual(one);
    expect(batchesOf(sequenceBatches(pairs, { ...options, seed: 8 }), 1)).not.toEqual(one);
  });

  it('goes on in the middle of an epoch', async () => {
    const batches = sequenceBatches(pairs, options);
    const all = batchesOf(batches, 4);
    const rest: PairBatch[] = [];
    for await (const batch of batches(4).skip(5)) rest.push(batch);
    expect(rest).toEqual(all.slice(5));
  });

  it('begins inputs with the start, ends labels with the end, and ignores what is behind', () => {
    const batches = sequenceBatches(
      [
        { source: [4, 5], target: [6, 7] },
        { source: [8], target: [] },
      ],
      { ...options, batchSize: 2, buckets: 1 },
    );
    const [batch] = batches(0);
    const rows = unpack(batch);
    const long = rows.findIndex(({ source }) => source.length === 2);
    const row = (name: 'source' | 'targetInputs' | 'targets', i: number) => {
      const { data, shape } = batch[name];
      return Array.from(data.subarray(i * shape[1], (i + 1) * shape[1]));
    };
    expect(row('source', 1 - long)).toEqual([8, 0]);
    expect(row('targetInputs', long)).toEqual([0, 6, 7]);
    expect(row('targets', long)).toEqual([6, 7, 1]);
    expect(row('targets', 1 - long)).toEqual([1, IGNORED, IGNORED]);
  });

  it('refuses no pairs, empty sources and batches of no size', () => {
    expect(() => sequenceBatches([], options)).toThrow('sequenceBatches: at least one pair is needed, got none');
    expect(() => sequenceBatches([...pairs, { source: [], target: [2] }], options)).toThrow('empty one in pair 103');
    expect(() => sequenceBatches(pairs, { ...options, batchSize: 0 })).toThrow(
      'batchSize must be a positive integer, got 0',
    );
  });
});
