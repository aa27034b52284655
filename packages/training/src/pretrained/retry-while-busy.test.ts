import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { retryWhileBusy } from './retry-while-busy.ts';

describe('retryWhileBusy', () => {
  beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
  afterEach(() => void vi.useRealTimers());

  /** Asks a server that gives these answers; when it was asked, in seconds. */
  const ask = async (answers: readonly (readonly [number, string?])[], signal?: AbortSignal) => {
    const times: number[] = [];
    const begun = Date.now();
    const asked = retryWhileBusy(() => {
      const [status, after] = answers[times.length];
      times.push((Date.now() - begun) / 1000);
      return Promise.resolve(
        new Response('', { status, headers: after === undefined ? {} : { 'retry-after': after } }),
      );
    }, signal);
    const outcome = asked.then(
      ({ status }) => status,
      (error: unknown) => error,
    );
    await vi.runAllTimersAsync();
    return { outcome: await outcome, times };
  };

  it('waits as long as it is asked to, in seconds or until a date, or else longer and longer', async () => {
    const date = new Date(1_000_000 + 5000).toUTCString();
    expect(await ask([[503, '3'], [429, date], [503, 'soon'], [200]])).toEqual({ outcome: 200, times: [0, 3, 5, 9] });
    expect(await ask([[503], [503], [503], [503]])).toEqual({ outcome: 503, times: [0, 1, 3, 7] });
  });

  it('gives up at once where it should wait for hours, and asks once where the answer is another', async () => {
    expect(await ask([[429, '3600']])).toEqual({ outcome: 429, times: [0] });
    expect(await ask([[404]])).toEqual({ outcome: 404, times: [0] });
    expect(await ask([[500]])).toEqual({ outcome: 500, times: [0] });
  });

  it('stops waiting when it is told to', async () => {
    const reason = new Error('enough');
    expect(await ask([[503, '9']], AbortSignal.abort(reason))).toEqual({ outcome: reason, times: [0] });
  });
});
