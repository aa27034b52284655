import { describe, expect, it } from 'vitest';
import { memoryFolder } from '../checkpoints/memory-folder.ts';
import { batches, collect, ofType, setUp, weights, type Numbers } from '../loop/train.test-support.ts';
import { dataLoader } from './data-loader.ts';

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

  it('refuses bad options at once', () => {
    expect(() => dataLoader({ examples: 3, batchSize: 0, make: batch })).toThrow(
      'batchSize must be an integer of at least 1, got 0',
    );
  });
});
