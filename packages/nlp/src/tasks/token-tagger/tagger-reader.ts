import type { AttentionMap, LabelledMap, Module, RandomStream } from '@heed/attention-core';
import type { Batch, BatchTensors, HostMatrix } from '@heed/training';
import type * as tf from '@tensorflow/tfjs';
import type { ChainScores } from '../../layers/linear-chain-crf.ts';

/** A sentence as a reader sees it. */
export interface ReadSentence {
  /** Where in the row of scores each token's stand; as many as tokens were read. */
  readonly places: readonly number[];
  /** Length of the row that was read. */
  readonly length: number;
  /** How much room all of the sentence would need, whether it fits or not. */
  readonly size: number;
}

/** A sentence with the index of each token's label. */
export type LabelledSentence<Sentence extends ReadSentence = ReadSentence> = Sentence & {
  readonly labels: readonly number[];
};

/** A batch of a training step: what is read, and the labels. */
export type LabelledBatch = Batch & { readonly labels: HostMatrix };

/** What reads sentences for a `TokenTagger` and says how well each label fits each token. Each of the tagger's architectures is one. */
export interface TaggerReader<Sentence extends ReadSentence = ReadSentence> {
  readonly model: Module;
  /** What `size` counts, for messages. */
  readonly unit: string;
  /** A sentence as this reader sees it, cut to what fits. */
  read(tokens: readonly string[]): Sentence;
  /** Sentences as a batch, in rows of `length`. */
  batch(sentences: readonly Sentence[], length: number): Batch;
  /** The same with labels. @param all sentences of the training, whose batches have the same shape at the same length */
  labelledBatch(
    sentences: readonly LabelledSentence<Sentence>[],
    length: number,
    all: readonly Sentence[],
  ): LabelledBatch;
  /** @returns [B, L, K]: how well each label fits what stands at each place */
  forward(batch: BatchTensors<Batch>): tf.Tensor3D;
  /** The loss of a batch of `labelledBatch`: a scalar. */
  loss(batch: BatchTensors<LabelledBatch>, mode: { readonly random?: RandomStream | undefined }): tf.Scalar;
  /** How well labels go together. */
  scores(): ChainScores;
  /** What was captured of one sentence. @param row which of the batch it is */
  label(maps: readonly AttentionMap[], tokens: readonly string[], sentence: Sentence, row: number): LabelledMap[];
}
