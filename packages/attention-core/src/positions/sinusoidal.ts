import * as tf from '@tensorflow/tfjs';

/**
 * The fixed position encoding of Vaswani et al. 2017: PE(p, 2i) = sin(p / base^(2i/M)), PE(p, 2i + 1) = cos(p / base^(2i/M)).
 *
 * @param length number of positions
 * @param width M, even
 * @returns [length, width]
 * @throws if width is odd
 */
export function sinusoidalPositions(
  length: number,
  width: number,
  { base = 10_000 }: { base?: number } = {},
): tf.Tensor2D {
  if (width % 2 !== 0) throw new Error(`sinusoidalPositions: width must be even, got ${width}`);
  const values = new Float32Array(length * width);
  for (let position = 0; position < length; position++) {
    for (let i = 0; i < width; i += 2) {
      const angle = position / base ** (i / width);
      values[position * width + i] = Math.sin(angle);
      values[position * width + i + 1] = Math.cos(angle);
    }
  }
  return tf.tensor2d(values, [length, width]);
}
