import { labelMap, type AttentionMap, type LabelledMap, type RandomStream } from '@heed/attention-core';
import { paddedSize, type Vocabulary } from '@heed/tasks';
import type * as tf from '@tensorflow/tfjs';
import type { BiLstmCrf, SentenceBatch } from '../../models/bilstm-crf/bilstm-crf.ts';
import { longestToken, sentenceBatch, type TaggedBatch } from '../../preprocessing/sentence-batch.ts';
import type { LabelledSentence, ReadSentence, TaggerReader } from './tagger-reader.ts';

interface SpelledSentence extends ReadSentence {
  readonly words: readonly number[];
  readonly characters: readonly (readonly number[])[];
}

/** Reads tokens as words and their characters, for a `BiLstmCrf`. Index 0 of both vocabularies is what is unknown. */
export class BiLstmReader implements TaggerReader<SpelledSentence> {
  readonly unit = 'tokens';

  constructor(
    readonly model: BiLstmCrf,
    private readonly words: Vocabulary,
    private readonly characters: Vocabulary,
    private readonly limits: { readonly maximumTokens: number; readonly maximumCharacters: number },
  ) {}

  /** What is saved beside the weights. */
  state(): { readonly words: readonly string[]; readonly characters: readonly string[] } {
    return { words: this.words.symbols, characters: this.characters.symbols };
  }

  read(given: readonly string[]): SpelledSentence {
    const tokens = given.slice(0, this.limits.maximumTokens);
    return {
      words: tokens.map((token) => this.words.indexOf(wordForm(token)) ?? 0),
      characters: tokens.map((token) =>
        withoutMiddle([...token], this.limits.maximumCharacters).map(
          (character) => this.characters.indexOf(character) ?? 0,
        ),
      ),
      places: [...tokens.keys()],
      length: tokens.length,
      size: given.length,
    };
  }

  batch(sentences: readonly SpelledSentence[], length: number): Omit<TaggedBatch, 'labels'> {
    const unlabelled = sentences.map((sentence) => ({ ...sentence, labels: [] }));
    const characters = Math.min(paddedSize(longestToken(sentences)), this.limits.maximumCharacters); // few shapes
    const { labels: _, ...batch } = sentenceBatch(unlabelled, length, characters);
    return batch;
  }

  labelledBatch(
    sentences: readonly LabelledSentence<SpelledSentence>[],
    length: number,
    all: readonly SpelledSentence[],
  ): TaggedBatch {
    return sentenceBatch(sentences, length, longestToken(all));
  }

  forward(batch: SentenceBatch): tf.Tensor3D {
    return this.model.forward(batch);
  }

  loss(
    { labels, ...batch }: SentenceBatch & { readonly labels: tf.Tensor2D },
    mode: { readonly random?: RandomStream | undefined },
  ): tf.Scalar {
    return this.model.loss(batch, labels, mode);
  }

  scores() {
    return this.model.crf.scores();
  }

  /** One row per token of what its characters counted, then what each token looked at. */
  label(
    maps: readonly AttentionMap[],
    tokens: readonly string[],
    { characters }: SpelledSentence,
    row: number,
  ): LabelledMap[] {
    return maps.flatMap((map) => {
      if (!map.name.startsWith('characters')) return [labelMap(map, { batch: row, rows: tokens, columns: tokens })];
      return tokens.map((token, head) => {
        const columns = withoutMiddle([...token], characters[head].length);
        return { ...labelMap(map, { batch: row, head, rows: [token], columns }), name: `characters of ${token}` };
      });
    });
  }
}

/** In lower case, without punctuation around it, all digits alike. */
export function wordForm(token: string): string {
  const lower = token.normalize('NFC').toLowerCase();
  const inner = lower.replace(/^[^\p{L}\p{N}]+/u, '').replace(/[^\p{L}\p{N}]+$/u, '');
  return (inner === '' ? lower : inner).replaceAll(/\p{Nd}/gu, '0');
}

function withoutMiddle(characters: readonly string[], most: number): readonly string[] {
  if (characters.length <= most) return characters;
  const half = Math.floor(most / 2);
  return [...characters.slice(0, most - half), ...characters.slice(characters.length - half)];
}
