interface Scheduling {
  readonly setImmediate?: (callback: () => void) => unknown;
  readonly scheduler?: { yield?: () => Promise<void> };
}

/** Resolves after waiting timers, signals and events had their turn. A resolved promise would not do: it runs before them. */
export function eventLoopTurn(): Promise<void> {
  const { setImmediate, scheduler } = globalThis as Scheduling;
  if (setImmediate !== undefined) return new Promise((resolve) => void setImmediate(resolve));
  if (scheduler?.yield !== undefined) return scheduler.yield();
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel(); // setTimeout would wait 4 ms
    port1.addEventListener('message', () => {
      port1.close();
      resolve();
    });
    port1.start();
    port2.postMessage(undefined);
  });
}
