import type { LabelledMap } from '@heed/attention-core';
import { type Folder, openFolder, parseConfig } from '@heed/training';
import { Vocabulary, type Hypothesis } from '@heed/tasks';
import { z } from 'zod';
import type { LexiconEntry } from '../datasets/lexicon.ts';
import { alignPair } from '../decoding/align-pair.ts';
import { searchAll } from '../decoding/search-all.ts';
import {
  pronunciationErrors,
  pronunciationErrorsByLength,
  type PronouncedWord,
  type PronunciationErrors,
  type PronunciationErrorsByLength,
} from '../metrics/pronunciation-errors.ts';
import {
  createRecurrentSeq2Seq,
  type RecurrentSeq2Seq,
  type RecurrentSeq2SeqConfig,
} from '../models/recurrent-seq2seq/recurrent-seq2seq.ts';
import type { IndexedPair } from '../preprocessing/sequence-batches.ts';
import type { FitHistory } from './fit-model.ts';
import { fitSequenceModel, type FitOptions } from './fit-sequence-model.ts';
import { CONFIG_FILE, readJson, readWeights, writeJson, writeWeights } from './saved-files.ts';

/** What a pronouncer is, apart from the letters and phonemes that it learns from its data. */
export interface PronouncerConfig extends Omit<RecurrentSeq2SeqConfig, 'sourceSize' | 'targetSize'> {
  /** Decides initial weights, order of the data and dropout. */
  readonly seed: number;
  /** Longer words are refused. */
  readonly maximumLetters: number;
}

export interface PronouncerFitOptions extends FitOptions {
  /** Words to measure on after every epoch: the history gets their phoneme and word error rate. */
  readonly validation?: readonly LexiconEntry[];
  /** End after so many epochs without a better phoneme error rate on the validation words. Default: never. */
  readonly patience?: number;
}

export interface PronounceOptions {
  /** Pronunciations that are followed at once; 1 takes the likeliest phoneme at every step. Default 5. */
  readonly beams?: number;
  /** Default 0: see `beamSearch`. */
  readonly lengthPenalty?: number;
  /** Whether to give the attention map. Default false. */
  readonly attention?: boolean;
  readonly signal?: AbortSignal;
}

export interface Pronunciation {
  readonly word: string;
  readonly phonemes: readonly string[];
  /** ln p. */
  readonly logProbability: number;
  /** Further pronunciations, the likeliest first. */
  readonly alternatives: readonly { readonly phonemes: readonly string[]; readonly logProbability: number }[];
  /** How much each phoneme (row) looked at each letter (column), where it was asked for. */
  readonly attention?: LabelledMap;
}

export interface PronouncerEvaluation extends PronunciationErrors {
  readonly byLength: readonly PronunciationErrorsByLength[];
}

const START = '<s>';
const END = '</s>';

const defaults: PronouncerConfig = {
  cell: 'gru',
  bidirectional: true,
  embeddingWidth: 64,
  hiddenWidth: 256,
  attention: 'bahdanau',
  window: 'global',
  windowRadius: 3,
  contextEveryStep: false,
  dropout: 0.2,
  seed: 1,
  maximumLetters: 64,
};

const savedSchema = z.strictObject({
  format: z.literal('heed-pronouncer'),
  version: z.literal(1),
  config: z.strictObject({ seed: z.number(), maximumLetters: z.number() }).catchall(z.unknown()),
  letters: z.array(z.string()).min(1),
  phonemes: z.array(z.string()).min(3),
});

/** A model with the symbols that it was made for. */
interface Trained {
  readonly model: RecurrentSeq2Seq;
  readonly letters: Vocabulary;
  readonly phonemes: Vocabulary;
}

/**
 * Learns from a dictionary how words are pronounced, and pronounces others.
 *
 * Words are taken in lower case and Unicode form NFC; a letter is a code point.
 *
 * @example
 * ```ts
 * import { Pronouncer } from '@heed/nlp';
 * const pronouncer = new Pronouncer({ hiddenWidth: 16, seed: 7 });
 * await pronouncer.fit([{ word: 'cat', pronunciations: ['K AE T'] }, { word: 'cut', pronunciations: ['K AH T'] }], { epochs: 200 });
 * const { phonemes } = await pronouncer.pronounce('cut'); // ['K', 'AH', 'T']
 * ```
 */
export class Pronouncer {
  readonly config: Readonly<PronouncerConfig>;
  private trained: Trained | undefined;

  /** @throws if an option is out of range, naming it and its value (also from `fit`, where the model is made) */
  constructor(config: Partial<PronouncerConfig> = {}) {
    this.config = Object.freeze({ ...defaults, ...config });
    const { maximumLetters } = this.config;
    if (!Number.isInteger(maximumLetters) || maximumLetters < 1) {
      throw new Error(`Pronouncer: maximumLetters must be a positive integer, got ${maximumLetters}`);
    }
    createModel(this.config, 1, 3).dispose(); // refuses a bad config before any data are read
  }

  /** Trained weights. @throws before `fit` or `load` */
  get parameterCount(): number {
    return this.require('parameterCount').model.parameterCount();
  }

  /**
   * Trains on a dictionary; again on an already trained pronouncer, it goes on with the same letters and phonemes.
   *
   * Every pronunciation of a word is an example of its own.
   *
   * @throws if there are no entries, a word is empty or too long, a pronunciation is empty; if a checkpoint is of another config or other data
   */
  async fit(entries: readonly LexiconEntry[], options: PronouncerFitOptions = {}): Promise<FitHistory> {
    const { validation, patience, ...fitOptions } = options;
    const examples = entries.flatMap(({ word, pronunciations }) =>
      pronunciations.map((pronunciation) => ({
        letters: this.split(word, 'fit'),
        phonemes: splitPhonemes(word, pronunciation),
      })),
    );
    if (examples.length === 0) throw new Error('Pronouncer.fit: at least one pronunciation is needed, got none');
    this.trained ??= this.create(
      Vocabulary.of(examples.map(({ letters }) => letters)),
      Vocabulary.of(
        examples.map(({ phonemes }) => phonemes),
        [START, END],
      ),
    );
    const { model, letters, phonemes } = this.trained;
    const pairs: IndexedPair[] = examples.map((example) => ({
      source: indicesOf('letter', example.letters, letters, 'fit'),
      target: indicesOf('phoneme', example.phonemes, phonemes, 'fit'),
    }));
    const evaluation = validation && {
      run: async () => {
        const { phonemeErrorRate, wordErrorRate } = await this.evaluate(validation, { beams: 1 });
        return { phonemeErrorRate, wordErrorRate };
      },
      monitor: 'phonemeErrorRate',
      patience,
    };
    const { seed } = this.config;
    const config = { pronouncer: this.config, letters: letters.symbols, phonemes: phonemes.symbols };
    return fitSequenceModel({ model, pairs, ...boundaries(phonemes), seed, config, evaluation }, fitOptions);
  }

  /**
   * How a word is pronounced, with its alternatives if there are several beams.
   *
   * @throws if the word is empty, too long, or has a letter that the dictionary had not, naming it and its position
   */
  pronounce(word: string, options?: PronounceOptions): Promise<Pronunciation>;
  pronounce(words: readonly string[], options?: PronounceOptions): Promise<Pronunciation[]>;
  async pronounce(
    words: string | readonly string[],
    options: PronounceOptions = {},
  ): Promise<Pronunciation | Pronunciation[]> {
    const { model, letters, phonemes } = this.require('pronounce');
    const { beams = 5, lengthPenalty = 0, attention = false, signal } = options;
    const asked = typeof words === 'string' ? [words] : words;
    const spelled = asked.map((word) => this.split(word, 'pronounce'));
    const sources = spelled.map((symbols) => indicesOf('letter', symbols, letters, 'pronounce'));
    const found = await searchAll(model, sources, {
      ...boundaries(phonemes),
      beams,
      lengthPenalty,
      maximumLength: (length) => 3 * length + 10, // an abbreviation's letter may take seven phonemes
      signal,
    });
    const name = (hypothesis: Hypothesis) => ({
      phonemes: hypothesis.symbols.map((index) => phonemes.at(index)),
      logProbability: hypothesis.logProbability,
    });
    const pronunciations = found.map(([best, ...others], i) => ({
      word: asked[i],
      ...name(best),
      alternatives: others.map(name),
      ...(attention ? this.map(asked[i], spelled[i], sources[i], best.symbols) : {}),
    }));
    return typeof words === 'string' ? pronunciations[0] : pronunciations;
  }

  /**
   * Phoneme and word error rate on words with known pronunciations, overall and by length; a word is right if any of its
   * pronunciations was given.
   */
  async evaluate(
    entries: readonly LexiconEntry[],
    options: Omit<PronounceOptions, 'attention'> = {},
  ): Promise<PronouncerEvaluation> {
    const given = await this.pronounce(
      entries.map(({ word }) => word),
      options,
    );
    const words: PronouncedWord[] = entries.map(({ word, pronunciations }, i) => ({
      word,
      phonemes: given[i].phonemes,
      references: pronunciations.map((pronunciation) => splitPhonemes(word, pronunciation)),
    }));
    return { ...pronunciationErrors(words), byLength: pronunciationErrorsByLength(words) };
  }

  /** Writes `config.json` and `model.safetensors`. @param folder a path (see `startBackend` of @heed/node) or a folder */
  async save(folder: Folder | string): Promise<void> {
    const { model, letters, phonemes } = this.require('save');
    const target = openFolder(folder);
    await writeWeights(target, model);
    await writeJson(target, CONFIG_FILE, {
      format: 'heed-pronouncer',
      version: 1,
      config: this.config,
      letters: letters.symbols,
      phonemes: phonemes.symbols,
    });
  }

  /**
   * Reads what `save` wrote.
   *
   * @throws if a file is missing or damaged, or the weights are of another config
   */
  static async load(folder: Folder | string): Promise<Pronouncer> {
    const source = openFolder(folder);
    const owner = `Pronouncer.load: ${CONFIG_FILE} of ${source.label}`;
    const saved = parseConfig(owner, savedSchema, await readJson('Pronouncer.load', source, CONFIG_FILE));
    const pronouncer = new Pronouncer(saved.config as unknown as PronouncerConfig);
    const trained = pronouncer.create(new Vocabulary(saved.letters), new Vocabulary(saved.phonemes));
    try {
      await readWeights('Pronouncer.load', source, trained.model);
    } catch (error) {
      trained.model.dispose();
      throw error;
    }
    pronouncer.trained = trained;
    return pronouncer;
  }

  /** Frees the weights. */
  dispose(): void {
    this.trained?.model.dispose();
    this.trained = undefined;
  }

  private create(letters: Vocabulary, phonemes: Vocabulary): Trained {
    return { model: createModel(this.config, letters.size, phonemes.size), letters, phonemes };
  }

  private require(method: string): Trained {
    if (this.trained === undefined) {
      throw new Error(
        `Pronouncer.${method}: the pronouncer must be trained, got one that saw neither fit() nor load()`,
      );
    }
    return this.trained;
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

  private map(
    word: string,
    letters: readonly string[],
    source: readonly number[],
    target: readonly number[],
  ): { attention?: LabelledMap } {
    const { model, phonemes } = this.require('pronounce');
    const weights = alignPair(model, source, target, boundaries(phonemes).start);
    if (weights === undefined) return {};
    return { attention: { name: word, weights, rows: target.map((index) => phonemes.at(index)), columns: letters } };
  }
}

function createModel(config: PronouncerConfig, letters: number, phonemes: number): RecurrentSeq2Seq {
  const { seed, maximumLetters: _, ...model } = config;
  return createRecurrentSeq2Seq({ ...model, sourceSize: letters, targetSize: phonemes }, seed);
}

function boundaries(phonemes: Vocabulary): { start: number; end: number } {
  return { start: phonemes.indexOf(START)!, end: phonemes.indexOf(END)! };
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
