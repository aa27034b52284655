import type { Space, SpaceValue } from './space.ts';

/** How many numbers an element of a space is as a vector: choices are one-hot. */
export function flatSize(space: Space): number {
  switch (space.kind) {
    case 'discrete':
      return space.count;
    case 'multi-discrete':
      return space.counts.reduce((sum, count) => sum + count, 0);
    case 'box':
      return space.low.length;
    case 'dict':
      return Object.values(space.spaces).reduce((sum, inner) => sum + flatSize(inner), 0);
  }
}

/**
 * Writes an element of a space as a vector: boxes row-major, choices one-hot, the parts of a dict one after another.
 *
 * @param at where in `target` it begins
 * @returns where it ends
 */
export function flattenInto(target: Float32Array, at: number, space: Space, value: SpaceValue): number {
  switch (space.kind) {
    case 'discrete':
      target.fill(0, at, at + space.count);
      target[at + (value as number)] = 1;
      return at + space.count;
    case 'multi-discrete': {
      let end = at;
      space.counts.forEach((count, i) => {
        target.fill(0, end, end + count);
        target[end + (value as Int32Array)[i]] = 1;
        end += count;
      });
      return end;
    }
    case 'box':
      target.set(value as Float32Array, at);
      return at + space.low.length;
    case 'dict': {
      let end = at;
      for (const [name, inner] of Object.entries(space.spaces)) {
        end = flattenInto(target, end, inner, (value as Readonly<Record<string, SpaceValue>>)[name]);
      }
      return end;
    }
  }
}
