import { capture, labelMap, type AttentionMap, type LabelledMap } from '@heed/attention-core';
import {
  batchTensors,
  loadPretrained,
  openPretrained,
  readConfig,
  savePretrained,
  type FileSource,
  type Folder,
} from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { bertConfigFrom, bertNames, publishedBertConfig } from '../models/bert/bert.names.ts';
import { createBert, type Bert, type TokenBatch } from '../models/bert/bert.ts';
import { sourceBatch } from '../preprocessing/sequence-batches.ts';
import { openTokenizer, type PretrainedTokenizer, type TokenizedText } from '../tokenization/pretrained-tokenizer.ts';

export interface EncodeOptions {
  /** Whether to give the attention maps. Default false. */
  readonly attention?: boolean;
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
}

/** What is kept beside weights and config, so that sentence-transformers and tokenizers open what was saved. */
const COMPANIONS = [
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'vocab.txt',
  'modules.json',
  'sentence_bert_config.json',
  '1_Pooling/config.json',
];

/** All that an encoder consists of. */
interface Parts {
  readonly model: Bert;
  readonly tokenizer: PretrainedTokenizer;
  readonly maximumTokens: number;
  /** The `config.json` that was read. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly files: Readonly<Record<string, Uint8Array>>;
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
  private readonly parts: Parts;

  private constructor(parts: Parts) {
    this.model = parts.model;
    this.maximumTokens = parts.maximumTokens;
    this.parts = parts;
  }

  /**
   * Opens a published BERT with its tokenizer: from a folder or a path (see `startBackend` of @heed/node), from what `fetchData` got, or by
   * its id on the Hugging Face hub. `max_seq_length` of a `sentence_bert_config.json` is heeded, and a `1_Pooling/config.json` must ask for the mean.
   *
   * @throws if a file is missing or damaged, the model is no BERT or is pooled otherwise, or the weights are of another config
   */
  static async fromPretrained(where: FileSource | string): Promise<SentenceEncoder> {
    const folder = await openPretrained(where);
    const config = await readConfig(folder);
    const bertConfig = bertConfigFrom(config);
    const tokenizer = await openTokenizer(folder);
    const there = await folder.list();
    const files: Record<string, Uint8Array> = {};
    for (const name of COMPANIONS) if (there.includes(name)) files[name] = await folder.read(name);
    requireMeanPooling(files['1_Pooling/config.json'], folder.label);
    const maximumTokens = Math.min(bertConfig.maximumLength, readMaximum(files['sentence_bert_config.json']));
    const model = createBert(bertConfig, 0);
    try {
      await loadPretrained(folder, model, bertNames);
    } catch (error) {
      model.dispose();
      throw error;
    }
    return new SentenceEncoder({ model, tokenizer, maximumTokens, config, files });
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
    const order = [...texts.keys()].sort((a, b) => texts[a].ids.length - texts[b].ids.length);
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
      const { hiddenStates } = this.model.forward(batch, mode); // [B, L, M]
      const real = tf.less(tf.range(0, batch.tokens.shape[1], 1, 'int32'), tf.expandDims(batch.lengths, 1)); // [B, L]
      // The mean differs from the sum by a factor alone, which the division by the length takes out.
      const sum = tf.sum(tf.mul(hiddenStates, tf.expandDims(tf.cast(real, 'float32'), 2)), 1); // [B, M]
      const squares = tf.sum(tf.square(sum), 1, true); // [B, 1]
      return tf.mul(sum, tf.rsqrt(tf.maximum(squares, 1e-24))) as tf.Tensor2D;
    });
  }

  /** Saves what Hugging Face's transformers and sentence-transformers open: config, weights, tokenizer and pooling. */
  async savePretrained(where: Folder | string): Promise<void> {
    const { model, config, files } = this.parts;
    await savePretrained(where, {
      model,
      names: bertNames,
      config: { ...config, ...publishedBertConfig(model.config) },
      files,
    });
  }

  /** Frees the weights. */
  dispose(): void {
    this.model.dispose();
  }

  private tokenize(sentence: string, truncation: 'error' | 'end'): TokenizedText & { readonly truncated: number } {
    const { ids, tokens } = this.parts.tokenizer.tokenize(sentence);
    const truncated = Math.max(0, ids.length - this.maximumTokens);
    if (truncated === 0) return { ids, tokens, truncated };
    if (truncation === 'error') {
      throw new Error(
        `SentenceEncoder.encode: a sentence must be of at most ${this.maximumTokens} tokens, or truncation be 'end', ` +
          `got ${ids.length} in ${JSON.stringify(sentence.slice(0, 40))}…`,
      );
    }
    const cut = <T>(values: readonly T[]): T[] => [...values.slice(0, this.maximumTokens - 1), values.at(-1)!];
    return { ids: cut(ids), tokens: cut(tokens), truncated };
  }

  private async read(
    texts: readonly TokenizedText[],
    attention: boolean,
  ): Promise<Pick<EncodedSentence, 'embedding' | 'attention'>[]> {
    const longest = Math.max(...texts.map(({ ids }) => ids.length));
    const { source, sourceLengths } = sourceBatch(
      texts.map(({ ids }) => ids),
      longest,
    );
    const batch = batchTensors({ tokens: source, lengths: sourceLengths }) as unknown as TokenBatch;
    let maps: readonly AttentionMap[] = [];
    let embeddings: tf.Tensor2D | undefined;
    try {
      if (attention) ({ result: embeddings, maps } = capture(() => this.forward(batch)));
      else embeddings = this.forward(batch);
      const values = (await embeddings.data()) as Float32Array;
      const width = embeddings.shape[1];
      return texts.map(({ tokens }, i) => ({
        embedding: values.slice(i * width, (i + 1) * width),
        ...(attention && { attention: maps.map((map) => labelMap(map, { batch: i, rows: tokens, columns: tokens })) }),
      }));
    } finally {
      tf.dispose([embeddings, ...maps.map(({ weights }) => weights), batch.tokens, batch.lengths]);
    }
  }
}

function requireMeanPooling(content: Uint8Array | undefined, label: string): void {
  if (content === undefined) return;
  const asked = Object.entries(readFields(content))
    .filter(([name, value]) => name.startsWith('pooling_mode') && value !== false)
    .map(([name, value]) => (value === true ? name : `${name} ${JSON.stringify(value)}`));
  if (asked.length === 1 && /^pooling_mode_mean_tokens$|^pooling_mode "mean"$/.test(asked[0])) return;
  throw new Error(
    `SentenceEncoder.fromPretrained: the pooling in ${label} must be the mean of all tokens, got ${asked.join(', ') || 'none'}`,
  );
}

function readMaximum(content: Uint8Array | undefined): number {
  const maximum = content === undefined ? undefined : readFields(content).max_seq_length;
  return typeof maximum === 'number' ? maximum : Infinity;
}

function readFields(content: Uint8Array): Record<string, unknown> {
  return JSON.parse(new TextDecoder().decode(content)) as Record<string, unknown>;
}
