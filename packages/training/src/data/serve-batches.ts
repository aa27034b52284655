import type { Batch, Batches } from '../loop/batch.ts';
import { eventLoopTurn } from '../loop/event-loop.ts';
import { iterateFrom } from '../loop/iterate-from.ts';

/** What `workerBatches` sends. */
export type ToWorker =
  | { readonly type: 'open'; readonly id: number; readonly epoch: number; readonly skip: number; readonly want: number }
  | { readonly type: 'want'; readonly id: number }
  | { readonly type: 'close'; readonly id: number }
  | { readonly type: 'stop' };

/** What `serveBatches` sends. */
export type FromWorker<B> =
  | { readonly type: 'batch'; readonly id: number; readonly batch: B }
  | { readonly type: 'end'; readonly id: number }
  | { readonly type: 'error'; readonly id: number; readonly error: Error };

/**
 * Makes batches in a worker for the `workerBatches` at the other end of `port`, until that is closed. Arrays are copied on their way, so that the
 * source may use its own again.
 *
 * @param data as of `train()`: the batches of an epoch
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
export function serveBatches<B extends Batch>(
  port: MessagePort,
  data: (epoch: number) => Batches<B> | Promise<Batches<B>>,
): void {
  const sessions = new Map<number, Session>();
  const send = (message: FromWorker<B>) => port.postMessage(message);

  const serve = async (id: number, session: Session, epoch: number, skip: number) => {
    let iterator: Iterator<B> | AsyncIterator<B> | undefined;
    try {
      iterator = iterateFrom(await data(epoch), skip);
      while (await session.wanted()) {
        const { done, value } = await iterator.next();
        send(done === true ? { type: 'end', id } : { type: 'batch', id, batch: value });
        if (done === true) return;
        await eventLoopTurn(); // lets messages in
      }
      await iterator.return?.();
    } catch (error) {
      send({ type: 'error', id, error: error instanceof Error ? error : new Error(String(error)) });
    } finally {
      sessions.delete(id);
    }
  };

  port.addEventListener('message', ({ data: message }: MessageEvent<ToWorker>) => {
    if (message.type === 'stop') {
      for (const session of sessions.values()) session.close();
      port.close();
    } else if (message.type === 'open') {
      const session = new Session(message.want);
      sessions.set(message.id, session);
      void serve(message.id, session, message.epoch, message.skip);
    } else if (message.type === 'want') sessions.get(message.id)?.want();
    else sessions.get(message.id)?.close();
  });
  port.start();
}

/** How many batches of one iteration are wanted, and whether it is still going on. */
class Session {
  private closed = false;
  private wake: (() => void) | undefined;

  constructor(private count: number) {}

  want(): void {
    this.count++;
    this.wake?.();
  }

  close(): void {
    this.closed = true;
    this.wake?.();
  }

  /** Resolves when another batch is wanted, to true, or when none will be, to false. */
  async wanted(): Promise<boolean> {
    while (this.count === 0 && !this.closed) await new Promise<void>((resolve) => (this.wake = resolve));
    this.count--;
    return !this.closed;
  }
}
