/** What is read of an answer. */
interface Answer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: { cancel(): Promise<void> } | null;
}

/** Too many requests; unavailable for now. */
const BUSY: readonly number[] = [429, 503];
const ATTEMPTS = 4;
/** A server that asks for more patience than this is not waited for. */
const LONGEST_SECONDS = 60;

/**
 * Asks again where a server is busy (status 429 or 503): up to four times, after as long as its `Retry-After` says, else after 1, 2 and 4 seconds.
 *
 * @param get asks once
 * @returns the last answer, busy or not
 * @throws what `get` throws; the signal's reason while waiting
 */
export async function retryWhileBusy<T extends Answer>(get: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const answer = await get();
    if (!BUSY.includes(answer.status) || attempt === ATTEMPTS) return answer;
    const seconds = askedSeconds(answer.headers.get('retry-after')) ?? 2 ** (attempt - 1);
    if (seconds > LONGEST_SECONDS) return answer;
    await answer.body?.cancel();
    await pause(1000 * seconds, signal);
  }
}

/** `Retry-After` is a number of seconds or a date. */
function askedSeconds(value: string | null): number | undefined {
  if (value === null) return undefined;
  const seconds = /^\s*\d+\s*$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}

function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal!.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}
