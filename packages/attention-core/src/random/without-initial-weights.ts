let drawn = true;

/**
 * Makes modules whose weights will be loaded: what `Random.uniforms` and `Random.normals` would draw for them is 0 instead, which takes no time.
 * All sources of randomness stand afterwards where drawing would have left them.
 *
 * @param make is run at once; what it does after it has returned (a promise's later part) draws again
 *
 * @example
 * ```ts
 * import { Linear, Random, withoutInitialWeights } from '@heed/attention-core';
 * const trained = new Linear({ inputs: 4, outputs: 2, random: new Random(7) });
 * const copy = withoutInitialWeights(() => new Linear({ inputs: 4, outputs: 2, random: new Random(0) }));
 * copy.loadStateDict(trained.stateDict());
 * ```
 */
export function withoutInitialWeights<T>(make: () => T): T {
  const before = drawn;
  drawn = false;
  try {
    return make();
  } finally {
    drawn = before;
  }
}

/** Whether initial weights are drawn: not within `withoutInitialWeights`. */
export function drawsInitialWeights(): boolean {
  return drawn;
}
