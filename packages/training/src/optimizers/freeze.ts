import type { Module, NamedParameter } from '@heed/attention-core';

/** Which parameters, by name: a test, or a pattern that the name must match. */
export type NamePattern = RegExp | ((name: string) => boolean);

/**
 * Freezes the parameters that fit: `trainableParameters()` leaves them out, so that an optimizer made afterwards does not change them.
 *
 * @returns the parameters that fit
 * @throws if none fits
 *
 * @example
 * ```ts
 * import { Linear, Random } from '@heed/attention-core';
 * import { AdamW, freeze } from '@heed/training';
 * const model = new Linear({ inputs: 4, outputs: 2, random: new Random(1) });
 * freeze(model, /weight$/);
 * const optimizer = new AdamW(model.trainableParameters()); // trains the bias only
 * ```
 */
export function freeze(model: Module, which: NamePattern): NamedParameter[] {
  return setTrainable('freeze', model, which, false);
}

/** The opposite of `freeze`. Buffers (not float32) are left alone. */
export function unfreeze(model: Module, which: NamePattern): NamedParameter[] {
  return setTrainable('unfreeze', model, which, true);
}

/** Whether a name fits a pattern. */
export function fits(which: NamePattern, name: string): boolean {
  return typeof which === 'function' ? which(name) : name.search(which) >= 0;
}

function setTrainable(owner: string, model: Module, which: NamePattern, trainable: boolean): NamedParameter[] {
  const chosen = model
    .namedParameters()
    .filter(({ name, variable }) => variable.dtype === 'float32' && fits(which, name));
  if (chosen.length === 0) throw new Error(`${owner}: ${String(which)} must fit a parameter, got none`);
  for (const { variable } of chosen) variable.trainable = trainable;
  return chosen;
}
