import { Module, type LabelledMap } from '@heed/attention-core';
import type { Batch, BatchTensors } from '@heed/training';
import type * as tf from '@tensorflow/tfjs';
import { Vocabulary } from '@heed/tasks';
import { VOCABULARY_FILE, type DocumentEncoder, type ReadText } from '../document-classifier/document-encoder.ts';

export interface BagOfWordsOptions {
  /** How many of the most frequent words and phrases are known. */
  readonly vocabularySize: number;
  /** The longest phrase that counts as one word: 1 for words alone, 2 for pairs too. */
  readonly phraseLength: number;
  readonly lowerCase: boolean;
}

export interface BagOfWordsText extends ReadText {
  /** Indices of the known words and phrases in it, each once. */
  readonly present: readonly number[];
}

/** Words of any script with their marks and apostrophes, and pictures. */
const WORD = /[\p{L}\p{M}\p{N}]+(?:['’][\p{L}\p{M}]+)*|\p{Extended_Pictographic}/gu;

/**
 * Which words are in a text, without their order: the vector that logistic regression takes. Presence, not counts (Pang, Lee, Vaithyanathan 2002,
 * "Thumbs up?"). It has no weights.
 */
export class BagOfWordsEncoder extends Module implements DocumentEncoder<BagOfWordsText> {
  readonly width: number;
  readonly maximumTokens = Infinity;

  constructor(
    private readonly vocabulary: Vocabulary,
    private readonly options: Omit<BagOfWordsOptions, 'vocabularySize'>,
  ) {
    super();
    this.width = vocabulary.size;
  }

  /** Knows the most frequent words and phrases of the texts; of equally frequent ones the first in the order of code units. */
  static learn(texts: readonly string[], options: BagOfWordsOptions): BagOfWordsEncoder {
    const textsWith = new Map<string, number>();
    for (const text of texts) {
      for (const phrase of new Set(phrases(words(text, options.lowerCase), options.phraseLength))) {
        textsWith.set(phrase, (textsWith.get(phrase) ?? 0) + 1);
      }
    }
    const byFrequency = [...textsWith].toSorted(([a, inA], [b, inB]) => inB - inA || (a < b ? -1 : 1));
    const known = byFrequency.slice(0, options.vocabularySize).map(([phrase]) => phrase);
    return new BagOfWordsEncoder(new Vocabulary(known), options);
  }

  read(text: string): BagOfWordsText {
    const { lowerCase, phraseLength } = this.options;
    const tokens = words(text, lowerCase);
    const present = new Set<number>();
    for (const phrase of phrases(tokens, phraseLength)) {
      const index = this.vocabulary.indexOf(phrase);
      if (index !== undefined) present.add(index);
    }
    return { tokens, content: tokens.length, truncated: 0, size: 1, present: [...present] };
  }

  batch(texts: readonly BagOfWordsText[]): Batch {
    const data = new Float32Array(texts.length * this.width);
    for (const [row, { present }] of texts.entries()) for (const index of present) data[row * this.width + index] = 1;
    return { presence: { data, shape: [texts.length, this.width] } };
  }

  forward({ presence }: BatchTensors<Batch>): tf.Tensor2D {
    return presence.clone() as tf.Tensor2D;
  }

  label(): LabelledMap[] {
    return [];
  }

  files(): Readonly<Record<string, string>> {
    return { [VOCABULARY_FILE]: JSON.stringify(this.vocabulary.symbols) };
  }
}

function words(text: string, lowerCase: boolean): string[] {
  const form = text.normalize('NFC');
  return (lowerCase ? form.toLowerCase() : form).match(WORD) ?? [];
}

function* phrases(tokens: readonly string[], longest: number): Generator<string> {
  for (const start of tokens.keys()) {
    for (let length = 1; length <= longest && start + length <= tokens.length; length++) {
      yield tokens.slice(start, start + length).join(' ');
    }
  }
}
