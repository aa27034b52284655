import { requireIntegers } from '@heed/attention-core';
import type { Batch, Batches } from '../loop/batch.ts';
import type { FromWorker, ToWorker } from './serve-batches.ts';

export interface WorkerBatchesOptions {
  /** How many batches the worker makes in advance. Default 4. */
  readonly ahead?: number;
}

/** The `data` of a training whose batches a worker makes. */
export interface WorkerBatches<B extends Batch> {
  (epoch: number): Batches<B>;
  /** Lets the worker end. */
  close(): void;
}

/**
 * Batches from the worker at the other end of `port`, which calls `serveBatches`. The worker makes them while a step runs: a native step blocks its
 * own thread, so that nothing else would. The port reaches it by `new Worker(url, { workerData: { port }, transferList: [port] })` in Node, by
 * `worker.postMessage({ port }, [port])` in browsers.
 *
 * @throws (while iterating) what the worker's source throws
 *
 * @example
 * ```ts
 * import { serveBatches, workerBatches, type HostArray } from '@heed/training';
 * const { port1, port2 } = new MessageChannel();
 * const batch = { x: { data: Float32Array.of(1, 2), shape: [2] } };
 * serveBatches(port2, () => [batch]); // in the worker
 * const data = workerBatches<{ x: HostArray }>(port1); // in the main thread: train({ data })
 * for await (const { x } of data(0)) console.log(x.data);
 * data.close();
 * ```
 */
export function workerBatches<B extends Batch>(
  port: MessagePort,
  { ahead = 4 }: WorkerBatchesOptions = {},
): WorkerBatches<B> {
  requireIntegers('workerBatches', { ahead });
  const send = (message: ToWorker) => port.postMessage(message);
  const readers = new Map<number, Reader<B>>();
  let opened = 0;
  let closed: Error | undefined;
  port.addEventListener('message', ({ data }: MessageEvent<FromWorker<B>>) => readers.get(data.id)?.receive(data));
  port.addEventListener('close', () => {
    closed = new Error('workerBatches: the worker must keep its end of the port open, but it is closed');
    for (const [id, reader] of readers) reader.receive({ type: 'error', id, error: closed });
  });
  port.start();

  const read = (epoch: number, skip: number): AsyncIterable<B> => ({
    [Symbol.asyncIterator]() {
      const id = opened++;
      const reader = new Reader<B>();
      const end = () => {
        if (readers.delete(id)) send({ type: 'close', id });
      };
      readers.set(id, reader);
      // Between two epochs nobody reads who could be told that the worker is gone.
      if (closed !== undefined) reader.receive({ type: 'error', id, error: closed });
      send({ type: 'open', id, epoch, skip, want: ahead });
      return {
        async next() {
          const message = await reader.next();
          if (message.type === 'batch') {
            send({ type: 'want', id });
            return { done: false, value: message.batch };
          }
          end();
          if (message.type === 'error') throw message.error;
          return { done: true, value: undefined };
        },
        return(value?: unknown) {
          end();
          return Promise.resolve({ done: true, value });
        },
      };
    },
  });
  const batches = (epoch: number) => Object.assign(read(epoch, 0), { skip: (count: number) => read(epoch, count) });
  return Object.assign(batches, {
    close: () => {
      send({ type: 'stop' });
      port.close();
    },
  });
}

/** Messages that arrived before they were asked for, and askers that wait for one. */
class Reader<B> {
  private readonly arrived: Array<FromWorker<B>> = [];
  private readonly waiting: Array<(message: FromWorker<B>) => void> = [];

  receive(message: FromWorker<B>): void {
    const resolve = this.waiting.shift();
    if (resolve === undefined) this.arrived.push(message);
    else resolve(message);
  }

  next(): Promise<FromWorker<B>> {
    const message = this.arrived.shift();
    return message === undefined ? new Promise((resolve) => this.waiting.push(resolve)) : Promise.resolve(message);
  }
}
