import * as tf from '@tensorflow/tfjs';
import { log10, melSpectrogram } from './log-mel.ts';

/** What Whisper reads: 16,000 samples a second, a frame every 160. */
export const WHISPER_RATE = 16_000;
export const WHISPER_HOP = 160;

/**
 * Whisper's log-mel spectrogram (Radford et al. 2022): log₁₀ of the mel powers, none more than 8 below the greatest, then (x + 4) / 4; the last frame is
 * dropped.
 *
 * Agrees with `WhisperFeatureExtractor` of transformers.
 *
 * @param samples float32 [B, N] at 16,000 samples a second, N > 200; to be Whisper's own, padded with zeros to 480,000
 * @returns [B, ⌊N / 160⌋, mels]
 * @throws if the sound is too short
 */
export function whisperFeatures(samples: tf.Tensor2D, { mels = 80 }: { readonly mels?: number } = {}): tf.Tensor3D {
  return tf.tidy(() => {
    const power = melSpectrogram(samples, { rate: WHISPER_RATE, window: 400, hop: WHISPER_HOP, mels }); // [B, T + 1, mels]
    const kept = tf.slice(power, [0, 0, 0], [-1, power.shape[1] - 1, -1]); // [B, T, mels]
    const logs = log10(tf.maximum(kept, 1e-10));
    const heard = tf.maximum(logs, tf.sub(tf.max(logs, [1, 2], true), 8));
    return tf.div(tf.add(heard, 4), 4);
  });
}
