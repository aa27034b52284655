import { dropout, Linear, Module, type Random, type RandomStream } from '@heed/attention-core';
import { crossEntropy, freeze } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import type { Bert, TokenBatch } from '../bert/bert.ts';

/** What a training step sees: texts, and the label of each token. */
export type LabelledTokenBatch = TokenBatch & {
  /** int32 [B, L]: −100 where no label is asked for. */
  readonly labels: tf.Tensor2D;
};

interface ForwardMode {
  /** Passing one is training mode. */
  readonly random?: RandomStream | undefined;
}

/**
 * A linear layer on the hidden states of a BERT (Devlin et al. 2019, §5.3). Equal to Hugging Face's `BertForTokenClassification`, whose weights load
 * through `bertTaggerNames`.
 */
export class BertTagger extends Module {
  readonly bert: Bert;
  readonly head: Linear;
  /** Fraction of the hidden states that is dropped in training. */
  readonly dropoutRate: number;

  constructor(bert: Bert, labels: number, dropoutRate: number, random: Random) {
    super();
    this.bert = bert;
    this.head = new Linear({ inputs: bert.config.modelWidth, outputs: labels, random });
    this.dropoutRate = dropoutRate;
    freeze(bert.pooler, /./); // labels do not reach it, and weight decay alone would change it
  }

  /** @returns logits [B, L, K] @throws if the texts are longer than `maximumLength` */
  forward(batch: TokenBatch, { random }: ForwardMode = {}): tf.Tensor3D {
    return tf.tidy(() => {
      const { hiddenStates } = this.bert.forward(batch, { random }); // [B, L, M]
      return this.head.forward(dropout(hiddenStates, this.dropoutRate, random)) as tf.Tensor3D;
    });
  }

  /** The mean cross-entropy of the tokens whose label is asked for, in nats: a scalar. @throws as `forward` */
  loss({ labels, ...batch }: LabelledTokenBatch, mode: ForwardMode = {}): tf.Scalar {
    return tf.tidy(() => crossEntropy(this.forward(batch, mode), labels));
  }
}
