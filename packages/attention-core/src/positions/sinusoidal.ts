import * as tf from '@tensorflow/tfjs';

export interface SinusoidOptions {
  /** The longest wavelength is 2π times this. Default 10 000. */
  readonly base?: number;
  /** `interleaved`: sin and cos of one frequency side by side (Vaswani). `halves`: all sines, then all cosines (tensor2tensor, Whisper). */
  readonly layout?: 'interleaved' | 'halves';
  /**
   * Whether the last frequency is exactly 1/base (exponents i/(M/2 − 1): tensor2tensor, Whisper) instead of one step higher
   * (exponents i/(M/2): Vaswani). Default false.
   */
  readonly lastIsBase?: boolean;
}

/**
 * The fixed position encoding of Vaswani et al. 2017: PE(p, 2i) = sin(p / base^(2i/M)), PE(p, 2i + 1) = cos(p / base^(2i/M)).
 *
 * @param length number of positions
 * @param width M, even
 * @returns [length, width]
 * @throws if width is odd
 *
 * @example
 * ```ts
 * import { sinusoidalPositions } from '@heed/attention-core';
 * sinusoidalPositions(60, 32).shape; // [60, 32]
 * ```
 */
export function sinusoidalPositions(length: number, width: number, options: SinusoidOptions = {}): tf.Tensor2D {
  return tf.tensor2d(
    sinusoids(
      Array.from({ length }, (_, position) => position),
      width,
      options,
    ),
    [length, width],
  );
}

/**
 * The same encoding for the places of an image, numbered by row and column from 0: the first half of each vector encodes the row,
 * the second the column.
 *
 * @param modelWidth M, a multiple of 4
 * @returns [height, width, modelWidth]
 * @throws if modelWidth is no multiple of 4
 */
export function sinusoidalPositions2d(
  height: number,
  width: number,
  modelWidth: number,
  options: SinusoidOptions = {},
): tf.Tensor3D {
  if (modelWidth % 4 !== 0) {
    throw new Error(`sinusoidalPositions2d: modelWidth must be a multiple of 4, got ${modelWidth}`);
  }
  const half = modelWidth / 2;
  return tf.tidy(() => {
    const rows = tf.reshape(sinusoidalPositions(height, half, options), [height, 1, half]);
    const columns = tf.reshape(sinusoidalPositions(width, half, options), [1, width, half]);
    return tf.concat([tf.tile(rows, [1, width, 1]), tf.tile(columns, [height, 1, 1])], 2) as tf.Tensor3D;
  });
}

/**
 * The same encoding for positions that are tensors: distances, fractions, places that a mask leaves. Angles are float32.
 *
 * @param positions [...], any numbers
 * @param width M, even
 * @returns [..., width]
 * @throws if width is odd
 */
export function encodePositions(positions: tf.Tensor, width: number, options: SinusoidOptions = {}): tf.Tensor {
  const frequencies = sinusoidFrequencies(width, options);
  return tf.tidy(() => {
    const angles = tf.mul(tf.expandDims(tf.cast(positions, 'float32'), -1), tf.tensor1d(frequencies)); // [..., M/2]
    const [sines, cosines] = [tf.sin(angles), tf.cos(angles)];
    if (options.layout === 'halves') return tf.concat([sines, cosines], -1);
    return tf.reshape(tf.stack([sines, cosines], -1), [...positions.shape, width]);
  });
}

/** `sinusoidalPositions` at any positions, row by row. */
export function sinusoids(positions: readonly number[], width: number, options: SinusoidOptions = {}): Float32Array {
  const frequencies = sinusoidFrequencies(width, options);
  const values = new Float32Array(positions.length * width);
  positions.forEach((position, row) => {
    frequencies.forEach((frequency, i) => {
      const [sine, cosine] = options.layout === 'halves' ? [i, i + width / 2] : [2 * i, 2 * i + 1];
      values[row * width + sine] = Math.sin(position * frequency);
      values[row * width + cosine] = Math.cos(position * frequency);
    });
  });
  return values;
}

function sinusoidFrequencies(width: number, { base = 10_000, lastIsBase = false }: SinusoidOptions): number[] {
  if (width % 2 !== 0 || width < 2) throw new Error(`sinusoidalPositions: width must be even, got ${width}`);
  const pairs = width / 2;
  return Array.from({ length: pairs }, (_, i) => base ** (-i / Math.max(1, lastIsBase ? pairs - 1 : pairs)));
}
