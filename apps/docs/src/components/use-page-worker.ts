import { onBeforeUnmount, ref } from 'vue';
import { CancelledError, PageWorker } from '../runner/page-worker.ts';
import type { Request } from '../runner/messages.ts';

/** One worker for all demos of the page that is open. */
const worker = new PageWorker();

/**
 * What every demo and runnable block needs: run in the worker, say what is wrong in one line, stop, and stop by itself when the page is left.
 */
export function usePageWorker() {
  const running = ref(false);
  const problem = ref('');

  /** The result, or undefined where it failed or was stopped; `problem` then says why. */
  async function request(
    message: Request,
    handlers: { onLine?: (text: string) => void; onProgress?: (value: never) => void } = {},
  ): Promise<unknown> {
    if (running.value) return undefined; // a second click while it runs
    running.value = true;
    problem.value = '';
    try {
      return await worker.request(message, handlers as { onProgress?: (value: unknown) => void });
    } catch (error) {
      problem.value = error instanceof CancelledError ? 'Stopped.' : (error as Error).message;
      return undefined;
    } finally {
      running.value = false;
    }
  }

  const stop = (): void => {
    if (running.value) worker.cancel();
  };
  onBeforeUnmount(stop);
  return { running, problem, request, stop };
}
