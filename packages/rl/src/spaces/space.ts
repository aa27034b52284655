import { requireIntegers } from '@heed/attention-core';

/** What observations or actions may be: JSON but for the bounds of boxes, and all that agents need to know of an environment. */
export type Space = Discrete | MultiDiscrete | Box | Dict;

/** One of `count` choices: 0, 1, …, count − 1. */
export interface Discrete {
  readonly kind: 'discrete';
  readonly count: number;
}

/** Several choices at once, each among a number of its own. */
export interface MultiDiscrete {
  readonly kind: 'multi-discrete';
  readonly counts: readonly number[];
}

/** Numbers between bounds, in a shape. */
export interface Box {
  readonly kind: 'box';
  readonly shape: readonly number[];
  /** Row-major, as many as the shape has; −∞ for none. */
  readonly low: Float32Array;
  readonly high: Float32Array;
}

/** Spaces by name. */
export interface Dict {
  readonly kind: 'dict';
  readonly spaces: Readonly<Record<string, Space>>;
}

/** An element of a space: a number of `Discrete`, an Int32Array of `MultiDiscrete`, a Float32Array (row-major) of `Box`, values by name of `Dict`. */
export type SpaceValue = number | Int32Array | Float32Array | { readonly [name: string]: SpaceValue };

/** @throws unless `count` is a positive integer */
export function discrete(count: number): Discrete {
  requireIntegers('discrete', { count });
  return { kind: 'discrete', count };
}

/** @throws unless there are choices and each has a positive number of them */
export function multiDiscrete(counts: readonly number[]): MultiDiscrete {
  if (counts.length === 0) throw new Error('multiDiscrete: counts must not be empty, got []');
  for (const count of counts) requireIntegers('multiDiscrete', { counts: count });
  return { kind: 'multi-discrete', counts: [...counts] };
}

/**
 * @param bounds numbers for all entries, or one for each, row-major; ±Infinity for none
 * @throws if bounds do not fit the shape, or a lower one is above its upper one
 *
 * @example
 * ```ts
 * import { box } from '@heed/rl';
 * box([2], { low: [-1, -8], high: [1, 8] }).high; // Float32Array [1, 8]
 * ```
 */
export function box(
  shape: readonly number[],
  { low = -Infinity, high = Infinity }: { readonly low?: Bound; readonly high?: Bound } = {},
): Box {
  for (const length of shape) requireIntegers('box', { shape: length });
  const size = shape.reduce((product, length) => product * length, 1);
  const filled = (name: string, bound: Bound) => {
    const values = typeof bound === 'number' ? new Float32Array(size).fill(bound) : Float32Array.from(bound);
    if (values.length !== size) {
      throw new Error(`box: ${name} must be a number or ${size} of them for shape [${shape}], got ${values.length}`);
    }
    return values;
  };
  const bounds = { low: filled('low', low), high: filled('high', high) };
  const crossed = bounds.low.findIndex((value, i) => !(value <= bounds.high[i]));
  if (crossed >= 0) {
    throw new Error(`box: low must not be above high, got ${bounds.low[crossed]} and ${bounds.high[crossed]}`);
  }
  return { kind: 'box', shape: [...shape], ...bounds };
}

type Bound = number | ArrayLike<number>;

export function dict(spaces: Readonly<Record<string, Space>>): Dict {
  return { kind: 'dict', spaces };
}

/** A space as errors and checkpoints write it: `box [4]`, `discrete 2`. */
export function describeSpace(space: Space): string {
  switch (space.kind) {
    case 'discrete':
      return `discrete ${space.count}`;
    case 'multi-discrete':
      return `multi-discrete [${space.counts.join(', ')}]`;
    case 'box':
      return `box [${space.shape.join(', ')}]`;
    case 'dict':
      return `dict { ${Object.entries(space.spaces)
        .map(([name, inner]) => `${name}: ${describeSpace(inner)}`)
        .join(', ')} }`;
  }
}

/** Why a value is no element of a space, or undefined where it is one. */
export function outsideOf(space: Space, value: unknown): string | undefined {
  switch (space.kind) {
    case 'discrete':
      return isChoice(value, space.count) ? undefined : `an integer from 0 to ${space.count - 1}, got ${show(value)}`;
    case 'multi-discrete': {
      const fits =
        isNumbers(value) &&
        value.length === space.counts.length &&
        space.counts.every((count, i) => isChoice(value[i], count));
      return fits ? undefined : `integers below [${space.counts.join(', ')}], got ${show(value)}`;
    }
    case 'box':
      return outsideOfBox(space, value);
    case 'dict':
      for (const [name, inner] of Object.entries(space.spaces)) {
        const problem = outsideOf(inner, (value as Readonly<Record<string, unknown>> | null | undefined)?.[name]);
        if (problem !== undefined) return `${name}: ${problem}`;
      }
      return undefined;
  }
}

function outsideOfBox({ shape, low, high }: Box, value: unknown): string | undefined {
  if (!isNumbers(value) || value.length !== low.length) {
    return `${low.length} numbers of shape [${shape.join(', ')}], got ${show(value)}`;
  }
  for (let i = 0; i < low.length; i++) {
    if (!(value[i] >= low[i] && value[i] <= high[i])) return `in [${low[i]}, ${high[i]}] at ${i}, got ${value[i]}`;
  }
  return undefined;
}

function isNumbers(value: unknown): value is ArrayLike<number> {
  return value instanceof Float32Array || value instanceof Int32Array || Array.isArray(value);
}

function isChoice(value: unknown, count: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < count;
}

function show(value: unknown): string {
  if (isNumbers(value)) return `${value.length} numbers [${Array.from(value).slice(0, 8).join(', ')}]`;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
