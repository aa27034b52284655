import { requireIntegers } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';

export interface SpectrogramOptions {
  /** Samples that a frame sees. */
  readonly window: number;
  /** Samples from one frame to the next. */
  readonly hop: number;
  /** Samples of the Fourier transform: the window is padded to it on both sides. Default: `window`. */
  readonly fft?: number;
  /** What stands before and after the sound, so that frames are centred: mirrored samples, zeros, or nothing and frames lie inside. Default 'reflect'. */
  readonly pad?: 'reflect' | 'zeros' | 'none';
}

/** Number of frames of so many samples. */
export function frameCount(
  samples: number,
  { window, hop, fft = window, pad = 'reflect' }: SpectrogramOptions,
): number {
  const length = pad === 'none' ? samples : samples + 2 * Math.floor(fft / 2);
  return Math.max(0, Math.floor((length - fft) / hop) + 1);
}

/**
 * The power spectrogram under a periodic Hann window: |Σₙ w[n] · x[t · hop + n] · e^(−2πikn / fft)|², as one product of matrices, which every backend
 * has and differentiates.
 *
 * @param samples float32 [B, N]
 * @returns [B, T, fft / 2 + 1]
 * @throws if a size is no positive integer, the window is longer than `fft`, or the sound is too short: for one frame, or to be mirrored (N ≤ fft / 2)
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { spectrogram } from '@heed/speech';
 * spectrogram(tf.zeros([1, 1600]), { window: 400, hop: 160 }).shape; // [1, 11, 201]
 * ```
 */
export function spectrogram(samples: tf.Tensor2D, options: SpectrogramOptions): tf.Tensor3D {
  const { window, hop, fft = window, pad = 'reflect' } = options;
  requireSizes(options);
  const [batch, length] = samples.shape;
  const margin = pad === 'none' ? 0 : Math.floor(fft / 2);
  const frames = frameCount(length, options);
  if (frames < 1 || (pad === 'reflect' && length <= margin)) {
    const needed = pad === 'reflect' ? margin + 1 : pad === 'none' ? fft : 1;
    throw new Error(`spectrogram: a sound must have at least ${needed} samples for fft=${fft}, got ${length}`);
  }
  return tf.tidy(() => {
    const edges: [number, number][] = [
      [0, 0],
      [margin, margin],
    ];
    const padded =
      margin === 0 ? samples : pad === 'reflect' ? tf.mirrorPad(samples, edges, 'reflect') : tf.pad(samples, edges);
    const starts = tf.mul(tf.range(0, frames, 1, 'int32'), tf.scalar(hop, 'int32')); // [T]
    const places = tf.add(tf.expandDims(starts, 1), tf.range(0, fft, 1, 'int32')); // [T, fft]
    const framed = tf.gather(padded, tf.reshape(places, [-1]) as tf.Tensor1D, 1); // [B, T · fft]
    const bins = Math.floor(fft / 2) + 1;
    const waves = tf.tensor2d(fourierMatrix(window, fft), [fft, 2 * bins]);
    const parts = tf.square(tf.matMul(tf.reshape(framed, [-1, fft]), waves)); // [B · T, 2 · bins]
    const [cosines, sines] = tf.split(parts, 2, 1);
    return tf.reshape(tf.add(cosines, sines), [batch, frames, bins]);
  });
}

/** The window's cosines and sines, [fft, 2 · bins]. */
function fourierMatrix(window: number, fft: number): Float32Array {
  const key = `${window} ${fft}`;
  const known = matrices.get(key);
  if (known !== undefined) return known;
  const bins = Math.floor(fft / 2) + 1;
  const before = Math.floor((fft - window) / 2);
  const matrix = new Float32Array(fft * 2 * bins);
  for (let n = 0; n < window; n++) {
    const hann = 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / window);
    for (let k = 0; k < bins; k++) {
      const angle = (2 * Math.PI * ((k * (n + before)) % fft)) / fft;
      matrix[(n + before) * 2 * bins + k] = hann * Math.cos(angle);
      matrix[(n + before) * 2 * bins + bins + k] = -hann * Math.sin(angle);
    }
  }
  if (matrices.size >= 8) matrices.clear();
  matrices.set(key, matrix);
  return matrix;
}

const matrices = new Map<string, Float32Array>();

function requireSizes({ window, hop, fft = window }: SpectrogramOptions): void {
  requireIntegers('spectrogram', { window, hop, fft });
  if (window > fft) throw new Error(`spectrogram: window must be at most fft, got window=${window}, fft=${fft}`);
}
