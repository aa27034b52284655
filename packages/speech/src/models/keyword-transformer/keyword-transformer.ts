/**
 * Keyword transformer: which of a few words a short sound is.
 *
 * - Berg, O'Connor, Cruz 2021, "Keyword transformer: a self-attention model for keyword spotting": self-attention over the frames of a mel spectrogram.
 * - Yang et al. 2016, HAN: what is heard is pooled by attention, so that the frames that decided can be shown.
 *
 * Deviations. A convolution of stride 2 reads the frames (the paper has a linear layer), blocks normalise before their parts (the paper: after), and attention
 * pooling takes the place of the class token.
 */
import {
  AttentionPooling,
  Conv1d,
  dropout,
  EncoderBlock,
  gelu,
  LayerNorm,
  Linear,
  Module,
  padding,
  Random,
  sinusoidalPositions,
  type RandomStream,
} from '@heed/attention-core';
import { parseConfig } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';

/** What a keyword transformer is. JSON, and enough to make the model again. */
export interface KeywordTransformerConfig {
  /** Bands of each frame. */
  readonly mels: number;
  /** Number of words. */
  readonly classes: number;
  /** M: width of hidden vectors; even, and a multiple of `heads`. */
  readonly modelWidth: number;
  readonly layers: number;
  readonly heads: number;
  readonly dropout: number;
}

const count = z.number().int().min(1);
const schema = z
  .strictObject({
    mels: count,
    classes: count,
    modelWidth: count.multipleOf(2),
    layers: count,
    heads: count,
    dropout: z.number().min(0).lt(1),
  })
  .refine(({ modelWidth, heads }) => modelWidth % heads === 0, {
    path: ['modelWidth'],
    message: 'must be a multiple of heads',
  });

/** Sounds of up to T frames. */
export type FramesBatch = {
  /** float32 [B, T, mels]; what stands after a sound's end does not count. */
  readonly features: tf.Tensor3D;
  /** int32 [B]: frames of each sound, at least 1. */
  readonly lengths: tf.Tensor1D;
};

interface Mode {
  /** Passing one is training mode. */
  readonly random?: RandomStream | undefined;
}

/**
 * Maps are captured under `layer 1`, `layer 2`, … and `pooling`; a column is two frames.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { createKeywordTransformer } from '@heed/speech';
 * const model = createKeywordTransformer({ mels: 40, classes: 10, modelWidth: 16, layers: 1, heads: 2, dropout: 0 }, 7);
 * model.forward({ features: tf.zeros([2, 50, 40]), lengths: tf.tensor1d([50, 31], 'int32') }).shape; // [2, 10]
 * ```
 */
export class KeywordTransformer extends Module {
  readonly config: Readonly<KeywordTransformerConfig>;
  readonly stem: Conv1d;
  readonly layers: readonly EncoderBlock[];
  readonly norm: LayerNorm;
  readonly pooling: AttentionPooling;
  readonly output: Linear;

  /** @throws if a field of the config is out of range, naming it and its value */
  constructor(config: KeywordTransformerConfig, random: Random) {
    super();
    this.config = parseConfig('KeywordTransformer', schema, config);
    const { mels, classes, modelWidth, layers, heads, dropout: rate } = this.config;
    this.stem = new Conv1d({ inputs: mels, outputs: modelWidth, kernelSize: 3, stride: 2, padding: 1, random });
    this.layers = Array.from(
      { length: layers },
      (_, i) =>
        new EncoderBlock({ modelWidth, heads, activation: 'gelu', dropout: rate, name: `layer ${i + 1}`, random }),
    );
    this.norm = new LayerNorm({ width: modelWidth });
    this.pooling = new AttentionPooling({ width: modelWidth, random });
    this.output = new Linear({ inputs: modelWidth, outputs: classes, random });
  }

  /** @returns logits [B, classes] */
  forward({ features, lengths }: FramesBatch, { random }: Mode = {}): tf.Tensor2D {
    const { modelWidth, dropout: rate } = this.config;
    return tf.tidy(() => {
      const frames = tf.range(0, features.shape[1], 1, 'int32');
      const real = tf.less(tf.expandDims(frames, 0), tf.expandDims(lengths, 1)); // [B, T]
      const heard = tf.where(tf.expandDims(real, 2), features, tf.zerosLike(features)); // [B, T, mels]
      const read = gelu(this.stem.forward(heard)); // [B, ⌈T / 2⌉, M]
      const placed = tf.add(read, sinusoidalPositions(read.shape[1]!, modelWidth));
      const half = tf.cast(tf.floor(tf.div(tf.cast(tf.add(lengths, 1), 'float32'), 2)), 'int32') as tf.Tensor1D; // [B]
      const mask = padding(half);
      const first = dropout(placed, rate, random);
      const hidden = this.layers.reduce<tf.Tensor>((x, layer) => layer.forward(x, { mask, random }), first);
      const pooled = this.pooling.forward(this.norm.forward(hidden), { mask, random }); // [B, M]
      return this.output.forward(dropout(pooled, rate, random)) as tf.Tensor2D; // [B, classes]
    });
  }
}

/** A new model, the same for the same config and seed. @throws if a field of the config is out of range, naming it and its value */
export function createKeywordTransformer(config: KeywordTransformerConfig, seed: number): KeywordTransformer {
  return new KeywordTransformer(config, new Random(seed));
}
