import {
  labelHeads,
  labelMap,
  Module,
  type AttentionMap,
  type LabelledMap,
  withoutInitialWeights,
  type RandomStream,
} from '@heed/attention-core';
import { freeze, makeFor, readConfig, type FileSource } from '@heed/training';
import { openTokenizer, type PretrainedTokenizer } from '@heed/tasks';
import * as tf from '@tensorflow/tfjs';
import { tokenBatch, type TokenRows } from '../../preprocessing/token-batch.ts';
import { bertConfigFrom } from '../bert/bert.names.ts';
import { createBert, type Bert, type TokenBatch } from '../bert/bert.ts';
import type { DocumentEncoder, ReadText } from '../document-classifier/document-encoder.ts';
import { bertWords, separatesHan, type TextWord } from './bert-words.ts';
import { publishedMaximum, publishedPooling, SENTENCE_FILES, type BertPooling } from './sentence-files.ts';

export interface BertText extends ReadText {
  readonly ids: readonly number[];
}

/** Kept beside weights and config, so that tokenizers, transformers and sentence-transformers open what was saved. */
export const TOKENIZER_FILES = ['tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json', 'vocab.txt'];

/** What a published BERT is beside its weights. */
interface PublishedBert {
  readonly bert: Bert;
  readonly tokenizer: PretrainedTokenizer;
  readonly maximumTokens: number;
  readonly pooling: BertPooling;
  readonly config: Readonly<Record<string, unknown>>;
  readonly companions: Readonly<Record<string, Uint8Array>>;
}

/** A BERT with its tokenizer, and how it makes one vector of a text. */
export class BertEncoder extends Module implements DocumentEncoder<BertText> {
  readonly bert: Bert;
  readonly width: number;
  readonly maximumTokens: number;
  readonly pooling: BertPooling;
  /** The `config.json` that was read. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly tokenizer: PretrainedTokenizer;
  /** The tokens around every text: `[CLS]` and `[SEP]`. */
  readonly special: ReturnType<PretrainedTokenizer['tokenize']>;
  private readonly companions: Readonly<Record<string, Uint8Array>>;
  private separateHan: boolean | undefined;

  constructor({ bert, tokenizer, maximumTokens, pooling, config, companions }: PublishedBert) {
    super();
    this.bert = bert;
    this.width = bert.config.modelWidth;
    this.maximumTokens = maximumTokens;
    this.pooling = pooling;
    this.config = config;
    this.companions = companions;
    this.tokenizer = tokenizer;
    this.special = tokenizer.tokenize('');
    if (pooling === 'mean') freeze(bert.pooler, /./); // the mean leaves it out, and weight decay alone would change it
  }

  /**
   * A published BERT as its files describe it; its weights are still to be loaded.
   *
   * @param options what is not given is read: the pooling from `config.json` (`classifier_pooling`) or `1_Pooling/config.json`, which may say
   * nothing of it (`otherwise`); the longest text from `sentence_bert_config.json`
   * @throws if there is no tokenizer, the model is no BERT or is pooled in another way, or `maximumTokens` is more than it has positions
   */
  static async open(
    owner: string,
    source: FileSource,
    options: {
      readonly pooling?: BertPooling | undefined;
      readonly otherwise: BertPooling;
      readonly maximumTokens?: number | undefined;
      /** Decides the weights that it has until others are loaded. Default 0. */
      readonly seed?: number;
      /** Whether its weights are drawn, for a model that begins anew; others are 0 until they are loaded. Default false. */
      readonly drawn?: boolean;
    },
  ): Promise<BertEncoder> {
    const config = await readConfig(source);
    const bertConfig = bertConfigFrom(config);
    const tokenizer = await openTokenizer(source);
    const there = await source.list();
    const companions: Record<string, Uint8Array> = {};
    for (const name of [...TOKENIZER_FILES, ...SENTENCE_FILES]) {
      if (there.includes(name)) companions[name] = await source.read(name);
    }
    const pooling = options.pooling ?? publishedPooling(owner, config, companions, source.label) ?? options.otherwise;
    const { maximumTokens = publishedMaximum(companions, bertConfig.maximumLength) } = options;
    if (!Number.isInteger(maximumTokens) || maximumTokens < 3 || maximumTokens > bertConfig.maximumLength) {
      throw new Error(
        `${owner}: maximumTokens must be an integer from 3 to the model's ${bertConfig.maximumLength}, got ${maximumTokens}`,
      );
    }
    const create = () => createBert(bertConfig, options.seed ?? 0);
    const bert = options.drawn === true ? create() : await makeFor(source, () => withoutInitialWeights(create));
    return new BertEncoder({ bert, tokenizer, maximumTokens, pooling, config, companions });
  }

  read(text: string, leftOut: 'end' | 'middle' = 'end'): BertText {
    const { ids, tokens } = this.tokenizer.tokenize(text);
    const { maximumTokens } = this;
    const truncated = Math.max(0, ids.length - maximumTokens);
    const content = ids.length - truncated - this.special.ids.length;
    if (truncated === 0) return { ids, tokens, content, truncated, size: ids.length };
    // the last token is the special one that ends a text
    const ofEnd = leftOut === 'middle' ? Math.floor(maximumTokens / 2) : 1;
    const cut = <T>(values: readonly T[]): T[] => [...values.slice(0, maximumTokens - ofEnd), ...values.slice(-ofEnd)];
    return { ids: cut(ids), tokens: cut(tokens), content, truncated, size: maximumTokens };
  }

  /** The words that the tokenizer takes a text apart into, and where they stand. */
  words(text: string): TextWord[] {
    this.separateHan ??= separatesHan(this.companions['tokenizer.json']);
    return bertWords(text, this.separateHan);
  }

  batch(texts: readonly BertText[], size: number): TokenRows {
    return tokenBatch(texts, size);
  }

  forward({ tokens, lengths }: TokenBatch, mode: { readonly random?: RandomStream | undefined } = {}): tf.Tensor2D {
    return tf.tidy(() => {
      const { hiddenStates, pooled } = this.bert.forward({ tokens, lengths }, mode); // [B, L, M], [B, M]
      if (this.pooling === 'cls') return pooled;
      const real = tf.less(tf.range(0, tokens.shape[1], 1, 'int32'), tf.expandDims(lengths, 1)); // [B, L]
      const sum = tf.sum(tf.mul(hiddenStates, tf.expandDims(tf.cast(real, 'float32'), 2)), 1); // [B, M]
      return tf.div(sum, tf.expandDims(tf.cast(lengths, 'float32'), 1)) as tf.Tensor2D;
    });
  }

  /** What `forward` gives, divided by its length, so that a dot product is a cosine. @returns [B, M] */
  embed(batch: TokenBatch, mode: { readonly random?: RandomStream | undefined } = {}): tf.Tensor2D {
    return tf.tidy(() => {
      const vectors = this.forward(batch, mode); // [B, M]
      const squares = tf.sum(tf.square(vectors), 1, true); // [B, 1]
      return tf.mul(vectors, tf.rsqrt(tf.maximum(squares, 1e-24))) as tf.Tensor2D;
    });
  }

  label(maps: readonly AttentionMap[], { tokens }: BertText, row: number): LabelledMap[] {
    return maps.map((map) => labelMap(map, { batch: row, rows: tokens, columns: tokens }));
  }

  /** What was captured of one text, head by head in each layer. @param row which of the batch it is */
  labelHeads(maps: readonly AttentionMap[], { tokens }: BertText, row: number): LabelledMap[][] {
    return maps.map((map) => labelHeads(map, { batch: row, rows: tokens, columns: tokens }));
  }

  files(): Readonly<Record<string, Uint8Array>> {
    return this.companions;
  }
}
