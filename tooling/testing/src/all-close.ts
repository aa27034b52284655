import * as tf from '@tensorflow/tfjs';
import 'vitest';

export interface Tolerance {
  /** Default 1e-6. */
  readonly absolute?: number;
  /** Times the expected value's magnitude. Default 1e-5: float32 carries seven digits, of which sums lose one or two. */
  readonly relative?: number;
}

/** Numbers in any of the forms in which tests have them. */
export type Numbers = tf.Tensor | ArrayLike<number> | readonly Nested[];
type Nested = number | boolean | readonly Nested[];

interface Values {
  readonly values: ArrayLike<number>;
  /** Absent for a flat typed array, which fits any shape of its size. */
  readonly shape?: readonly number[];
}

declare module 'vitest' {
  interface Matchers {
    /** Every element within `absolute + relative · |expected|` of the expected one; NaN is close to nothing; shapes agree. */
    toBeAllClose(expected: Numbers, tolerance?: Tolerance): void;
  }
}

function toValues(numbers: Numbers): Values {
  if (numbers instanceof tf.Tensor) return { values: numbers.dataSync(), shape: numbers.shape };
  if (ArrayBuffer.isView(numbers)) return { values: numbers as unknown as ArrayLike<number> };
  const shape: number[] = [];
  for (let level: unknown = numbers; Array.isArray(level); level = level[0]) shape.push(level.length);
  return { values: flatten(numbers as Nested[]), shape };
}

function flatten(nested: Nested): number[] {
  return Array.isArray(nested) ? nested.flatMap(flatten) : [Number(nested)];
}

/** The matcher behind `expect(actual).toBeAllClose(expected)`. */
export function allClose(
  actual: Numbers,
  expected: Numbers,
  { absolute = 1e-6, relative = 1e-5 }: Tolerance = {},
): { pass: boolean; message: () => string } {
  const got = toValues(actual);
  const want = toValues(expected);
  if (
    got.values.length !== want.values.length ||
    (got.shape && want.shape && String(got.shape) !== String(want.shape))
  ) {
    const describe = ({ values, shape }: Values) => (shape ? `[${shape}]` : `${values.length} values`);
    return { pass: false, message: () => `expected shape ${describe(want)}, got ${describe(got)}` };
  }
  let wrong = 0;
  let worst = -1;
  let worstExcess = 0;
  for (let i = 0; i < want.values.length; i++) {
    const excess = Math.abs(got.values[i] - want.values[i]) - (absolute + relative * Math.abs(want.values[i]));
    if (excess <= 0) continue; // NaN falls through
    wrong++;
    if (worst === -1 || !(excess <= worstExcess)) [worst, worstExcess] = [i, excess];
  }
  return {
    pass: wrong === 0,
    message: () =>
      wrong === 0
        ? `expected some element to differ by more than ${absolute} + ${relative}·|expected|`
        : `${wrong} of ${want.values.length} elements differ by more than ${absolute} + ${relative}·|expected|; ` +
          `the worst is element ${worst}: got ${got.values[worst]}, expected ${want.values[worst]}`,
  };
}
