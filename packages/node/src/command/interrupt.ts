/** One Ctrl-C can arrive twice: from the terminal, and passed on by npx or pnpm. */
const SAME_PRESS = 400;
/** Ctrl-C, a system that shuts down, a terminal that is closed. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Turns Ctrl-C, and a terminal that is closed, into an aborted signal, so that a run saves a checkpoint and returns. A second Ctrl-C ends the process.
 *
 * @param say where the line goes that announces it
 * @returns the signal, and `release` that stops listening
 */
function abortOnInterrupt(say: (line: string) => void): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  let pressedAt = -Infinity;
  const listen = (): void => {
    const again = controller.signal.aborted;
    if (again && performance.now() - pressedAt < SAME_PRESS) return;
    if (again) process.exit(130);
    pressedAt = performance.now();
    say('heed: interrupted; saving what there is (Ctrl-C again stops at once)');
    controller.abort(new DOMException('interrupted', 'AbortError'));
  };
  for (const name of SIGNALS) process.on(name, listen);
  return {
    signal: controller.signal,
    release: () => {
      for (const name of SIGNALS) process.off(name, listen);
    },
  };
}

/**
 * Runs `work` with a signal that Ctrl-C aborts.
 *
 * @param name what was interrupted, for the message
 * @returns the exit code: that of `work`, or 130 if it was interrupted
 */
export async function untilInterrupted(
  name: string,
  say: (line: string) => void,
  work: (signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const { signal, release } = abortOnInterrupt(say);
  try {
    const code = await work(signal);
    if (!signal.aborted) return code;
  } catch (error) {
    if (!signal.aborted || !(error instanceof Error) || error.name !== 'AbortError') throw error;
  } finally {
    release();
  }
  say(`heed: ${name} interrupted; the same command goes on`);
  return 130;
}
