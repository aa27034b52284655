import { labelMap, Module, Random, type AttentionMap, type LabelledMap, type RandomStream } from '@heed/attention-core';
import type { Batch } from '@heed/training';
import { Vocabulary } from '@heed/tasks';
import type * as tf from '@tensorflow/tfjs';
import { Han, type DocumentBatch, type HanConfig } from '../han/han.ts';
import { splitDocument } from '../../preprocessing/split-document.ts';
import { VOCABULARY_FILE, type DocumentEncoder, type ReadText } from '../document-classifier/document-encoder.ts';

export interface HanEncoderOptions extends Omit<HanConfig, 'words'> {
  /** How many of the most frequent words are known. */
  readonly vocabularySize: number;
  readonly maximumTokens: number;
  readonly lowerCase: boolean;
  readonly seed: number;
}

export interface HanText extends ReadText {
  /** What is read, by sentence. */
  readonly sentences: readonly (readonly string[])[];
}

const UNKNOWN = '<unknown>';
/** W: a longer sentence goes on as another one. */
const LONGEST = 32;

/** Documents by their sentences, and those by their words: `Han` with the words that it knows. Digits are all alike. */
export class HanEncoder extends Module implements DocumentEncoder<HanText> {
  readonly han: Han;
  readonly width: number;
  readonly maximumTokens: number;
  private readonly vocabulary: Vocabulary;
  private readonly lowerCase: boolean;

  constructor(vocabulary: Vocabulary, options: HanEncoderOptions) {
    super();
    const { wordWidth, hiddenWidth, pooling, dropout, seed } = options;
    const config = { words: vocabulary.size, wordWidth, hiddenWidth, pooling, dropout };
    this.han = new Han(config, new Random(seed).fork('encoder'));
    this.width = hiddenWidth;
    this.maximumTokens = options.maximumTokens;
    this.vocabulary = vocabulary;
    this.lowerCase = options.lowerCase;
  }

  /** The most frequent words that occur at least twice, after the unknown one; of equally frequent ones the first in the order of code units. */
  static vocabulary(
    texts: readonly string[],
    { vocabularySize, lowerCase }: Pick<HanEncoderOptions, 'vocabularySize' | 'lowerCase'>,
  ): Vocabulary {
    const counts = new Map<string, number>();
    for (const text of texts) {
      for (const word of splitDocument(text).flat()) {
        const form = wordForm(word, lowerCase);
        counts.set(form, (counts.get(form) ?? 0) + 1);
      }
    }
    const repeated = [...counts].filter(([word, count]) => count > 1 && word !== UNKNOWN);
    const byFrequency = repeated.toSorted(([a, inA], [b, inB]) => inB - inA || (a < b ? -1 : 1));
    return new Vocabulary([UNKNOWN, ...byFrequency.slice(0, vocabularySize).map(([word]) => word)]);
  }

  read(text: string, leftOut: 'end' | 'middle' = 'end'): HanText {
    const all = splitDocument(text, { longest: LONGEST });
    const count = all.reduce((sum, { length }) => sum + length, 0);
    const ofEnd = leftOut === 'middle' ? Math.floor(this.maximumTokens / 2) : 0;
    const [until, from] = [this.maximumTokens - ofEnd, count - ofEnd];
    let read = 0;
    const kept = all.map((sentence) => {
      const first = read;
      read += sentence.length;
      return sentence.filter((_, i) => first + i < until || first + i >= from);
    });
    const sentences = kept.filter(({ length }) => length > 0);
    const tokens = sentences.flat();
    return { tokens, sentences, content: count, truncated: count - tokens.length, size: sentences.length };
  }

  batch(texts: readonly HanText[], size: number): Batch {
    const words = new Int32Array(texts.length * size * LONGEST);
    const lengths = new Int32Array(texts.length * size);
    for (const [row, { sentences }] of texts.entries()) {
      for (const [i, sentence] of sentences.entries()) {
        lengths[row * size + i] = sentence.length;
        for (const [j, word] of sentence.entries()) {
          words[(row * size + i) * LONGEST + j] = this.vocabulary.indexOf(wordForm(word, this.lowerCase)) ?? 0;
        }
      }
    }
    return {
      words: { data: words, shape: [texts.length, size, LONGEST] },
      sentenceLengths: { data: lengths, shape: [texts.length, size] },
    };
  }

  forward(batch: DocumentBatch, mode: { readonly random?: RandomStream | undefined }): tf.Tensor2D {
    return this.han.forward(batch, mode);
  }

  /** First how much each sentence counted for the document, then, for each sentence, how much each of its words did: see `renderDocument`. */
  label(maps: readonly AttentionMap[], { sentences }: HanText, row: number): LabelledMap[] {
    const [words, document] = maps;
    if (words === undefined) return []; // means have no weights
    const columns = sentences.map((sentence) => sentence.join(' '));
    return [
      { ...labelMap(document, { batch: row, rows: ['document'], columns }), name: 'sentences' },
      ...sentences.map((sentence, head) => ({
        ...labelMap(words, { batch: row, head, rows: [columns[head]], columns: sentence }),
        name: `words of sentence ${head + 1}`,
      })),
    ];
  }

  files(): Readonly<Record<string, string>> {
    return { [VOCABULARY_FILE]: JSON.stringify(this.vocabulary.symbols) };
  }
}

function wordForm(word: string, lowerCase: boolean): string {
  const form = word.normalize('NFC').replaceAll(/\p{Nd}/gu, '0');
  return lowerCase ? form.toLowerCase() : form;
}
