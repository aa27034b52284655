import { once } from 'node:events';
import { Worker, type MessagePort as NodePort } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import type { Batch, Batches } from '../loop/batch.ts';
import { eventLoopTurn } from '../loop/event-loop.ts';
import { serveBatches } from './serve-batches.ts';
import { workerBatches, type WorkerBatches } from './worker-batches.ts';

type Numbers = { x: { data: Int32Array; shape: number[] } };

const closing: Array<() => void> = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** Both ends in this thread. */
function connect(source: (epoch: number) => Batches<Numbers>, ahead?: number): WorkerBatches<Numbers> {
  const { port1, port2 } = new MessageChannel();
  serveBatches(port2, source);
  const data = workerBatches<Numbers>(port1, ahead === undefined ? {} : { ahead });
  closing.push(() => data.close());
  return data;
}

const batch = (...values: number[]): Numbers => ({ x: { data: Int32Array.from(values), shape: [values.length] } });

async function contents(batches: Iterable<Batch> | AsyncIterable<Batch>): Promise<number[][]> {
  const found: number[][] = [];
  for await (const { x } of batches) found.push([...x.data]);
  return found;
}

describe('workerBatches', () => {
  it('gives the batches of an epoch, and skips what was seen', async () => {
    const data = connect((epoch) => [batch(epoch, 0), batch(epoch, 1), batch(epoch, 2)]);
    expect(await contents(data(4))).toEqual([
      [4, 0],
      [4, 1],
      [4, 2],
    ]);
    expect(await contents(data(5).skip!(2))).toEqual([[5, 2]]);
  });

  it('has so many batches made in advance, and no more', async () => {
    let made = 0;
    function* endless() {
      for (;;) yield batch(made++);
    }
    const iterator = (connect(endless, 3)(0) as AsyncIterable<Numbers>)[Symbol.asyncIterator]();
    await iterator.next();
    for (let turn = 0; turn < 50; turn++) await eventLoopTurn();
    expect(made).toBe(4); // one used, three waiting
    await iterator.return!();
  });

  it('closes the source when the reader leaves', async () => {
    let closed = false;
    function* source() {
      try {
        for (let i = 0; ; i++) yield batch(i);
      } finally {
        closed = true;
      }
    }
    for await (const { x } of connect(source)(0)) if (x.data[0] === 2) break;
    for (let turn = 0; turn < 50; turn++) await eventLoopTurn();
    expect(closed).toBe(true);
  });

  it('throws here what the source throws there', async () => {
    const data = connect(() => {
      throw new Error('no such file');
    });
    await expect(contents(data(0))).rejects.toThrow('no such file');
  });

  it('says so in the next epoch when the other end went away between two', async () => {
    const { port1, port2 } = new MessageChannel();
    serveBatches(port2, () => [batch(1)]);
    const data = workerBatches<Numbers>(port1);
    expect(await contents(data(0))).toEqual([[1]]);
    port2.close();
    await once(port1, 'close');
    await expect(contents(data(1))).rejects.toThrow('workerBatches: the worker must keep its end of the port open');
  });

  it('says so when the other end goes away', async () => {
    const { port1, port2 } = new MessageChannel();
    const reading = contents(workerBatches<Numbers>(port1)(0));
    port2.close();
    await expect(reading).rejects.toThrow('workerBatches: the worker must keep its end of the port open');
  });

  it('hides nine tenths of a loader that takes half a step, although the step blocks this thread', async () => {
    const [count, milliseconds] = [20, 20];
    const { port1, port2 } = new MessageChannel();
    const script = new URL('worker-batches.test-support.ts', import.meta.url).href;
    // Node 20 does not pass loaders of TypeScript on to workers.
    const worker = new Worker(`import('tsx/esm/api').then(({ register }) => (register(), import('${script}')))`, {
      eval: true,
      workerData: { port: port2, count, milliseconds },
      transferList: [port2 as unknown as NodePort],
    });
    const data = workerBatches<Numbers>(port1);
    await contents(data(0)); // the worker has started
    const blocked = new Int32Array(new SharedArrayBuffer(4));
    const waits: number[] = [];
    let asked = performance.now();
    for await (const { x } of data(1)) {
      expect(x.shape).toEqual([2]);
      waits.push(performance.now() - asked);
      Atomics.wait(blocked, 0, 0, 2 * milliseconds); // a step
      asked = performance.now();
    }
    data.close();
    await worker.terminate();
    const waited = waits.slice(1).toSorted((a, b) => a - b); // the first has nothing to hide behind
    expect(waits.length).toBe(count);
    // The median, because other work on the machine may delay single turns.
    expect(waited[Math.floor(waited.length / 2)]).toBeLessThan(milliseconds / 10);
  });
});
