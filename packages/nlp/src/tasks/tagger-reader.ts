import type { AttentionMap, LabelledMap, Module, RandomStream } from '@heed/attention-core';
import type { Batch, Batches, BatchTensors } from '@heed/training';
import type * as tf from '@tensorflow/tfjs';
import type { ChainScores } from '../layers/linear-chain-crf.ts';

/** A sentence as a reader sees it. */
export interface ReadSentence {
  /** Where in the row of scores each token's stand; as many as tokens were read. */
  readonly places: readonly number[];
  /** How much room all of the sentence would need, whether it fits or not. */
  readonly size: number;
}

/** A sentence with the index of each token's label. */
export interface LabelledRead<Sentence extends ReadSentence = ReadSentence> {
  readonly sentence: Sentence;
  readonly labels: readonly number[];
}

/** What reads sentences for a `TokenTagger` and says how well each label fits each token. Each of the tagger's architectures is one. */
export interface TaggerReader<Sentence extends ReadSentence = ReadSentence> {
  readonly model: Module;
  /** How it is trained: published weights are changed with care. */
  readonly begins: 'published' | 'anew';
  /** What `size` counts, for messages. */
  readonly unit: string;
  /** A sentence as this reader sees it, cut to what fits. */
  read(tokens: readonly string[]): Sentence;
  /** Sentences as one batch. */
  batch(sentences: readonly Sentence[]): Batch;
  /** Labelled sentences in batches of similar length, in another order every epoch. */
  batches(
    sentences: readonly LabelledRead<Sentence>[],
    options: { readonly batchSize: number; readonly buckets: number; readonly seed: number },
  ): { readonly perEpoch: number; epoch(number: number): Batches<Batch> };
  /** @returns [B, L, K]: how well each label fits what stands at each place */
  forward(batch: BatchTensors<Batch>): tf.Tensor3D;
  /** A scalar, of a batch of `batches`. */
  loss(batch: BatchTensors<Batch>, mode: { readonly random?: RandomStream | undefined }): tf.Scalar;
  /** How well labels go together. */
  scores(): ChainScores;
  /** What was captured of one sentence. @param row which of the batch it is */
  label(maps: readonly AttentionMap[], tokens: readonly string[], sentence: Sentence, row: number): LabelledMap[];
}
