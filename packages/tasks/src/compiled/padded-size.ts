/**
 * What a size is padded to, so that few shapes are recorded and little is computed in vain: a multiple of 8 up to 64, and from there of an eighth
 * to a sixteenth of the size.
 *
 * @example
 * ```ts
 * import { paddedSize } from '@heed/tasks';
 * [3, 8, 50, 70, 200, 1000].map(paddedSize); // [8, 8, 56, 72, 208, 1024]
 * ```
 */
export function paddedSize(size: number): number {
  const step = size <= 64 ? 8 : 2 ** Math.floor(Math.log2(size - 1) - 3);
  return Math.ceil(size / step) * step;
}
