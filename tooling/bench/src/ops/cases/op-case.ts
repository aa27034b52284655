import * as tf from '@tensorflow/tfjs';

export interface OpCase {
  /** As a reader would look it up. */
  readonly name: string;
  readonly inputs: () => tf.Tensor[];
  readonly f: (...inputs: tf.Tensor[]) => tf.Tensor;
}

export interface OpGroup {
  readonly title: string;
  readonly cases: readonly OpCase[];
}

/**
 * Values evenly spaced from `low` to `high` in a shuffled order: no two are so near to one another, nor to a whole number, that
 * a finite difference would step over a kink.
 */
export function spread(shape: readonly number[], { low = -1.43, high = 1.49, salt = 0 } = {}): tf.Tensor {
  const size = tf.util.sizeFromShape([...shape]);
  let stride = Math.max(1, Math.round(size * 0.382) + salt);
  while (greatestCommonDivisor(stride, size) !== 1) stride++;
  const values = Float32Array.from(
    { length: size },
    (_, i) => low + ((high - low) * ((i * stride + salt) % size)) / size,
  );
  return tf.tensor(values, [...shape]);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

export const positive = { low: 0.2, high: 2.9 };
export const inside = { low: -0.9, high: 0.9 };
export const above1 = { low: 1.2, high: 2.9 };

export function unary(name: string, f: (x: tf.Tensor) => tf.Tensor, range = {}): OpCase {
  return { name, f, inputs: () => [spread([3, 7], { salt: 2, ...range })] };
}

export function binary(name: string, f: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor, range = {}): OpCase[] {
  const of = (suffix: string, a: number[], b: number[]): OpCase => ({
    name: name + suffix,
    f,
    inputs: () => [spread(a, range), tf.add(spread(b, { salt: 3, ...range }), 0.057)],
  });
  return [
    of('', [2, 3, 4], [2, 3, 4]),
    of(', last dimension spread', [2, 3, 4], [4]),
    of(', both spread', [2, 1, 4], [3, 1]),
    of(', number', [2, 3], []),
  ];
}

export function on(
  name: string,
  shapes: readonly number[][],
  f: (...inputs: tf.Tensor[]) => tf.Tensor,
  range = {},
): OpCase {
  return { name, f, inputs: () => shapes.map((shape, i) => spread(shape, { salt: i, ...range })) };
}

export const ids = (values: number[]) => tf.tensor1d(values, 'int32');
export const t4 = (x: tf.Tensor) => x as tf.Tensor4D;
