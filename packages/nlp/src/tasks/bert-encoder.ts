import {
  labelHeads,
  labelMap,
  Module,
  type AttentionMap,
  type LabelledMap,
  type RandomStream,
} from '@heed/attention-core';
import { readConfig, type Batch, type BatchTensors, type FileSource } from '@heed/training';
import { openTokenizer, type PretrainedTokenizer } from '@heed/tasks';
import * as tf from '@tensorflow/tfjs';
import { bertConfigFrom } from '../models/bert/bert.names.ts';
import { createBert, type Bert, type TokenBatch } from '../models/bert/bert.ts';
import type { QuestionWindow } from '../preprocessing/answer-batches.ts';
import { sourceBatch } from '../preprocessing/sequence-batches.ts';
import type { DocumentEncoder, ReadText } from './document-encoder.ts';

/** How a text's hidden states become one vector: BERT's pooler on the first token, or the mean over all tokens. */
export type BertPooling = 'cls' | 'mean';

export interface BertText extends ReadText {
  readonly ids: readonly number[];
}

/** Tokens as a BERT reads them: word pieces, special ones included. */
export interface BertTokens {
  readonly ids: readonly number[];
  readonly pieces: readonly string[];
  /** Which piece stands for each token; as many as there was room for. */
  readonly places: readonly number[];
  /** Pieces of all tokens, special ones included. */
  readonly size: number;
}

/** A question with a part of a text, in which each piece's word is known. */
export interface BertQuestion extends QuestionWindow {
  readonly pieces: readonly string[];
  /** Where the word of each of the text's pieces stands, as characters of the whole text: from `start` up to `end`. */
  readonly words: readonly { readonly start: number; readonly end: number }[];
}

/** Words as BERT's own tokenizer parts them: at white space and at punctuation. */
const BERT_WORD = /[!-/:-@[-`{-~]|\p{P}|[^\s\p{P}!-/:-@[-`{-~]+/gu;

/** Kept beside weights and config, so that tokenizers, transformers and sentence-transformers open what was saved. */
export const TOKENIZER_FILES = ['tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json', 'vocab.txt'];
const SENTENCE_FILES = ['modules.json', 'sentence_bert_config.json', '1_Pooling/config.json'];

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
  private readonly companions: Readonly<Record<string, Uint8Array>>;
  private readonly tokenizer: PretrainedTokenizer;
  private readonly special: ReturnType<PretrainedTokenizer['tokenize']>;
  private readonly specialTokens: number;

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
    this.specialTokens = this.special.ids.length;
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
      /** Of the weights that it has until others are loaded. Default 0. */
      readonly seed?: number;
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
    const bert = createBert(bertConfig, options.seed ?? 0);
    return new BertEncoder({ bert, tokenizer, maximumTokens, pooling, config, companions });
  }

  read(text: string, leftOut: 'end' | 'middle' = 'end'): BertText {
    const { ids, tokens } = this.tokenizer.tokenize(text);
    const { maximumTokens } = this;
    const truncated = Math.max(0, ids.length - maximumTokens);
    const content = ids.length - truncated - this.specialTokens;
    if (truncated === 0) return { ids, tokens, content, truncated, size: ids.length };
    // the last token is the special one that ends a text
    const ofEnd = leftOut === 'middle' ? Math.floor(maximumTokens / 2) : 1;
    const cut = <T>(values: readonly T[]): T[] => [...values.slice(0, maximumTokens - ofEnd), ...values.slice(-ofEnd)];
    return { ids: cut(ids), tokens: cut(tokens), content, truncated, size: maximumTokens };
  }

  /**
   * Tokens that were taken apart beforehand. A token stands at its first piece, as in the paper; in a causal BERT at its last, the first that has
   * seen all of it.
   */
  readTokens(tokens: readonly string[]): BertTokens {
    const [begin, end] = [this.special.ids[0], this.special.ids.at(-1)!];
    const ids = [begin];
    const pieces = [this.special.tokens[0]];
    const places: number[] = [];
    let [size, full] = [this.specialTokens, false];
    for (const token of tokens) {
      const read = this.tokenizer.pieces(token);
      const written = read.ids.length > 0 ? read : this.tokenizer.pieces('[UNK]'); // of control characters nothing is left
      size += written.ids.length;
      full ||= size > this.maximumTokens;
      if (full) continue;
      places.push(this.bert.config.causal ? ids.length + written.ids.length - 1 : ids.length);
      ids.push(...written.ids);
      pieces.push(...written.tokens);
    }
    return { ids: [...ids, end], pieces: [...pieces, this.special.tokens.at(-1)!], places, size };
  }

  /**
   * A question with a text, in as many windows as the text needs: `[CLS] question [SEP] text [SEP]`.
   *
   * @param given pieces of the text that a window has in common with the one before; default 128, and at most half of what a window has room for
   * @throws if the question leaves no room for more than `stride` pieces of text
   */
  readQuestion(owner: string, question: string, text: string, given?: number): BertQuestion[] {
    const [begin, end] = [this.special.ids[0], this.special.ids.at(-1)!];
    const [beginning, ending] = [this.special.tokens[0], this.special.tokens.at(-1)!];
    const asked = this.tokenizer.pieces(question);
    const first = asked.ids.length + 2;
    const room = this.maximumTokens - first - 1;
    const stride = given ?? Math.max(0, Math.min(128, Math.floor(room / 2)));
    if (room <= stride) {
      throw new Error(
        `${owner}: a question must leave room for more than stride=${stride} pieces of text, got one of ${asked.ids.length} pieces, ` +
          `of maximumTokens=${this.maximumTokens} with three special ones`,
      );
    }
    const ids: number[] = [];
    const pieces: string[] = [];
    const words: { start: number; end: number }[] = [];
    for (const { 0: word, index } of text.matchAll(BERT_WORD)) {
      const read = this.tokenizer.pieces(word);
      for (const [i, id] of read.ids.entries()) {
        ids.push(id);
        pieces.push(read.tokens[i]);
        words.push({ start: index, end: index + word.length });
      }
    }
    const windows: BertQuestion[] = [];
    let from = 0;
    do {
      const to = from + room;
      windows.push({
        ids: [begin, ...asked.ids, end, ...ids.slice(from, to), end],
        pieces: [beginning, ...asked.tokens, ending, ...pieces.slice(from, to), ending],
        first,
        words: words.slice(from, to),
      });
      from += room - stride;
    } while (from + stride < ids.length);
    return windows;
  }

  batch(texts: readonly BertText[], size: number): Batch {
    const { source, sourceLengths } = sourceBatch(
      texts.map(({ ids }) => ids),
      size,
    );
    return { tokens: source, lengths: sourceLengths };
  }

  forward(batch: BatchTensors<Batch>, mode: { readonly random?: RandomStream | undefined } = {}): tf.Tensor2D {
    return tf.tidy(() => {
      const { tokens, lengths } = batch as TokenBatch;
      const { hiddenStates, pooled } = this.bert.forward({ tokens, lengths }, mode); // [B, L, M], [B, M]
      if (this.pooling === 'cls') return pooled;
      const real = tf.less(tf.range(0, tokens.shape[1], 1, 'int32'), tf.expandDims(lengths, 1)); // [B, L]
      const sum = tf.sum(tf.mul(hiddenStates, tf.expandDims(tf.cast(real, 'float32'), 2)), 1); // [B, M]
      return tf.div(sum, tf.expandDims(tf.cast(lengths, 'float32'), 1)) as tf.Tensor2D;
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

function publishedPooling(
  owner: string,
  config: Readonly<Record<string, unknown>>,
  companions: Readonly<Record<string, Uint8Array>>,
  label: string,
): BertPooling | undefined {
  if (config.classifier_pooling === 'cls' || config.classifier_pooling === 'mean') return config.classifier_pooling;
  const content = companions['1_Pooling/config.json'];
  if (content === undefined) return undefined;
  const asked = Object.entries(readFields(content))
    .filter(([name, value]) => name.startsWith('pooling_mode') && value !== false)
    .map(([name, value]) => (value === true ? name : `${name} ${JSON.stringify(value)}`));
  if (asked.length === 1 && /^pooling_mode_mean_tokens$|^pooling_mode "mean"$/.test(asked[0])) return 'mean';
  throw new Error(
    `${owner}: the pooling in ${label} must be the mean of all tokens, got ${asked.join(', ') || 'none'}`,
  );
}

function publishedMaximum(companions: Readonly<Record<string, Uint8Array>>, positions: number): number {
  const content = companions['sentence_bert_config.json'];
  const maximum = content === undefined ? undefined : readFields(content).max_seq_length;
  return typeof maximum === 'number' ? Math.min(maximum, positions) : positions;
}

function readFields(content: Uint8Array): Record<string, unknown> {
  return JSON.parse(new TextDecoder().decode(content)) as Record<string, unknown>;
}
