import { dataLoader, type HostArray, type HostMatrix } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { WHISPER_HOP, whisperFeatures } from '../../features/whisper-features.ts';

/** What a step of fine-tuning sees. */
export type FineTuningBatch = {
  /** float32 [B, T, mels] */
  readonly features: HostArray<readonly [number, number, number]>;
  /** int32 [B, L] */
  readonly tokens: HostMatrix;
  /** int32 [B, L]: what comes next, −100 where it does not count. */
  readonly targets: HostMatrix;
};

/** A sound as Whisper reads it, and its text. */
export interface FineTuningExample {
  /** Row-major [frames, mels]. */
  readonly features: Float32Array;
  readonly frames: number;
  /** With the prefix, without the end. */
  readonly tokens: readonly number[];
}

/** Whisper's features of samples at its rate, of an even number of frames; as long as the sound, not 30 seconds. */
export async function readFeatures(
  samples: Float32Array,
  mels: number,
): Promise<{ features: Float32Array; frames: number }> {
  const frames = Math.max(2, 2 * Math.ceil(samples.length / WHISPER_HOP / 2));
  const padded = new Float32Array(frames * WHISPER_HOP);
  padded.set(samples);
  const features = tf.tidy(() => whisperFeatures(tf.tensor2d(padded, [1, padded.length]), { mels }));
  try {
    return { features: (await features.data()) as Float32Array, frames };
  } finally {
    features.dispose();
  }
}

/** Batches of sounds of similar length, padded by silence to the longest of their bucket. @param prefix number of tokens before the text */
export function fineTuningBatches(
  examples: readonly FineTuningExample[],
  { mels, end, prefix }: { readonly mels: number; readonly end: number; readonly prefix: number },
  { batchSize, buckets, seed }: { readonly batchSize: number; readonly buckets: number; readonly seed: number },
) {
  const rooms = (bucket: number, bucketOf: readonly number[]) =>
    examples.reduce((most, { tokens }, i) => (bucketOf[i] === bucket ? Math.max(most, tokens.length) : most), 1);
  const loader = dataLoader({
    examples: examples.map(({ frames }) => frames),
    batchSize,
    buckets,
    seed,
    make: (members, { length: frames, bucket }): FineTuningBatch => {
      const chosen = members.map((index) => examples[index]);
      const length = Math.max(rooms(bucket, loader.bucketOf), ...chosen.map(({ tokens }) => tokens.length));
      const features = new Float32Array(members.length * frames * mels);
      const tokens = new Int32Array(members.length * length).fill(end);
      const targets = new Int32Array(members.length * length).fill(-100);
      for (const [row, example] of chosen.entries()) {
        const silence = example.features.reduce((least, value) => Math.min(least, value), Infinity);
        features.fill(silence, row * frames * mels, (row + 1) * frames * mels);
        features.set(example.features, row * frames * mels);
        tokens.set(example.tokens, row * length);
        targets.set([...example.tokens.slice(prefix), end], row * length + prefix - 1);
      }
      return {
        features: { data: features, shape: [members.length, frames, mels] },
        tokens: { data: tokens, shape: [members.length, length] },
        targets: { data: targets, shape: [members.length, length] },
      };
    },
  });
  return loader;
}
