import type { LabelledMap } from '@heed/attention-core';
import {
  constrained,
  Task,
  Vocabulary,
  type FitHistory,
  type Hypothesis,
  type SavedFiles,
  type TaskParts,
} from '@heed/tasks';
import { parseConfig } from '@heed/training';
import { z } from 'zod';
import type { LexiconEntry } from '../../datasets/lexicon.ts';
import { alignPair } from '../../decoding/align-pair.ts';
import {
  pronunciationErrors,
  pronunciationErrorsByLength,
  type PronouncedWord,
} from '../../metrics/pronunciation-errors.ts';
import { createRecurrentSeq2Seq, type RecurrentSeq2Seq } from '../../models/recurrent-seq2seq/recurrent-seq2seq.ts';
import {
  fingerprintOfPairs,
  sequenceBatches,
  sourceBatch,
  type IndexedPair,
} from '../../preprocessing/sequence-batches.ts';
import { sequenceLoss } from '../sequence-loss.ts';
import { sequenceRecipe } from '../translator/translator-config.ts';
import {
  pronouncerSchema,
  type PronounceOptions,
  type PronouncerConfig,
  type PronouncerEvaluation,
  type PronouncerFitOptions,
  type Pronunciation,
} from './pronouncer-config.ts';

interface PronouncerParts extends TaskParts {
  readonly model: RecurrentSeq2Seq;
  readonly letters: Vocabulary;
  readonly phonemes: Vocabulary;
}

const START = '<s>';
const END = '</s>';

const stateSchema = z.strictObject({ letters: z.array(z.string()).min(1), phonemes: z.array(z.string()).min(3) });

/**
 * Learns from a dictionary how words are pronounced, and pronounces others.
 *
 * Words are taken in lower case and Unicode form NFC; a letter is a code point. `fit` uses the recipe of `Translator`.
 *
 * @example
 * ```ts
 * import { Pronouncer } from '@heed/nlp';
 * const pronouncer = new Pronouncer({ hiddenWidth: 16, seed: 7 });
 * await pronouncer.fit([{ word: 'cat', pronunciations: ['K AE T'] }, { word: 'cut', pronunciations: ['K AH T'] }], { epochs: 200 });
 * const { phonemes } = await pronouncer.pronounce('cut'); // ['K', 'AH', 'T']
 * ```
 */
export class Pronouncer extends Task<PronouncerConfig, PronouncerParts> {
  static readonly kind = { name: 'Pronouncer', schema: pronouncerSchema };

  /** @throws if an option is unknown or out of range, naming it and its value */
  constructor(config: Partial<PronouncerConfig> = {}) {
    super(Pronouncer.kind, config);
  }

  /**
   * Trains on a dictionary; again on a trained pronouncer, it goes on with the same letters and phonemes.
   *
   * Every pronunciation of a word is an example of its own.
   *
   * @throws if there are no entries, a word is empty or too long, a pronunciation is empty; if a checkpoint is of another run
   */
  async fit(entries: readonly LexiconEntry[], options: PronouncerFitOptions = {}): Promise<FitHistory> {
    const { validation, buckets = 6, labelSmoothing = 0.1 } = options;
    const examples = entries.flatMap(({ word, pronunciations }) =>
      pronunciations.map((pronunciation) => ({
        letters: this.split(word, 'fit'),
        phonemes: splitPhonemes(word, pronunciation),
      })),
    );
    if (examples.length === 0) throw new Error('Pronouncer.fit: at least one pronunciation is needed, got none');
    const create = () =>
      this.create({
        letters: Vocabulary.of(examples.map(({ letters }) => letters)),
        phonemes: Vocabulary.of(
          examples.map(({ phonemes }) => phonemes),
          [START, END],
        ),
      });
    const { seed } = this.config;
    return this.train(options, sequenceRecipe, create, ({ model, letters, phonemes }, { batchSize }) => {
      const pairs: IndexedPair[] = examples.map((example) => ({
        source: indicesOf('letter', example.letters, letters, 'fit'),
        target: indicesOf('phoneme', example.phonemes, phonemes, 'fit'),
      }));
      for (const { word, pronunciations } of validation ?? []) {
        indicesOf('letter', this.split(word, 'fit'), letters, 'fit');
        for (const pronunciation of pronunciations) splitPhonemes(word, pronunciation);
      }
      return {
        loss: sequenceLoss(model, labelSmoothing),
        data: sequenceBatches(pairs, { batchSize, seed, buckets, ...boundaries(phonemes) }),
        identity: {
          letters: letters.symbols,
          phonemes: phonemes.symbols,
          buckets,
          labelSmoothing,
          data: fingerprintOfPairs(pairs),
        },
        evaluation: validation && {
          run: async () => {
            const { phonemeErrorRate, wordErrorRate } = await this.evaluate(validation, { beams: 1 });
            return { phonemeErrorRate, wordErrorRate };
          },
          monitor: 'phonemeErrorRate',
        },
      };
    });
  }

  /**
   * How a word is pronounced, or several; with alternatives if there are several beams.
   *
   * @throws if a word is empty, too long, or has a letter that the dictionary had not, naming it and its position
   */
  pronounce(word: string, options?: PronounceOptions): Promise<Pronunciation>;
  pronounce(words: readonly string[], options?: PronounceOptions): Promise<Pronunciation[]>;
  async pronounce(
    input: string | readonly string[],
    options: PronounceOptions = {},
  ): Promise<Pronunciation | Pronunciation[]> {
    if (typeof input === 'string') return (await this.pronounce([input], options))[0];
    const parts = this.require('pronounce');
    const { model, letters, phonemes } = parts;
    const { beams = 5, lengthPenalty = 1, attention = false, batchSize = 256, signal } = options;
    const spelled = input.map((word) => this.split(word, 'pronounce'));
    const sources = spelled.map((symbols) => indicesOf('letter', symbols, letters, 'pronounce'));
    const { start, end } = boundaries(phonemes);
    const found = await this.searchInBatches(
      'pronounce',
      sources,
      {
        // no word is silent
        model: constrained(model, { never: [start], end, minimumLength: 1, maximumLength: Infinity }),
        size: ({ length }) => length,
        maximumSize: this.config.maximumLetters,
        batch: sourceBatch,
        start,
        end,
        maximumLength: (length) => 3 * length + 10, // an abbreviation's letter may take seven phonemes
      },
      { beams, lengthPenalty, batchSize, signal },
    );
    const name = (hypothesis: Hypothesis) => ({
      phonemes: hypothesis.symbols.map((index) => phonemes.at(index)),
      logProbability: hypothesis.logProbability,
    });
    return found.map(([best, ...others], i) => ({
      word: input[i],
      ...name(best),
      alternatives: others.map(name),
      ...(attention && mapOf(parts, input[i], spelled[i], sources[i], best.symbols)),
    }));
  }

  /**
   * Phoneme and word error rate on words with known pronunciations, overall and by length; a word is right if any of its
   * pronunciations was given.
   */
  async evaluate(
    entries: readonly LexiconEntry[],
    options: Omit<PronounceOptions, 'attention'> = {},
  ): Promise<PronouncerEvaluation> {
    const spoken = await this.pronounce(
      entries.map(({ word }) => word),
      options,
    );
    const words: PronouncedWord[] = entries.map(({ word, pronunciations }, i) => ({
      word,
      phonemes: spoken[i].phonemes,
      references: pronunciations.map((pronunciation) => splitPhonemes(word, pronunciation)),
    }));
    return { ...pronunciationErrors(words), byLength: pronunciationErrorsByLength(words) };
  }

  protected describe({ letters, phonemes }: PronouncerParts) {
    return { state: { letters: letters.symbols, phonemes: phonemes.symbols } };
  }

  protected restore({ state, source }: SavedFiles): PronouncerParts {
    const { letters, phonemes } = parseConfig(
      `Pronouncer.load: config.json of ${source.label}`,
      stateSchema,
      state as object,
    );
    return this.create({ letters: new Vocabulary(letters), phonemes: new Vocabulary(phonemes) });
  }

  private create(symbols: Omit<PronouncerParts, 'model'>): PronouncerParts {
    const { seed, maximumLetters: _, ...model } = this.config;
    const sizes = { sourceSize: symbols.letters.size, targetSize: symbols.phonemes.size };
    return { ...symbols, model: createRecurrentSeq2Seq({ ...model, ...sizes }, seed) };
  }

  /** A word's letters. */
  private split(word: string, method: string): string[] {
    const letters = [...word.toLowerCase().normalize('NFC')];
    if (letters.length === 0)
      throw new Error(`Pronouncer.${method}: a word must not be empty, got ${JSON.stringify(word)}`);
    const { maximumLetters } = this.config;
    if (letters.length > maximumLetters) {
      const beginning = `${letters.slice(0, 20).join('')}…`;
      throw new Error(
        `Pronouncer.${method}: a word must have at most maximumLetters=${maximumLetters} letters, got ${letters.length} in "${beginning}"`,
      );
    }
    return letters;
  }
}

function boundaries(phonemes: Vocabulary): { start: number; end: number } {
  return { start: phonemes.indexOf(START)!, end: phonemes.indexOf(END)! };
}

function mapOf(
  { model, phonemes }: PronouncerParts,
  word: string,
  letters: readonly string[],
  source: readonly number[],
  target: readonly number[],
): { attention?: LabelledMap } {
  const weights = alignPair(model, source, target, boundaries(phonemes).start);
  if (weights === undefined) return {};
  return { attention: { name: word, weights, rows: target.map((index) => phonemes.at(index)), columns: letters } };
}

function splitPhonemes(word: string, pronunciation: string): string[] {
  const phonemes = pronunciation.trim().split(/\s+/);
  if (phonemes[0] === '') throw new Error(`Pronouncer: a pronunciation must not be empty, got one of "${word}"`);
  return phonemes;
}

/** @throws if a symbol is unknown, naming it, its position and what is known */
function indicesOf(kind: string, symbols: readonly string[], vocabulary: Vocabulary, method: string): number[] {
  return symbols.map((symbol, position) => {
    const index = vocabulary.indexOf(symbol);
    if (index !== undefined) return index;
    const known = vocabulary.symbols.filter((name) => name !== START && name !== END).join(' ');
    throw new Error(
      `Pronouncer.${method}: every ${kind} must be known, got ${JSON.stringify(symbol)} at position ${position + 1} of ` +
        `"${symbols.join(kind === 'letter' ? '' : ' ')}"; known are ${known}`,
    );
  });
}
