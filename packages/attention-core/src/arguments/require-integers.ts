/**
 * The one check of sizes and counts.
 *
 * @param values by the name that the error tells
 * @param minimum the smallest value that is allowed. Default 1
 * @throws unless every value is an integer of at least `minimum`
 *
 * @example
 * ```ts
 * import { requireIntegers } from '@heed/attention-core';
 * requireIntegers('Rain.predict', { days: 3, stations: 2 });
 * ```
 */
export function requireIntegers(owner: string, values: Readonly<Record<string, number>>, minimum = 1): void {
  const rule = minimum === 1 ? 'a positive integer' : `an integer of at least ${minimum}`;
  for (const [name, value] of Object.entries(values)) {
    if (!Number.isSafeInteger(value) || value < minimum) {
      throw new Error(`${owner}: ${name} must be ${rule}, got ${value}`);
    }
  }
}
