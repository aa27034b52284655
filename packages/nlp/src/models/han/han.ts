/**
 * Hierarchical attention network: words → sentences → document.
 *
 * Yang et al. 2016, "Hierarchical attention networks for document classification": HN-ATT; and HN-AVE, the same with means, its baseline.
 *
 * Deviations. Word vectors begin at random instead of word2vec, and there is dropout on them; the last layer stands outside
 * (`TextClassifier`).
 */
import {
  BidirectionalLayer,
  dropout,
  Embedding,
  GruCell,
  HierarchicalAttention,
  Module,
  Random,
} from '@heed/attention-core';
import { parseConfig } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { ForwardMode } from '@heed/tasks';

/** What a hierarchical network is. JSON, and enough to make the model again. */
export interface HanConfig {
  /** Number of words; index 0 is the unknown word. */
  readonly words: number;
  readonly wordWidth: number;
  /** Width of encoded words, sentences and the document: both directions of a GRU together. Yang et al. use 100. */
  readonly hiddenWidth: number;
  /** How words become a sentence and sentences the document. */
  readonly pooling: 'attention' | 'mean';
  /** Share of the words' features that is dropped in training. */
  readonly dropout: number;
}

const width = z.number().int().min(1);
const schema = z
  .strictObject({
    words: width,
    wordWidth: width,
    hiddenWidth: width,
    pooling: z.enum(['attention', 'mean']),
    dropout: z.number().min(0).lt(1),
  })
  .refine((config) => config.hiddenWidth % 2 === 0, {
    path: ['hiddenWidth'],
    message: 'must be even, half for each direction',
  });

/** Documents. B documents of up to N sentences of up to W words. */
export type DocumentBatch = {
  /** int32 [B, N, W]; 0 for unknown words and padding */
  readonly words: tf.Tensor3D;
  /** int32 [B, N]: words in each sentence; sentences of 0 words are padding, and stand at the end. */
  readonly sentenceLengths: tf.Tensor2D;
};

/** The hierarchical network. */
export class Han extends Module {
  readonly config: HanConfig;
  readonly embedding: Embedding;
  readonly wordEncoder: BidirectionalLayer;
  readonly sentenceEncoder: BidirectionalLayer;
  readonly attention: HierarchicalAttention | undefined;

  constructor(config: HanConfig, random: Random) {
    super();
    this.config = parseConfig('Han', schema, config);
    const { words, wordWidth, hiddenWidth, pooling } = this.config;
    const encoder = (inputs: number) => {
      const cell = () => new GruCell({ inputs, hiddenWidth: hiddenWidth / 2, random });
      return new BidirectionalLayer(cell(), cell());
    };
    this.embedding = new Embedding({ size: words, width: wordWidth, deviation: 0.3, random });
    this.wordEncoder = encoder(wordWidth);
    this.sentenceEncoder = encoder(hiddenWidth);
    this.attention = pooling === 'mean' ? undefined : new HierarchicalAttention({ wordWidth: hiddenWidth, random });
  }

  /**
   * Documents as vectors. Captured maps are `words` [B, N, 1, W], one head per sentence, and `sentences` [B, 1, 1, N].
   *
   * @returns [B, hiddenWidth]
   */
  forward({ words, sentenceLengths }: DocumentBatch, { random }: ForwardMode = {}): tf.Tensor2D {
    return tf.tidy(() => {
      const { wordWidth, hiddenWidth, dropout: rate } = this.config;
      const [batch, sentences, count] = words.shape;
      const embedded = dropout(this.embedding.forward(words), rate, random);
      const { outputs } = this.wordEncoder.forward(tf.reshape(embedded, [batch * sentences, count, wordWidth]), {
        lengths: tf.reshape<tf.Rank.R1>(sentenceLengths, [-1]),
      });
      const encoded = tf.reshape<tf.Rank.R4>(outputs, [batch, sentences, count, hiddenWidth]); // [B, N, W, H]
      const encodeSentences = (pooled: tf.Tensor3D, lengths: tf.Tensor1D) =>
        this.sentenceEncoder.forward(pooled, { lengths }).outputs;
      if (this.attention === undefined) return meanOfMeans(encoded, sentenceLengths, encodeSentences);
      return this.attention.forward(encoded, { lengths: sentenceLengths, encodeSentences }).document; // [B, H]
    });
  }
}

/** Words to sentences and sentences to the document by their means; the encoders give 0 at padding. */
function meanOfMeans(
  words: tf.Tensor4D,
  sentenceLengths: tf.Tensor2D,
  encodeSentences: (sentences: tf.Tensor3D, lengths: tf.Tensor1D) => tf.Tensor,
): tf.Tensor2D {
  const sentences = tf.div(tf.sum(words, 2), tf.expandDims(tf.maximum(sentenceLengths, 1), 2)); // [B, N, H]
  const lengths = tf.sum(tf.cast(tf.greater(sentenceLengths, 0), 'int32'), 1) as tf.Tensor1D; // [B]
  const encoded = encodeSentences(sentences as tf.Tensor3D, lengths);
  return tf.div(tf.sum(encoded, 1), tf.expandDims(tf.maximum(lengths, 1), 1)) as tf.Tensor2D; // [B, H]
}

/** A new model, the same for the same config and seed. @throws if a field of the config is out of range, naming it and its value */
export function createHan(config: HanConfig, seed: number): Han {
  return new Han(config, new Random(seed));
}
