/** Seconds without a byte after which a server is given up. */
export const STALL_SECONDS = 60;

/** How much of an answer is taken, and how long is waited for the next of it. */
export interface BodyLimits {
  readonly bytes: number;
  /** Default 60. */
  readonly stallSeconds?: number;
}

/**
 * What a server sends, as long as it sends something and not too much.
 *
 * @throws if nothing comes for so long, or more than so many bytes; the connection is then closed
 */
export async function* limitedBody(
  body: ReadableStream<Uint8Array>,
  { bytes, stallSeconds = STALL_SECONDS }: BodyLimits,
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = body.getReader();
  let received = 0;
  try {
    for (;;) {
      const { done, value } = await within(stallSeconds, reader.read());
      if (done) return;
      received += value.length;
      if (received > bytes) throw new Error(`the server must send at most ${bytes} bytes, got more`);
      yield value;
    }
  } finally {
    void reader.cancel().catch(() => undefined);
  }
}

/** @throws if it takes longer */
export async function within<T>(seconds: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new Error(`the server must send something every ${seconds} s, got nothing`);
    timer = setTimeout(() => reject(error), seconds * 1000);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Whether an address is one that nobody on the way can change: https, or this machine's own. */
export function isSafeAddress(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || (protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(hostname));
}
