import { capture } from '@heed/attention-core';
import { describeModelContract } from '@heed/testing';
import { crossEntropy } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { createKeywordTransformer, type FramesBatch, type KeywordTransformerConfig } from './keyword-transformer.ts';

const config: KeywordTransformerConfig = { mels: 4, classes: 3, modelWidth: 8, layers: 2, heads: 2, dropout: 0 };
const LENGTHS = [7, 4, 1];

/** Sounds of 7, 4 and 1 frames; `after` is what stands after their ends. */
const batch = (after = 0): FramesBatch => ({
  features: tf.tensor3d(
    LENGTHS.map((length, row) =>
      Array.from({ length: 7 }, (_, frame) =>
        Array.from({ length: 4 }, (__, band) =>
          frame < length ? Math.sin(1 + 5 * row + 2 * frame + 3 * band) : after,
        ),
      ),
    ),
  ),
  lengths: tf.tensor1d(LENGTHS, 'int32'),
});

describeModelContract('KeywordTransformer', {
  config: { ...config, layers: 1 },
  overfit: { learningRate: 0.03, steps: 50 },
  create: createKeywordTransformer,
  batch: () => batch(),
  forward: (model, frames) => model.forward(frames),
  outputShape: [3, 3],
  loss: (model, frames) => crossEntropy(model.forward(frames), tf.tensor1d([0, 1, 2], 'int32')),
  masked: { change: () => batch(NaN) },
});

describe('KeywordTransformer', () => {
  it('hears the same whatever room a sound is given', () => {
    const model = createKeywordTransformer(config, 1);
    const { features, lengths } = batch();
    const roomy = tf.pad(features, [
      [0, 0],
      [0, 6],
      [0, 0],
    ]);
    expect(model.forward({ features: roomy, lengths })).toBeAllClose(model.forward(batch()), { absolute: 1e-6 });
    model.dispose();
  });

  it('shows which frames decided', () => {
    const model = createKeywordTransformer(config, 1);
    const { maps } = capture(() => model.forward(batch()));
    expect(maps.map(({ name }) => name)).toEqual(['layer 1', 'layer 2', 'pooling']);
    const [, second] = tf.squeeze(maps[2].weights, [1, 2]).arraySync() as number[][];
    expect(second.slice(2)).toEqual([0, 0]); // four frames are two columns
    model.dispose();
  });

  it('refuses widths that do not fit, naming them', () => {
    expect(() => createKeywordTransformer({ ...config, modelWidth: 10, heads: 4 }, 1)).toThrow(
      'KeywordTransformer: modelWidth: must be a multiple of heads, got 10',
    );
  });
});
