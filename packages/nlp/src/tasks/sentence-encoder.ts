import { capture, type AttentionMap, type LabelledMap } from '@heed/attention-core';
import {
  batchTensors,
  loadPretrained,
  openPretrained,
  savePretrained,
  type FileSource,
  type Folder,
} from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { bertNames, publishedBertConfig } from '../models/bert/bert.names.ts';
import type { Bert, TokenBatch } from '../models/bert/bert.ts';
import { BertEncoder, type BertText } from './bert-encoder.ts';

export interface EncodeOptions {
  /** Whether to give the attention maps; 'heads' gives those of every head too. Default false. */
  readonly attention?: boolean | 'heads';
  /**
   * What becomes of a sentence of more than `maximumTokens` tokens: 'error' refuses it, 'end' leaves out what is too much before its last
   * token, which is the special one. Default 'error': what is cut off counts for nothing.
   */
  readonly truncation?: 'error' | 'end';
  /** Sentences that are encoded at once, those of similar length together. Default 32. */
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
}

export interface EncodedSentence {
  readonly sentence: string;
  /** Of length 1, so that a dot product is a cosine: [M]. */
  readonly embedding: Float32Array;
  /** What the model read, special tokens included. */
  readonly tokens: readonly string[];
  /** Tokens that truncation left out. */
  readonly truncated: number;
  /** What each token (row) looked at (column), layer by layer, the mean of its heads; where it was asked for. */
  readonly attention?: readonly LabelledMap[];
  /** The same of every head, layer by layer, for `renderHeads`; where they were asked for. */
  readonly heads?: readonly (readonly LabelledMap[])[];
}

/**
 * Sentences as vectors that are close where the meanings are (Reimers & Gurevych 2019, "Sentence-BERT"): the mean of a BERT's hidden states
 * over all tokens, divided by its length.
 *
 * @example
 * ```ts
 * import { SentenceEncoder } from '@heed/nlp';
 * async function similarity(folder: string, a: string, b: string): Promise<number> {
 *   const encoder = await SentenceEncoder.fromPretrained(folder);
 *   const [{ embedding: x }, { embedding: y }] = await encoder.encode([a, b]);
 *   encoder.dispose();
 *   return x.reduce((sum, value, i) => sum + value * y[i], 0);
 * }
 * ```
 */
export class SentenceEncoder {
  readonly model: Bert;
  /** The longest sentence that is read, in tokens, special ones included. */
  readonly maximumTokens: number;
  private readonly encoder: BertEncoder;

  private constructor(encoder: BertEncoder) {
    this.model = encoder.bert;
    this.maximumTokens = encoder.maximumTokens;
    this.encoder = encoder;
  }

  /**
   * Opens a published BERT with its tokenizer: from a folder or a path (see `startBackend` of @heed/node), from what `fetchData` got, or by
   * its id on the Hugging Face hub. `max_seq_length` of a `sentence_bert_config.json` is heeded, and a `1_Pooling/config.json` must ask for the mean.
   *
   * @throws if a file is missing or damaged, the model is no BERT or is pooled otherwise, or the weights are of another config
   */
  static async fromPretrained(where: FileSource | string): Promise<SentenceEncoder> {
    const folder = await openPretrained(where);
    const encoder = await BertEncoder.open('SentenceEncoder.fromPretrained', folder, { otherwise: 'mean' });
    try {
      if (encoder.pooling !== 'mean') {
        throw new Error(
          `SentenceEncoder.fromPretrained: the pooling in ${folder.label} must be the mean of all tokens, got classifier_pooling "cls"`,
        );
      }
      await loadPretrained(folder, encoder.bert, bertNames);
    } catch (error) {
      encoder.dispose();
      throw error;
    }
    return new SentenceEncoder(encoder);
  }

  /**
   * Sentences as vectors, in their order.
   *
   * @throws if a sentence has more than `maximumTokens` tokens and `truncation` is 'error', or `batchSize` is not a positive integer
   */
  async encode(sentences: readonly string[], options: EncodeOptions = {}): Promise<EncodedSentence[]> {
    const { attention = false, truncation = 'error', batchSize = 32, signal } = options;
    if (!Number.isInteger(batchSize) || batchSize < 1) {
      throw new Error(`SentenceEncoder.encode: batchSize must be a positive integer, got ${batchSize}`);
    }
    const texts = sentences.map((sentence) => this.tokenize(sentence, truncation));
    const order = [...texts.keys()].sort((a, b) => texts[a].size - texts[b].size);
    const encoded = new Map<number, EncodedSentence>();
    for (let start = 0; start < order.length; start += batchSize) {
      signal?.throwIfAborted();
      const members = order.slice(start, start + batchSize);
      const read = await this.read(
        members.map((index) => texts[index]),
        attention,
      );
      for (const [i, index] of members.entries()) {
        const { tokens, truncated } = texts[index];
        encoded.set(index, { sentence: sentences[index], tokens, truncated, ...read[i] });
      }
    }
    return sentences.map((_, index) => encoded.get(index)!);
  }

  /**
   * Sentence embeddings as a tensor, for training on them: the mean over real tokens, divided by its length.
   *
   * @returns [B, M]
   */
  forward(batch: TokenBatch, mode: Parameters<Bert['forward']>[1] = {}): tf.Tensor2D {
    return tf.tidy(() => {
      const mean = this.encoder.forward(batch, mode); // [B, M]
      const squares = tf.sum(tf.square(mean), 1, true); // [B, 1]
      return tf.mul(mean, tf.rsqrt(tf.maximum(squares, 1e-24))) as tf.Tensor2D;
    });
  }

  /** Saves what Hugging Face's transformers and sentence-transformers open: config, weights, tokenizer and pooling. */
  async savePretrained(where: Folder | string): Promise<void> {
    const { bert, config } = this.encoder;
    await savePretrained(where, {
      model: bert,
      names: bertNames,
      config: { ...config, ...publishedBertConfig(bert.config) },
      files: this.encoder.files(),
    });
  }

  /** Frees the weights. */
  dispose(): void {
    this.model.dispose();
  }

  private tokenize(sentence: string, truncation: 'error' | 'end'): BertText {
    const text = this.encoder.read(sentence);
    if (text.truncated > 0 && truncation === 'error') {
      throw new Error(
        `SentenceEncoder.encode: a sentence must be of at most ${this.maximumTokens} tokens, or truncation be 'end', ` +
          `got ${text.size + text.truncated} in ${JSON.stringify(sentence.slice(0, 40))}…`,
      );
    }
    return text;
  }

  private async read(
    texts: readonly BertText[],
    attention: boolean | 'heads',
  ): Promise<Pick<EncodedSentence, 'embedding' | 'attention' | 'heads'>[]> {
    const batch = batchTensors(this.encoder.batch(texts, Math.max(...texts.map(({ size }) => size))));
    let maps: readonly AttentionMap[] = [];
    let embeddings: tf.Tensor2D | undefined;
    try {
      const forward = () => this.forward(batch as unknown as TokenBatch);
      if (attention !== false) ({ result: embeddings, maps } = capture(forward));
      else embeddings = forward();
      const values = (await embeddings.data()) as Float32Array;
      const width = embeddings.shape[1];
      return texts.map((text, i) => ({
        embedding: values.slice(i * width, (i + 1) * width),
        ...(attention !== false && { attention: this.encoder.label(maps, text, i) }),
        ...(attention === 'heads' && { heads: this.encoder.labelHeads(maps, text, i) }),
      }));
    } finally {
      tf.dispose([embeddings, ...maps.map(({ weights }) => weights), batch]);
    }
  }
}
