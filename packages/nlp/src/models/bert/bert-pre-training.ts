/**
 * BERT's pretraining: words that were hidden are told from both sides, and whether one segment follows another.
 *
 * - Devlin, Chang, Lee, Toutanova 2019, "BERT: Pre-training of deep bidirectional transformers for language understanding", §3.1 and A.2.
 *
 * Equal to Hugging Face's `BertForPreTraining`, whose weights load through `bertPreTrainingNames`. With a causal BERT the same heads learn the
 * token after each, from those before it: an encoder of equal size to compare with.
 *
 * Deviation. `loss` makes logits at the asked positions alone, not at all of the text: the same loss, for a sixth of the last product.
 */
import { activate, buffer, LayerNorm, Linear, Module, Random, weight, type RandomStream } from '@heed/attention-core';
import { crossEntropy } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { Bert, type BertConfig, type TokenBatch } from './bert.ts';

/** What a pretraining step sees: pairs of segments, and what is asked of them. */
export type PreTrainingBatch = TokenBatch & {
  /** Which tokens are asked for: int32 [B, P] with values in [0, L). */
  readonly positions: tf.Tensor2D;
  /** What should stand there: int32 [B, P]; −100 where nothing is asked. */
  readonly targets: tf.Tensor2D;
  /** 0 where the second segment follows the first, 1 where it does not, −100 where it is not asked: int32 [B]. */
  readonly isRandom: tf.Tensor1D;
};

/** What the heads make of a batch. */
export type PreTrainingOutput = {
  /** Logits of every token at every position: [B, L, V]. */
  readonly predictions: tf.Tensor3D;
  /** Logits of 'follows' and 'does not': [B, 2]. */
  readonly nextSentence: tf.Tensor2D;
};

interface ForwardMode {
  /** Passing one is training mode. */
  readonly random?: RandomStream | undefined;
}

/**
 * A BERT with the heads of its pretraining: of masked tokens, whose last matrix is that of the token embeddings unless the config says otherwise, and of the next sentence.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { createBertPreTraining } from '@heed/nlp';
 * const model = createBertPreTraining(
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
 * const tokens = tf.tensor2d([[2, 40, 4, 3, 42, 3]], [1, 6], 'int32');
 * const tokenTypes = tf.tensor2d([[0, 0, 0, 0, 1, 1]], [1, 6], 'int32');
 * const { predictions, nextSentence } = model.forward({ tokens, tokenTypes, lengths: tf.tensor1d([6], 'int32') });
 * predictions.shape; // [1, 6, 100]
 * nextSentence.shape; // [1, 2]
 * ```
 */
export class BertPreTraining extends Module {
  readonly bert: Bert;
  readonly transform: Linear;
  readonly norm: LayerNorm;
  /** Of each token's logit: [V]. A head of its own does not use it; the files have it all the same. */
  readonly bias: tf.Variable<tf.Rank.R1>;
  readonly nextSentence: Linear;
  /** The last layer where it is not the table of tokens. */
  readonly decoder: Linear | undefined;

  /** @throws if a field of the config is out of range, naming it and its value */
  constructor(config: BertConfig, random: Random) {
    super();
    this.bert = new Bert(config, random);
    const { modelWidth: width, vocabularySize, epsilon, untiedHead } = this.bert.config;
    this.transform = new Linear({ inputs: width, outputs: width, random });
    this.norm = new LayerNorm({ width, epsilon });
    const zeros = new Float32Array(vocabularySize);
    this.bias = untiedHead ? buffer(zeros, [vocabularySize]) : weight(zeros, [vocabularySize]);
    this.nextSentence = new Linear({ inputs: width, outputs: 2, random });
    this.decoder = untiedHead ? new Linear({ inputs: width, outputs: vocabularySize, random }) : undefined;
  }

  /** @throws if the texts are longer than `maximumLength` */
  forward(batch: TokenBatch, mode: ForwardMode = {}): PreTrainingOutput {
    return tf.tidy(() => {
      const { hiddenStates, pooled } = this.bert.forward(batch, mode); // [B, L, M], [B, M]
      const [size, length, width] = hiddenStates.shape;
      const logits = this.logits(tf.reshape(hiddenStates, [size * length, width])); // [B·L, V]
      const predictions = tf.reshape<tf.Rank.R3>(logits, [size, length, this.bert.config.vocabularySize]); // [B, L, V]
      return { predictions, nextSentence: this.nextSentence.forward(pooled) as tf.Tensor2D };
    });
  }

  /**
   * The logits at the asked positions, and of the next sentence.
   *
   * @returns `predictions` [B, P, V] and `nextSentence` [B, 2]
   * @throws as `forward`
   */
  ask(batch: TokenBatch & Pick<PreTrainingBatch, 'positions'>, mode: ForwardMode = {}): PreTrainingOutput {
    return tf.tidy(() => {
      const { hiddenStates, pooled } = this.bert.forward(batch, mode); // [B, L, M], [B, M]
      const [size, length, width] = hiddenStates.shape;
      const asked = batch.positions.shape[1];
      const starts = tf.range(0, size * length, length, 'int32'); // [B]
      const rows = tf.reshape(tf.add(batch.positions, tf.expandDims(starts, 1)), [size * asked]); // [B·P]
      const states = tf.gather(tf.reshape(hiddenStates, [size * length, width]), tf.cast(rows, 'int32')); // [B·P, M]
      const predictions = tf.reshape<tf.Rank.R3>(this.logits(states), [size, asked, this.bert.config.vocabularySize]);
      return { predictions, nextSentence: this.nextSentence.forward(pooled) as tf.Tensor2D };
    });
  }

  /**
   * The mean cross-entropy of the asked tokens plus that of the next sentence, in nats: a scalar. What is not asked counts 0.
   *
   * @throws as `forward`
   */
  loss(batch: PreTrainingBatch, mode: ForwardMode = {}): tf.Scalar {
    return tf.tidy(() => {
      const { predictions, nextSentence } = this.ask(batch, mode);
      return tf.add(crossEntropy(predictions, batch.targets), crossEntropy(nextSentence, batch.isRandom));
    });
  }

  /** The probabilities of what may stand at the asked positions: [B, P, V]. @throws as `forward` */
  fill(batch: TokenBatch & Pick<PreTrainingBatch, 'positions'>): tf.Tensor3D {
    return tf.tidy(() => tf.softmax(this.ask(batch).predictions));
  }

  /**
   * How each answer is judged, to be summed up over any number of batches.
   *
   * @returns `nats` [B, P], the cross-entropy of each asked token, of no meaning where nothing is asked; `best` [B, P], the likeliest token; `random` [B],
   * 1 where the second segment is held for one that does not follow
   * @throws as `forward`
   */
  judge(batch: TokenBatch & Pick<PreTrainingBatch, 'positions' | 'targets'>) {
    return tf.tidy(() => {
      const { predictions, nextSentence } = this.ask(batch);
      const chosen = tf.oneHot(tf.maximum(batch.targets, tf.scalar(0, 'int32')), this.bert.config.vocabularySize); // [B, P, V]
      return {
        nats: tf.neg(tf.sum(tf.mul(tf.logSoftmax(predictions), chosen), 2)), // [B, P]
        best: tf.argMax(predictions, 2), // [B, P]
        random: tf.argMax(nextSentence, 1), // [B]
      };
    });
  }

  /** @param states [N, M] @returns [N, V] */
  private logits(states: tf.Tensor): tf.Tensor {
    const transformed = this.norm.forward(activate(this.transform.forward(states), this.bert.config.activation)); // [N, M]
    if (this.decoder) return this.decoder.forward(transformed); // [N, V]
    const product = tf.matMul(
      transformed as tf.Tensor2D,
      this.bert.embeddings.token.weight as tf.Tensor2D,
      false,
      true,
    );
    return tf.add(product, this.bias); // [N, V]
  }
}

/** A BERT with its pretraining's heads from a config and a seed. */
export function createBertPreTraining(config: BertConfig, seed: number): BertPreTraining {
  return new BertPreTraining(config, new Random(seed));
}
