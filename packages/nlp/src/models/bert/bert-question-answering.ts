/**
 * BERT for questions whose answers stand in a text: each token says whether the answer begins there, and whether it ends there.
 *
 * - Devlin, Chang, Lee, Toutanova 2019, "BERT: Pre-training of deep bidirectional transformers for language understanding", §4.2 and §4.3.
 *
 * Equal to Hugging Face's `BertForQuestionAnswering`, whose weights load through `bertQuestionAnsweringNames`. A question without an answer points at
 * the first token, `[CLS]`, as in §4.3.
 */
import { Linear, Module, Random, type RandomStream } from '@heed/attention-core';
import { crossEntropy, freeze } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { Bert, type BertConfig, type TokenBatch } from './bert.ts';

/** What a training step sees: pairs of a question and a text, and where the answers stand. */
export type AnswerBatch = TokenBatch & {
  /** The first token of each answer: int32 [B]; 0 where there is none. */
  readonly starts: tf.Tensor1D;
  /** The last token of each answer: int32 [B]; 0 where there is none. */
  readonly ends: tf.Tensor1D;
};

/** Logits of every token: [B, L]; at padding they mean nothing. */
export type AnswerOutput = {
  readonly starts: tf.Tensor2D;
  readonly ends: tf.Tensor2D;
};

interface ForwardMode {
  /** Passing one is training mode. */
  readonly random?: RandomStream | undefined;
}

/**
 * A BERT with a linear layer for the beginnings and ends of answers.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { createBertQuestionAnswering } from '@heed/nlp';
 * const model = createBertQuestionAnswering(
 *   {
 *     vocabularySize: 100,
 *     maximumLength: 16,
 *     tokenTypes: 2,
 *     modelWidth: 8,
 *     layers: 2,
 *     heads: 2,
 *     feedForwardWidth: 32,
 *     activation: 'gelu',
 *     epsilon: 1e-12,
 *     dropout: 0.1,
 *     attentionDropout: 0.1,
 *   },
 *   7,
 * );
 * const tokens = tf.tensor2d([[2, 40, 3, 41, 42, 3]], [1, 6], 'int32'); // [CLS] question [SEP] text [SEP]
 * const tokenTypes = tf.tensor2d([[0, 0, 0, 1, 1, 1]], [1, 6], 'int32');
 * const { starts, ends } = model.forward({ tokens, tokenTypes, lengths: tf.tensor1d([6], 'int32') });
 * starts.shape; // [1, 6]
 * ends.shape; // [1, 6]
 * ```
 */
export class BertQuestionAnswering extends Module {
  readonly bert: Bert;
  readonly head: Linear;

  constructor(bert: Bert, random: Random) {
    super();
    this.bert = bert;
    this.head = new Linear({ inputs: bert.config.modelWidth, outputs: 2, random });
    freeze(bert.pooler, /./); // answers do not reach it, and weight decay alone would change it
  }

  /** @throws if the texts are longer than `maximumLength` */
  forward(batch: TokenBatch, mode: ForwardMode = {}): AnswerOutput {
    return tf.tidy(() => {
      const { hiddenStates } = this.bert.forward(batch, mode); // [B, L, M]
      const [starts, ends] = tf.unstack(this.head.forward(hiddenStates), 2); // [B, L]
      return { starts: starts as tf.Tensor2D, ends: ends as tf.Tensor2D };
    });
  }

  /**
   * The mean cross-entropy of the beginnings and of the ends, in nats: a scalar. The softmax is over all L tokens, as in transformers, padding not
   * left out.
   *
   * @throws as `forward`
   */
  loss({ starts, ends, ...batch }: AnswerBatch, mode: ForwardMode = {}): tf.Scalar {
    return tf.tidy(() => {
      const logits = this.forward(batch, mode);
      return tf.div(tf.add(crossEntropy(logits.starts, starts), crossEntropy(logits.ends, ends)), 2);
    });
  }
}

/** A BERT for questions from a config and a seed. @throws if a field of the config is out of range, naming it and its value */
export function createBertQuestionAnswering(config: BertConfig, seed: number): BertQuestionAnswering {
  const random = new Random(seed);
  return new BertQuestionAnswering(new Bert(config, random), random);
}
