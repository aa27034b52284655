import type { Request, Response } from './messages.ts';

export interface RequestHandlers {
  readonly onLine?: (text: string) => void;
  readonly onProgress?: (value: unknown) => void;
}

/** Why a request has no result: it was cancelled by the reader, or by leaving the page. */
export class CancelledError extends Error {
  override readonly name = 'CancelledError';
}

/**
 * One worker for a page's demos, started at the first request. Requests wait for one another; cancelling ends the worker, which stops any work at once,
 * and the next request starts another.
 */
export class PageWorker {
  private worker: Worker | undefined;
  private queue: Promise<unknown> = Promise.resolve();
  private cancelRunning: (() => void) | undefined;

  /** @throws what the worker's code threw; CancelledError after `cancel` */
  request(request: Request, handlers: RequestHandlers = {}): Promise<unknown> {
    const result = this.queue.then(() => this.send(request, handlers));
    this.queue = result.catch(() => {});
    return result;
  }

  /** Ends the running request and the worker. */
  cancel(): void {
    this.worker?.terminate();
    this.worker = undefined;
    this.cancelRunning?.();
  }

  private send(request: Request, { onLine, onProgress }: RequestHandlers): Promise<unknown> {
    if (typeof Worker === 'undefined' || typeof WebAssembly === 'undefined') {
      throw new Error(
        'This browser has no WebAssembly or no workers, so nothing can run here; the picture stays as it is.',
      );
    }
    this.worker ??= new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    const worker = this.worker;
    return new Promise((resolve, reject) => {
      const listening = new AbortController();
      const settle = (finish: () => void): void => {
        listening.abort();
        this.cancelRunning = undefined;
        finish();
      };
      this.cancelRunning = () => settle(() => reject(new CancelledError('Stopped.')));
      const answered = ({ data }: MessageEvent<Response>): void => {
        if (data.type === 'line') onLine?.(data.text);
        if (data.type === 'progress') onProgress?.(data.value);
        if (data.type === 'result') settle(() => resolve(data.value));
        if (data.type === 'error') settle(() => reject(new Error(data.message)));
      };
      const broke = (event: ErrorEvent): void => {
        event.preventDefault();
        this.worker = undefined;
        settle(() => reject(new Error(`The worker did not start: ${event.message || 'its file could not be loaded'}`)));
      };
      worker.addEventListener('message', answered, { signal: listening.signal });
      worker.addEventListener('error', broke, { signal: listening.signal });
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has no origin to name
      worker.postMessage(request);
    });
  }
}
