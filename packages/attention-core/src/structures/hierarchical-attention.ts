import * as tf from '@tensorflow/tfjs';
import { fromTensor } from '../masks/from-tensor.ts';
import { Module } from '../module/module.ts';
import type { Random } from '../random/random.ts';
import { AttentionPooling } from './attention-pooling.ts';

export interface HierarchicalAttentionConfig {
  /** D: width of words. */
  readonly wordWidth: number;
  /** D': width of sentences once they are encoded. Default D. */
  readonly sentenceWidth?: number;
  /** A: width in which words and sentences are judged. Default D. */
  readonly hiddenWidth?: number;
  readonly random: Random;
}

export interface HierarchicalAttentionInputs {
  /** int32 [B, N]: words in each sentence; sentences of 0 words are padding. Default: all are full. */
  readonly lengths?: tf.Tensor2D | undefined;
  /**
   * How sentences see one another before they are pooled, e.g. a recurrent network: from [B, N, D] and how many sentences of each
   * document are real (int32 [B]) to [B, N, D']. Default: as they are.
   */
  readonly encodeSentences?: (sentences: tf.Tensor3D, lengths: tf.Tensor1D) => tf.Tensor;
}

export interface PooledDocument {
  /** [B, D'] */
  readonly document: tf.Tensor2D;
  /** [B, N, D], before `encodeSentences` */
  readonly sentences: tf.Tensor3D;
}

/**
 * Hierarchical attention (Yang et al. 2016, "Hierarchical attention networks for document classification"): words are pooled to
 * sentences and sentences to a document, each by `AttentionPooling`. Captured maps are `words` [B, N, 1, W], one head per sentence,
 * and `sentences` [B, 1, 1, N].
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { HierarchicalAttention, Random } from '@heed/attention-core';
 * const layer = new HierarchicalAttention({ wordWidth: 8, random: new Random(7) });
 * const lengths = tf.tensor2d([[5, 2, 0]], [1, 3], 'int32'); // three sentences of five words, the last one padding
 * layer.forward(tf.ones([1, 3, 5, 8]), { lengths }).document.shape; // [1, 8]
 * ```
 */
export class HierarchicalAttention extends Module {
  readonly words: AttentionPooling;
  readonly sentences: AttentionPooling;

  constructor({ wordWidth, sentenceWidth = wordWidth, hiddenWidth = wordWidth, random }: HierarchicalAttentionConfig) {
    super();
    this.words = new AttentionPooling({ width: wordWidth, hiddenWidth, name: 'words', random });
    this.sentences = new AttentionPooling({ width: sentenceWidth, hiddenWidth, name: 'sentences', random });
  }

  /** @param words [B, N, W, D], encoded by the caller */
  forward(words: tf.Tensor4D, { lengths, encodeSentences }: HierarchicalAttentionInputs = {}): PooledDocument {
    const [batch, sentenceCount, wordCount] = words.shape;
    const [document, sentences] = tf.tidy(() => {
      const counts =
        lengths ?? (tf.mul(tf.ones([batch, sentenceCount], 'int32'), tf.scalar(wordCount, 'int32')) as tf.Tensor2D);
      const positions = tf.range(0, wordCount, 1, 'int32');
      const realWords = fromTensor(tf.less(positions, tf.reshape(counts, [batch, sentenceCount, 1, 1]))); // [B, N, 1, W]
      const real = tf.greater(counts, tf.scalar(0, 'int32')); // [B, N]
      const pooled = this.words.forward(words, { mask: realWords }) as tf.Tensor3D; // [B, N, D]
      const encoded = encodeSentences?.(pooled, tf.sum(tf.cast(real, 'int32'), 1)) ?? pooled; // [B, N, D']
      const mask = fromTensor(tf.reshape(real, [batch, 1, 1, sentenceCount]));
      return [this.sentences.forward(encoded, { mask }) as tf.Tensor2D, pooled];
    });
    return { document: document as tf.Tensor2D, sentences: sentences as tf.Tensor3D };
  }
}
