/** One Ctrl-C can arrive twice: from the terminal, and passed on by npx or pnpm. */
const SAME_PRESS = 400;

/**
 * Turns Ctrl-C into an aborted signal, so that a run saves a checkpoint and returns. A second Ctrl-C ends the process.
 *
 * @param say where the line goes that announces it
 * @returns the signal, and `release` that stops listening
 */
export function abortOnInterrupt(say: (line: string) => void): { signal: AbortSignal; release: () => void } {
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
  process.on('SIGINT', listen);
  process.on('SIGTERM', listen);
  return {
    signal: controller.signal,
    release: () => {
      process.off('SIGINT', listen);
      process.off('SIGTERM', listen);
    },
  };
}
