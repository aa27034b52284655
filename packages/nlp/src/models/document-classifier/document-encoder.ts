import type { AttentionMap, LabelledMap, Module, RandomStream } from '@heed/attention-core';
import type { Batch, BatchTensors } from '@heed/training';
import type * as tf from '@tensorflow/tfjs';

/** The words that an encoder learnt, among its files. */
export const VOCABULARY_FILE = 'vocabulary.json';

/** A text as a document encoder reads it. */
export interface ReadText {
  /** What is read, special tokens included, in the order of the text: the labels of attention maps. */
  readonly tokens: readonly string[];
  /** How many of the tokens are the text's own: none of a text of spaces or control characters. */
  readonly content: number;
  /** Tokens that did not fit and were left out. */
  readonly truncated: number;
  /** How much room it needs in a batch; texts of similar size are put together. */
  readonly size: number;
}

/**
 * What turns texts into vectors: a model with the tokens that it reads. A `DocumentClassifier` is a linear layer on one of these.
 */
export interface DocumentEncoder<Text extends ReadText = ReadText> extends Module {
  /** Width of the vectors, M. */
  readonly width: number;
  /** The longest text that is read whole, in tokens. */
  readonly maximumTokens: number;
  /** A text as this encoder reads it, cut to what fits. @param leftOut what is cut away: the text's end (default) or its middle */
  read(text: string, leftOut?: 'end' | 'middle'): Text;
  /** Texts as a batch. @param size the room that each is given, at least that of the largest */
  batch(texts: readonly Text[], size: number): Batch;
  /** @param random passing one is training mode @returns [B, M] */
  forward(batch: BatchTensors<Batch>, mode: { readonly random?: RandomStream | undefined }): tf.Tensor2D;
  /** What was captured of one text, with its tokens as labels. @param row which of the batch it is */
  label(maps: readonly AttentionMap[], text: Text, row: number): LabelledMap[];
  /** What beside weights and config is needed to make it again, by file name. */
  files(): Readonly<Record<string, string | Uint8Array>>;
}
