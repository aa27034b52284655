/** Heed's BERT, its forward pass. */
import { sameIntegers } from '@heed/bench/same-values';
import { createBert } from '@heed/nlp';
import { compile } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { giveSameWeights } from './heed-step.ts';

interface Case {
  readonly vocabulary: number;
  readonly maximumLength: number;
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly inner: number;
  readonly batch: number;
  readonly length: number;
}

export function prepare({
  vocabulary,
  maximumLength,
  layers,
  width,
  heads,
  inner,
  batch,
  length,
}: Case): () => tf.Tensor {
  const bert = createBert(
    {
      vocabularySize: vocabulary,
      maximumLength,
      tokenTypes: 2,
      modelWidth: width,
      layers,
      heads,
      feedForwardWidth: inner,
      activation: 'gelu',
      epsilon: 1e-12,
      dropout: 0,
      attentionDropout: 0,
    },
    7,
  );
  giveSameWeights(bert);
  const tokens = tf.tensor2d(sameIntegers('tokens', [batch, length], vocabulary), [batch, length], 'int32');
  const lengths = tf.tensor1d(new Int32Array(batch).fill(length), 'int32');
  const forward = compile((tokens: tf.Tensor2D, lengths: tf.Tensor1D) =>
    tf.tidy(() => bert.forward({ tokens, lengths }).hiddenStates),
  );
  return () => forward(tokens, lengths);
}
