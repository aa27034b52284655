import {
  dropout,
  labelMap,
  Linear,
  Module,
  type AttentionMap,
  type LabelledMap,
  type Random,
  type RandomStream,
} from '@heed/attention-core';
import { crossEntropy, freeze, type Batch, type BatchTensors } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import type { ChainScores } from '../layers/linear-chain-crf.ts';
import type { TokenBatch } from '../models/bert/bert.ts';
import { pieceBatch, PieceBatches } from '../preprocessing/piece-batches.ts';
import type { BertEncoder, BertTokens } from './bert-encoder.ts';
import type { LabelledRead, TaggerReader } from './tagger-reader.ts';

/** A linear layer on the hidden states of a BERT: Hugging Face's `BertForTokenClassification`. */
export class BertTagger extends Module {
  readonly encoder: BertEncoder;
  readonly head: Linear;

  constructor(encoder: BertEncoder, labels: number, random: Random) {
    super();
    this.encoder = encoder;
    this.head = new Linear({ inputs: encoder.width, outputs: labels, random });
    freeze(encoder.bert.pooler, /./); // labels do not reach it, and weight decay alone would change it
  }

  /** @returns logits [B, L, K] */
  forward({ tokens, lengths }: TokenBatch, mode: { readonly random?: RandomStream | undefined } = {}): tf.Tensor3D {
    return tf.tidy(() => {
      const { bert } = this.encoder;
      const { hiddenStates } = bert.forward({ tokens, lengths }, mode); // [B, L, M]
      return this.head.forward(dropout(hiddenStates, bert.config.dropout, mode.random)) as tf.Tensor3D;
    });
  }
}

/** Reads tokens as word pieces, for a `BertTagger`; a token is labelled at one of its pieces. */
export class BertReader implements TaggerReader<BertTokens> {
  readonly begins = 'published';
  readonly unit = 'word pieces, two special ones included';

  constructor(
    readonly model: BertTagger,
    private readonly labels: number,
  ) {}

  read(tokens: readonly string[]): BertTokens {
    return this.model.encoder.readTokens(tokens);
  }

  batch(sentences: readonly BertTokens[]): Batch {
    const longest = Math.max(...sentences.map(({ ids }) => ids.length));
    const { labels: _, ...batch } = pieceBatch(
      sentences.map((sentence) => ({ ...sentence, labels: [] })),
      longest,
    );
    return batch;
  }

  batches(
    sentences: readonly LabelledRead<BertTokens>[],
    options: { readonly batchSize: number; readonly buckets: number; readonly seed: number },
  ): PieceBatches {
    return new PieceBatches(
      sentences.map(({ sentence, labels }) => ({ ...sentence, labels })),
      options,
    );
  }

  forward(batch: BatchTensors<Batch>): tf.Tensor3D {
    return this.model.forward(batch as unknown as TokenBatch);
  }

  loss({ labels, ...batch }: BatchTensors<Batch>, mode: { readonly random?: RandomStream | undefined }): tf.Scalar {
    return tf.tidy(() => crossEntropy(this.model.forward(batch as unknown as TokenBatch, mode), labels));
  }

  /** Labels are judged one by one, as in the paper. */
  scores(): ChainScores {
    const none = Array<number>(this.labels).fill(0);
    return { transitions: none.map(() => none), starts: none, ends: none };
  }

  label(maps: readonly AttentionMap[], _: readonly string[], { pieces }: BertTokens, row: number): LabelledMap[] {
    return maps.map((map) => labelMap(map, { batch: row, rows: pieces, columns: pieces }));
  }
}
