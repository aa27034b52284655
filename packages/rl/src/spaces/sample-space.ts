import type { Random } from '@heed/attention-core';
import type { Space, SpaceValue } from './space.ts';

/**
 * An element drawn from a space: uniform between bounds, normal where a box has none, exponential from a single bound.
 *
 * @param mask of a discrete space, 1 for the choices there are
 */
export function sampleSpace(space: Space, random: Random, mask?: Uint8Array): SpaceValue {
  switch (space.kind) {
    case 'discrete': {
      if (mask === undefined) return random.integer(space.count);
      const choices = [...mask.keys()].filter((choice) => mask[choice] === 1);
      if (choices.length === 0) throw new Error('sampleSpace: the mask must leave a choice, got none');
      return choices[random.integer(choices.length)];
    }
    case 'multi-discrete':
      return Int32Array.from(space.counts, (count) => random.integer(count));
    case 'box':
      return space.low.map((low, i) => between(low, space.high[i], random));
    case 'dict':
      return Object.fromEntries(
        Object.entries(space.spaces).map(([name, inner]) => [name, sampleSpace(inner, random)]),
      );
  }
}

function between(low: number, high: number, random: Random): number {
  if (Number.isFinite(low) && Number.isFinite(high)) return low + (high - low) * random.uniform();
  if (Number.isFinite(low)) return low - Math.log(1 - random.uniform());
  if (Number.isFinite(high)) return high + Math.log(1 - random.uniform());
  return random.normals(1)[0];
}
