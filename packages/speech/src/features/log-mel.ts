import * as tf from '@tensorflow/tfjs';
import { melFilters, type MelFilterOptions } from './mel-filters.ts';
import { spectrogram, type SpectrogramOptions } from './spectrogram.ts';

/** A mel spectrogram: how frames are cut and how frequencies are gathered. */
export interface MelOptions extends SpectrogramOptions, Omit<MelFilterOptions, 'fft'> {}

/** What is added to no power, so that its logarithm is finite. */
const FLOOR = 1e-10;

/** The power in each mel band. @param samples float32 [B, N] @returns [B, T, mels] @throws as `spectrogram` and `melFilters` */
export function melSpectrogram(samples: tf.Tensor2D, options: MelOptions): tf.Tensor3D {
  const { window, fft = window, mels } = options;
  return tf.tidy(() => {
    const power = spectrogram(samples, options); // [B, T, bins]
    const [batch, frames, bins] = power.shape;
    const filters = tf.tensor2d(melFilters({ ...options, fft }), [bins, mels]);
    return tf.reshape(tf.matMul(tf.reshape(power, [-1, bins]), filters), [batch, frames, mels]);
  });
}

/** ln(power + 10⁻¹⁰): what the models here are trained on. It depends on no other frame, so that sound can be read as it comes. @param samples float32 [B, N] @returns [B, T, mels] */
export function logMel(samples: tf.Tensor2D, options: MelOptions): tf.Tensor3D {
  return tf.tidy(() => tf.log(tf.add(melSpectrogram(samples, options), FLOOR)));
}

/**
 * Mel cepstrum (MFCC): the discrete cosine transform (II, orthonormal) of the mel powers in decibels, no band being more than 80 below the sound's loudest.
 *
 * Agrees with `librosa.feature.mfcc`.
 *
 * @param samples float32 [B, N]
 * @returns [B, T, coefficients]
 * @throws if there are more coefficients than bands, and as `melSpectrogram`
 */
export function mfcc(samples: tf.Tensor2D, options: MelOptions & { readonly coefficients: number }): tf.Tensor3D {
  const { mels, coefficients } = options;
  if (!Number.isSafeInteger(coefficients) || coefficients < 1 || coefficients > mels) {
    throw new Error(`mfcc: coefficients must be from 1 to mels=${mels}, got ${coefficients}`);
  }
  return tf.tidy(() => {
    const decibels = tf.mul(log10(tf.maximum(melSpectrogram(samples, options), FLOOR)), 10); // [B, T, mels]
    const heard = tf.maximum(decibels, tf.sub(tf.max(decibels, [1, 2], true), 80));
    const [batch, frames] = heard.shape;
    const cosines = tf.tensor2d(cosineTransform(mels, coefficients), [mels, coefficients]);
    return tf.reshape(tf.matMul(tf.reshape(heard, [-1, mels]), cosines), [batch, frames!, coefficients]);
  });
}

export function log10(x: tf.Tensor): tf.Tensor {
  return tf.mul(tf.log(x), Math.LOG10E);
}

function cosineTransform(size: number, count: number): Float32Array {
  const matrix = new Float32Array(size * count);
  for (let n = 0; n < size; n++) {
    for (let k = 0; k < count; k++) {
      const scale = Math.sqrt((k === 0 ? 1 : 2) / size);
      matrix[n * count + k] = scale * Math.cos((Math.PI * k * (2 * n + 1)) / (2 * size));
    }
  }
  return matrix;
}
