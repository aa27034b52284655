/**
 * Runs `run`, and frees what it was to make use of if it fails: a model whose weights do not load.
 *
 * @example
 * ```ts
 * import { Linear, Random } from '@heed/attention-core';
 * import { disposeOnFailure } from '@heed/tasks';
 * const layer = new Linear({ inputs: 1, outputs: 1, random: new Random(1) });
 * await disposeOnFailure(layer, () => undefined); // still there
 * ```
 */
export async function disposeOnFailure<T>(owned: { dispose(): void }, run: () => T | Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    owned.dispose();
    throw error;
  }
}
