import { interpolate } from './resample.ts';

/**
 * Faster or slower, and with it higher or lower (Ko et al. 2015): the sound is read in steps of `factor` samples.
 *
 * @throws if `factor` is not between 0.25 and 4
 */
export function changeSpeed(samples: Float32Array, factor: number): Float32Array {
  if (!(factor >= 0.25 && factor <= 4)) throw new Error(`changeSpeed: factor must be from 0.25 to 4, got ${factor}`);
  return factor === 1 ? samples : interpolate(samples, factor, 8);
}

/**
 * A sound with noise under it.
 *
 * @param noise repeated where it is shorter
 * @param decibels how much stronger the sound is than the noise
 * @returns the sound itself where one of them is silent
 * @throws if there is no noise
 */
export function addNoise(samples: Float32Array, noise: Float32Array, decibels: number): Float32Array {
  if (noise.length === 0) throw new Error('addNoise: noise must have samples, got none');
  const [signal, other] = [power(samples), power(noise)];
  if (signal === 0 || other === 0) return samples;
  const gain = Math.sqrt(signal / other / 10 ** (decibels / 10));
  return samples.map((sample, i) => sample + gain * noise[i % noise.length]);
}

function power(samples: Float32Array): number {
  return samples.reduce((sum, sample) => sum + sample * sample, 0) / Math.max(1, samples.length);
}
