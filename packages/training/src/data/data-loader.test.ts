import { Random } from '@heed/attention-core';
import { describe, expect, it } from 'vitest';
import { memoryFolder } from '../folders/memory-folder.ts';
import { batches, collect, ofType, setUp, weights, type Numbers } from '../loop/train.test-support.ts';
import { bucketBounds } from './bucket-bounds.ts';
import { dataLoader, type BatchRoom } from './data-loader.ts';

const batch = (examples: readonly number[]) => ({ x: { data: Int32Array.from(examples), shape: [examples.length] } });

async function contents(data: ReturnType<typeof dataLoader<ReturnType<typeof batch>>>, epoch: number, skip = 0) {
  const all = data(epoch);
  const found: number[][] = [];
  for await (const { x } of skip === 0 ? all : all.skip!(skip)) found.push([...x.data]);
  return found;
}

describe('dataLoader', () => {
  it('gives the batches of the plan, and says how many', async () => {
    const data = dataLoader({ examples: 5, batchSize: 2, make: batch });
    expect(await contents(data, 0)).toEqual([[0, 1], [2, 3], [4]]);
    expect(data(0).length).toBe(3);
  });

  it('skips batches without making them', async () => {
    const made: number[] = [];
    const make = (examples: readonly number[]) => {
      made.push(...examples);
      return batch(examples);
    };
    const data = dataLoader({ examples: 6, batchSize: 2, make });
    expect(await contents(data, 0, 2)).toEqual([[4, 5]]);
    expect(made).toEqual([4, 5]);
  });

  it('has several batches in the making, in order', async () => {
    let [inMaking, most] = [0, 0];
    const make = async (examples: readonly number[]) => {
      most = Math.max(most, ++inMaking);
      await new Promise((resolve) => setTimeout(resolve, 5 - examples[0] / 2)); // the first takes longest
      inMaking--;
      return batch(examples);
    };
    const data = dataLoader({ examples: 10, batchSize: 1, ahead: 3, make });
    expect((await contents(data, 0)).flat()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(most).toBe(4);
  });

  it('a training that is interrupted amid a shuffled epoch ends as one that was not', async () => {
    const pool = [0, 1, 2, 3].flatMap((epoch) => batches(epoch)); // twenty examples, each a batch of six rows
    const make = ([first]: readonly number[]): Numbers => pool[first];
    const data = dataLoader({ examples: pool.length, batchSize: 1, seed: 3, ahead: 2, make });
    const whole = setUp({ data, epochs: 2 });
    await collect(whole.options);
    const folder = memoryFolder();
    for (const steps of [7, 29]) await collect(setUp({ data, epochs: 2, steps, checkpoints: { folder } }).options);
    const last = setUp({ data, epochs: 2, checkpoints: { folder } });
    expect(ofType(await collect(last.options), 'start')[0]).toMatchObject({ step: 29, totalSteps: 40 });
    expect(weights(last.model)).toEqual(weights(whole.model));
  });

  it('with buckets, pads every batch to one of few lengths, the same in all epochs, and sees every example once', async () => {
    const lengths = Array.from(new Random(4).words(203), (word) => 1 + (word % 40));
    const seen: Array<{ examples: readonly number[]; length: number; bucket: number }> = [];
    const make = (examples: readonly number[], { length, bucket }: BatchRoom) => {
      seen.push({ examples, length, bucket });
      return { x: { data: new Float32Array(examples.length * length), shape: [examples.length, length] } };
    };
    const data = dataLoader({ examples: lengths, batchSize: 10, buckets: 3, seed: 7, make });
    expect(data.bounds).toEqual(bucketBounds(lengths, 3));
    expect([data.perEpoch, data(0).length]).toEqual([21, 21]);
    const shapes = new Set<string>();
    for (const epoch of [0, 1, 2]) {
      seen.length = 0;
      for (const { x } of data(epoch)) shapes.add(String(x.shape));
      expect(seen.flatMap(({ examples }) => examples).toSorted((a, b) => a - b)).toEqual([...lengths.keys()]);
      for (const { examples, length, bucket } of seen) {
        expect(length).toBe(data.bounds[bucket]);
        for (const example of examples) expect(lengths[example]).toBeLessThanOrEqual(length);
      }
    }
    expect(shapes.size).toBe(4); // three of ten examples, and the three that are left over
  });

  it('with buckets, fills a batch from its bucket in the order of the epoch, and lets what is left go with the longer ones', () => {
    const lengths = [1, 9, 1, 1, 9, 1, 9];
    const make = (examples: readonly number[], room: BatchRoom) => ({
      x: { data: Int32Array.from([...examples, room.length]), shape: [examples.length + 1] },
    });
    const data = dataLoader({ examples: lengths, batchSize: 3, buckets: 2, make });
    expect(Array.from(data(0), ({ x }) => [...x.data])).toEqual([
      [0, 2, 3, 1],
      [1, 4, 6, 9],
      [5, 9],
    ]);
    const order = new Random(5).fork('epoch 2').shuffle([...lengths.keys()]);
    const short = order.filter((i) => lengths[i] === 1);
    const shuffled = dataLoader({ examples: lengths, batchSize: 3, buckets: 2, seed: 5, make });
    const found = Array.from(shuffled(2), ({ x }) => [...x.data]);
    expect(found).toContainEqual([...short.slice(0, 3), 1]);
    expect(found).toContainEqual([...order.filter((i) => lengths[i] === 9), 9]);
    expect(found[2]).toEqual([short[3], 9]);
  });

  it('tells without buckets how long the longest example of a batch is', () => {
    const rooms: BatchRoom[] = [];
    const make = (examples: readonly number[], room: BatchRoom) => {
      rooms.push(room);
      return batch(examples);
    };
    const data = dataLoader({ examples: [3, 1, 4, 1, 5], batchSize: 2, dropLast: true, make });
    expect([...data(0)].length).toBe(data.perEpoch);
    expect(rooms.map(({ length }) => length)).toEqual([5, 3]); // without a seed the longest first: 5 and 4, 3 and 1, and a 1 that is dropped
  });

  it('refuses bad options at once', () => {
    expect(() => dataLoader({ examples: 3, batchSize: 0, make: batch })).toThrow(
      'batchSize must be a positive integer, got 0',
    );
    expect(() => dataLoader({ examples: 3, batchSize: 1, buckets: 2, make: batch })).toThrow(
      "dataLoader: buckets need the examples' lengths, got examples=3, buckets=2",
    );
    expect(() => dataLoader({ examples: [3], batchSize: 1, buckets: 0, make: batch })).toThrow(
      'bucketBounds: count must be a positive integer, got 0',
    );
  });
});
