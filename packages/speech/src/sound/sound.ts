/** A sound with one channel. */
export interface Sound {
  /** Between −1 and 1. */
  readonly samples: Float32Array;
  /** Samples a second. */
  readonly rate: number;
}

/** The lowest and the highest rate that sounds may have. */
const RATES = [1000, 768_000] as const;

/**
 * Checks a sound at the boundary.
 *
 * @param owner how the message begins
 * @param place which of several it is, for the message
 * @throws if it has no samples, its rate is out of range, or a sample is not finite, naming the first
 */
export function requireSound(owner: string, { samples, rate }: Sound, place?: number): void {
  const which = place === undefined ? '' : ` in sound ${place}`;
  if (!(samples instanceof Float32Array)) {
    throw new Error(`${owner}: samples must be a Float32Array, got ${describe(samples)}${which}`);
  }
  requireRate(owner, rate, which);
  if (samples.length === 0) throw new Error(`${owner}: a sound must have samples, got none${which}`);
  for (let at = 0; at < samples.length; at++) {
    if (Number.isFinite(samples[at])) continue;
    throw new Error(`${owner}: samples must be finite, got ${samples[at]} at ${at}${which}`);
  }
}

/** @throws if it is no rate */
export function requireRate(owner: string, rate: number, which = ''): void {
  if (rate >= RATES[0] && rate <= RATES[1]) return;
  throw new Error(`${owner}: rate must be from ${RATES[0]} to ${RATES[1]} samples a second, got ${rate}${which}`);
}

function describe(value: unknown): string {
  return value === null || typeof value !== 'object' ? typeof value : value.constructor.name;
}
