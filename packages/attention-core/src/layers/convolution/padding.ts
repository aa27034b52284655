/**
 * What is put around the input of a convolution, as zeros. `valid`: nothing. `same`: so much that the output has length ⌈length / stride⌉,
 * the odd one behind (torch's 'same', which has no strides; TensorFlow's, with them). `causal`: (kernel − 1) · dilation before,
 * so that a position sees no later one. A number: so much on both sides, as torch's; two numbers: before and behind.
 */
export type Padding1d = 'valid' | 'same' | 'causal' | number | readonly [before: number, after: number];

/** As `Padding1d`, for rows and columns; pairs are [[top, bottom], [left, right]]. */
export type Padding2d = 'valid' | 'same' | number | readonly [rows: Margins, columns: Margins];

export type Margins = readonly [before: number, after: number];

/** A kernel along one dimension. */
export interface KernelExtent {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
}

/** The zeros before and after an input of the given length. */
export function marginsOf(padding: Padding1d, length: number, { kernel, stride, dilation }: KernelExtent): Margins {
  const reach = (kernel - 1) * dilation;
  if (padding === 'valid') return [0, 0];
  if (padding === 'causal') return [reach, 0];
  if (padding === 'same') {
    const total = Math.max(0, (Math.ceil(length / stride) - 1) * stride + reach + 1 - length);
    return [Math.floor(total / 2), Math.ceil(total / 2)];
  }
  return typeof padding === 'number' ? [padding, padding] : padding;
}

/** @throws unless all numbers of a padding are non-negative integers */
export function requirePadding(owner: string, padding: Padding1d | Padding2d): void {
  const numbers = typeof padding === 'string' ? [] : [padding].flat(2);
  if (numbers.every((size) => Number.isInteger(size) && size >= 0)) return;
  throw new Error(`${owner}: padding must be of non-negative integers, got ${JSON.stringify(padding)}`);
}
