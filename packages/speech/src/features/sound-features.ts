import type { HostArray, HostVector } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { resample } from '../sound/resample.ts';
import { requireSound, type Sound } from '../sound/sound.ts';
import { logMel, type MelOptions } from './log-mel.ts';
import { frameCount } from './spectrogram.ts';

/** A sound as models read it: one row for each frame. */
export interface SoundFeatures {
  /** Row-major [frames, bands]. */
  readonly data: Float32Array;
  readonly frames: number;
}

export interface SoundFeaturesOptions {
  /** Sounds of other rates are brought to this one. */
  readonly rate: number;
  /** Number of mel bands. */
  readonly mels: number;
}

/** Sounds whose spectra are computed together. */
const TOGETHER = 32;

/** Frames of 25 ms, one every 10 ms. */
function melOptions({ rate, mels }: SoundFeaturesOptions): MelOptions {
  const window = Math.round(0.025 * rate);
  const fft = 2 ** Math.ceil(Math.log2(window));
  return { rate, mels, window, fft, hop: Math.round(0.01 * rate), low: 20, pad: 'none' };
}

/**
 * The log-mel features of sounds, each shifted and scaled to mean 0 and deviation 1: how loud something was said does not count.
 *
 * @param owner how messages begin
 * @throws if a sound is empty, has a sample that is not finite or an impossible rate, naming it
 */
export async function soundFeatures(
  owner: string,
  sounds: readonly Sound[],
  options: SoundFeaturesOptions,
): Promise<SoundFeatures[]> {
  for (const [place, sound] of sounds.entries()) requireSound(owner, sound, place);
  const mel = melOptions(options);
  const features = Array<SoundFeatures>(sounds.length);
  const order = [...sounds.keys()].sort((a, b) => sounds[a].samples.length - sounds[b].samples.length);
  for (let first = 0; first < order.length; first += TOGETHER) {
    const members = order.slice(first, first + TOGETHER);
    const samples = members.map((index) => resample(sounds[index], options.rate).samples);
    const length = Math.max(mel.fft!, ...samples.map((sound) => sound.length));
    const values = await readAndFree(
      tf.tidy(() => logMel(tf.tensor2d(padded(samples, length), [samples.length, length]), mel)),
    );
    const size = values.length / members.length;
    for (const [row, index] of members.entries()) {
      const frames = Math.max(1, frameCount(samples[row].length, mel));
      const data = values.slice(row * size, row * size + frames * options.mels);
      features[index] = { data: standardised(data), frames };
    }
  }
  return features;
}

/** What a model reads of several sounds. */
export type FeatureBatch = {
  /** float32 [B, T, bands], 0 after each sound's end */
  readonly features: HostArray<readonly [number, number, number]>;
  /** int32 [B]: frames of each sound. */
  readonly lengths: HostVector;
};

/** @param frames the room that each is given */
export function featureBatch(sounds: readonly SoundFeatures[], frames: number, bands: number): FeatureBatch {
  return {
    features: {
      data: padded(
        sounds.map(({ data }) => data),
        frames * bands,
      ),
      shape: [sounds.length, frames, bands],
    },
    lengths: { data: Int32Array.from(sounds, (sound) => sound.frames), shape: [sounds.length] },
  };
}

/** Rows of one length, with zeros at their ends. */
function padded(rows: readonly Float32Array[], length: number): Float32Array {
  const data = new Float32Array(rows.length * length);
  for (const [row, values] of rows.entries()) data.set(values, row * length);
  return data;
}

/** Silence, all of whose values are the same, becomes 0. */
function standardised(values: Float32Array): Float32Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  const scale = 1 / Math.max(1e-3, Math.sqrt(variance));
  return values.map((value) => (value - mean) * scale);
}

async function readAndFree(tensor: tf.Tensor): Promise<Float32Array> {
  try {
    return (await tensor.data()) as Float32Array;
  } finally {
    tensor.dispose();
  }
}
