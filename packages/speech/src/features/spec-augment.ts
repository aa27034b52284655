import type { Random } from '@heed/attention-core';

export interface SpecAugmentOptions {
  /** Number of stripes across time, and the widest, in frames. Default 1 of 0: none. */
  readonly timeMasks?: number;
  readonly timeWidth?: number;
  /** The widest stripe across time, as a fraction of the frames. Default 0.2. */
  readonly timeFraction?: number;
  /** Number of stripes across frequency, and the widest, in bands. Default 1 of 0: none. */
  readonly frequencyMasks?: number;
  readonly frequencyWidth?: number;
}

/**
 * SpecAugment (Park et al. 2019), without its warping of time: stripes across time and frequency are replaced by the mean.
 *
 * @param features row-major [frames, bands]; they stay as they are
 * @returns the same with its stripes
 * @throws if the features are no whole number of frames
 */
export function specAugment(
  features: Float32Array,
  bands: number,
  random: Random,
  options: SpecAugmentOptions,
): Float32Array {
  const { timeMasks = 1, timeWidth = 0, timeFraction = 0.2, frequencyMasks = 1, frequencyWidth = 0 } = options;
  const frames = features.length / bands;
  if (!Number.isSafeInteger(frames)) {
    throw new Error(`specAugment: features must be a multiple of bands=${bands} numbers, got ${features.length}`);
  }
  const mean = features.reduce((sum, value) => sum + value, 0) / Math.max(1, features.length);
  const masked = features.slice();
  const widest = Math.min(timeWidth, Math.floor(timeFraction * frames));
  for (let i = 0; i < timeMasks; i++) {
    const width = random.integer(widest + 1);
    const start = random.integer(frames - width + 1);
    masked.fill(mean, start * bands, (start + width) * bands);
  }
  for (let i = 0; i < frequencyMasks; i++) {
    const width = random.integer(Math.min(frequencyWidth, bands) + 1);
    const start = random.integer(bands - width + 1);
    for (let frame = 0; frame < frames; frame++)
      masked.fill(mean, frame * bands + start, frame * bands + start + width);
  }
  return masked;
}
