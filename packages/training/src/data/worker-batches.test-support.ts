/** A worker whose batches take their time: workerData has the port, how many batches there are and how long each takes. */
import { workerData } from 'node:worker_threads';
import { serveBatches } from './serve-batches.ts';

const { port, count, milliseconds } = workerData as { port: MessagePort; count: number; milliseconds: number };

function* batches(epoch: number) {
  for (let i = 0; i < count; i++) {
    sleep(milliseconds);
    yield { x: { data: Int32Array.of(epoch, i), shape: [2] } };
  }
}

/** Blocks the thread, as work would, but needs no processor, of which a test machine may have few. */
function sleep(time: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, time);
}

serveBatches(port, batches);
