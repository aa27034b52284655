import type { LabelledMap } from '@heed/attention-core';
import {
  Adam,
  batchTensors,
  cosineSchedule,
  openFolder,
  parseConfig,
  type Folder,
  type Schedule,
} from '@heed/training';
import {
  constrained,
  joinWords,
  requireCount,
  rouge,
  splitWords,
  Vocabulary,
  type Hypothesis,
  type Rouge,
} from '@heed/tasks';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { SummaryPair } from '../datasets/summary-pair.ts';
import { alignPair } from '../decoding/align-pair.ts';
import { searchAll } from '../decoding/search-all.ts';
import { repetition, type Repetition } from '../metrics/repetition.ts';
import {
  createPointerGenerator,
  type PointerBatch,
  type PointerGenerator,
  type PointerGeneratorConfig,
} from '../models/pointer-generator/pointer-generator.ts';
import { hashOf } from '../preprocessing/hash-of.ts';
import { SequenceBatches, type IndexedPair } from '../preprocessing/sequence-batches.ts';
import { fitModel, scheduleOf, type FitHistory, type FitRunOptions } from './fit-model.ts';
import { numbersOf } from './fit-sequence-model.ts';
import { CONFIG_FILE, readJson, readWeights, writeJson, writeWeights } from './saved-files.ts';

/** What a summarizer is, apart from the words that it learns from its data. */
export interface SummarizerConfig extends Omit<PointerGeneratorConfig, 'vocabularySize' | 'unknown'> {
  /** The most frequent words of texts and summaries are known, at most so many; the others can be copied. */
  readonly vocabularySize: number;
  /** Whether text is put in lower case. */
  readonly lowerCase: boolean;
  /** Longer texts are refused, or cut where `truncate` is asked for; signs count as words. */
  readonly maximumWords: number;
  /** The same for summaries; none is written that is longer. */
  readonly maximumSummaryWords: number;
  /** Decides initial weights, order of the data and dropout. */
  readonly seed: number;
}

export interface SummarizerFitOptions extends FitRunOptions {
  /** Times that all data are seen. Default 10, unless `steps` is given. */
  readonly epochs?: number;
  /** Default 64. */
  readonly batchSize?: number;
  /** How many shapes batches have: more of them pad less and take longer to record. Default 4. */
  readonly buckets?: number;
  /** The highest learning rate of Adam, reached after a twentieth of the run, then lowered along a cosine; or a schedule. Default 0.002. */
  readonly learningRate?: number | Schedule;
  /** Gradients are scaled down to this norm. Default 2. */
  readonly clipNorm?: number;
  /** What looking at the same word again costs, where the model has coverage. Default 1. */
  readonly coverageWeight?: number;
  /** Pairs to measure on after every epoch: the history gets their loss, and the part of it that coverage charges. */
  readonly validation?: readonly SummaryPair[];
  /** End after so many epochs without a lower loss on the validation pairs. Default: never. */
  readonly patience?: number;
  /** Whether texts and summaries that are too long are cut instead of refused. Default false. */
  readonly truncate?: boolean;
}

export interface SummarizeOptions {
  /** Summaries that are followed at once; 1 takes the likeliest word at every step. Default 4. */
  readonly beams?: number;
  /** Default 1: see `beamSearch`. */
  readonly lengthPenalty?: number;
  /** No summary has fewer words. Default 1. */
  readonly minimumWords?: number;
  /** Whether to give the attention map. Default false. */
  readonly attention?: boolean;
  /** Whether a text of more than `maximumWords` is cut instead of refused. Default false. */
  readonly truncate?: boolean;
  readonly signal?: AbortSignal;
}

export interface Summary {
  /** What was summarized. */
  readonly text: string;
  readonly summary: string;
  /** Words of the summary that the vocabulary does not have: copied from the text. */
  readonly copied: readonly string[];
  /** ln p. */
  readonly logProbability: number;
  /** Further summaries, the best first. */
  readonly alternatives: readonly { readonly summary: string; readonly logProbability: number }[];
  /** How much each word (row) looked at each of the text (column), where it was asked for. */
  readonly attention?: LabelledMap;
}

export interface SummarizerEvaluation extends Rouge {
  /** How much the summaries repeat themselves. */
  readonly repetition: Repetition;
  readonly summaries: readonly Summary[];
}

const SPECIAL_WORDS = ['<s>', '</s>', '<unknown>'] as const;
const [START, END, UNKNOWN] = [0, 1, 2];
const VOCABULARY_FILE = 'vocabulary.json';

const count = z.number().int().min(1);
const schema = z.strictObject({
  embeddingWidth: count,
  hiddenWidth: count,
  score: z.enum(['additive', 'general', 'scaled-dot']),
  copying: z.boolean(),
  coverage: z.boolean(),
  dropout: z.number().min(0).lt(1),
  vocabularySize: count,
  lowerCase: z.boolean(),
  maximumWords: count,
  maximumSummaryWords: count,
  seed: z.number().int().min(0),
});

const defaults: SummarizerConfig = {
  embeddingWidth: 128,
  hiddenWidth: 192,
  score: 'additive',
  copying: true,
  coverage: false,
  dropout: 0.2,
  vocabularySize: 8000,
  lowerCase: true,
  maximumWords: 100,
  maximumSummaryWords: 30,
  seed: 1,
};

const savedSchema = z.strictObject({ format: z.literal('heed-summarizer'), version: z.literal(1), config: schema });
const vocabularySchema = z
  .array(z.string())
  .refine((words) => SPECIAL_WORDS.every((word, i) => words[i] === word), `must begin with ${SPECIAL_WORDS.join(' ')}`);

/** A model with the words that it was made for. */
interface Trained {
  readonly model: PointerGenerator;
  readonly vocabulary: Vocabulary;
}

/** A text as the model reads it. */
interface IndexedText {
  readonly words: readonly string[];
  readonly indices: readonly number[];
  /** The words that the vocabulary does not have, with their indices: those after the vocabulary's. */
  readonly own: ReadonlyMap<string, number>;
}

/**
 * Learns from texts and their summaries to write such summaries, word by word; names and other words that it does not know it copies from the
 * text (a pointer-generator).
 *
 * As in the paper, coverage, which keeps a summary from repeating itself, is best learnt at the end: train without, then `addCoverage()`, and
 * train on for a while.
 *
 * @example
 * ```ts
 * import { Summarizer } from '@heed/nlp';
 * const summarizer = new Summarizer({ embeddingWidth: 16, hiddenWidth: 32, vocabularySize: 5, dropout: 0, seed: 7 });
 * const pairs = ['xmms', 'mutt', 'gimp', 'mc'].map((name) => ({ text: `${name} is a program to use`, summary: `program ${name}` }));
 * await summarizer.fit(pairs, { steps: 60, learningRate: 0.03 });
 * const { summary } = await summarizer.summarize('vim is a program to use');
 * console.log(summary); // program vim
 * ```
 */
export class Summarizer {
  readonly config: Readonly<SummarizerConfig>;
  private trained: Trained | undefined;

  /** @throws if an option is unknown or out of range, naming it and its value */
  constructor(config: Partial<SummarizerConfig> = {}) {
    this.config = parseConfig('Summarizer', schema, { ...defaults, ...config });
    this.createModel(SPECIAL_WORDS.length).dispose(); // refuses widths that do not fit before any data are read
  }

  /** Trained weights. @throws before `fit` or `load` */
  get parameterCount(): number {
    return this.require('parameterCount').model.parameterCount();
  }

  /**
   * Trains on texts with summaries; again on an already trained summarizer, it goes on with the same words.
   *
   * @throws if there are no pairs, a text or summary is empty or too long; if a checkpoint is of another config or other data
   */
  async fit(pairs: readonly SummaryPair[], options: SummarizerFitOptions = {}): Promise<FitHistory> {
    if (pairs.length === 0) throw new Error('Summarizer.fit: at least one pair is needed, got none');
    const { batchSize = 64, buckets = 4, learningRate = 0.002, clipNorm = 2, coverageWeight = 1 } = options;
    const { validation, patience, truncate = false } = options;
    const { seed } = this.config;
    this.trained ??= this.create(this.vocabularyOf(pairs, truncate));
    const { model, vocabulary } = this.trained;
    const indexed = this.index(pairs, truncate);
    const checked = validation && this.index(validation, truncate);
    const batches = new SequenceBatches(indexed, { batchSize, seed, start: START, end: END, buckets });
    const steps = options.steps ?? (options.epochs ?? 10) * batches.perEpoch;
    const { schedule, rate } = scheduleOf(learningRate, (highest) =>
      cosineSchedule({ rate: highest, warmupSteps: Math.floor(steps / 20), totalSteps: steps }),
    );
    const data = `${pairs.length} pairs, ${hashOf(numbersOf(indexed))}`;
    return fitModel(
      {
        model,
        optimizer: new Adam(model.trainableParameters()),
        loss: (batch, { random }) => model.loss(batch as unknown as PointerBatch, { random, coverageWeight }),
        data: (epoch) => batches.epoch(epoch),
        batchesPerEpoch: batches.perEpoch,
        learningRate: schedule,
        steps,
        seed,
        clipNorm,
        config: {
          summarizer: this.config,
          words: vocabulary.size,
          fit: { steps, batchSize, buckets, learningRate: rate, clipNorm, coverageWeight, data },
        },
        evaluation: checked && { run: () => this.measureLoss(checked, coverageWeight), patience },
      },
      options,
    );
  }

  /**
   * The same summarizer with coverage, to be trained on; this one stays as it is. Until then both write the same: its new weights are 0.
   *
   * @throws if it was not trained, or has coverage
   */
  addCoverage(): Summarizer {
    const { model, vocabulary } = this.require('addCoverage');
    if (this.config.coverage)
      throw new Error('Summarizer.addCoverage: the summarizer must be without, got one with it');
    const covered = new Summarizer({ ...this.config, coverage: true });
    covered.trained = covered.create(vocabulary);
    tf.tidy(() => {
      const coverage = tf.zerosLike(covered.trained!.model.coverage!.weight);
      covered.trained!.model.loadStateDict({ ...model.stateDict(), 'coverage.weight': coverage });
    });
    return covered;
  }

  /**
   * Summarizes a text, or several.
   *
   * @throws if a text is empty, or too long and `truncate` was not asked for, or an option is out of range
   */
  summarize(text: string, options?: SummarizeOptions): Promise<Summary>;
  summarize(texts: readonly string[], options?: SummarizeOptions): Promise<Summary[]>;
  async summarize(given: string | readonly string[], options: SummarizeOptions = {}): Promise<Summary | Summary[]> {
    const { model, vocabulary } = this.require('summarize');
    const { beams = 4, lengthPenalty = 1, minimumWords = 1, attention = false, truncate = false, signal } = options;
    const { maximumSummaryWords } = this.config;
    requireCount('Summarizer.summarize', 'beams', beams);
    requireCount('Summarizer.summarize', 'minimumWords', minimumWords);
    if (minimumWords > maximumSummaryWords) {
      throw new Error(
        `Summarizer.summarize: minimumWords must be at most maximumSummaryWords=${maximumSummaryWords}, got ${minimumWords}`,
      );
    }
    const asked = typeof given === 'string' ? [given] : given;
    const sources = asked.map((text) => this.read(text, 'summarize', truncate));
    const limits = { never: [START, UNKNOWN], minimumLength: minimumWords, maximumLength: maximumSummaryWords };
    const found = await searchAll(
      constrained(model, { ...limits, end: END }),
      sources.map(({ indices }) => indices),
      {
        start: START,
        end: END,
        beams,
        lengthPenalty,
        maximumLength: () => maximumSummaryWords + 1,
        signal,
      },
    );
    const summaries = found.map(([best, ...others], i): Summary => {
      const { words, indices } = sources[i];
      const own = [...sources[i].own.keys()];
      const wordsOf = ({ symbols }: Hypothesis) =>
        symbols.map((index) => (index < vocabulary.size ? vocabulary.at(index) : own[index - vocabulary.size]));
      const rows = wordsOf(best);
      const weights = attention ? alignPair(model, indices, best.symbols, START) : undefined;
      return {
        text: asked[i],
        summary: joinWords(rows),
        copied: rows.filter((_, step) => best.symbols[step] >= vocabulary.size),
        logProbability: best.logProbability,
        alternatives: others.map((other) => ({
          summary: joinWords(wordsOf(other)),
          logProbability: other.logProbability,
        })),
        ...(weights && { attention: { name: asked[i], weights, rows, columns: words } }),
      };
    });
    return typeof given === 'string' ? summaries[0] : summaries;
  }

  /** ROUGE against the pairs' summaries, and how much those that were written repeat themselves. */
  async evaluate(
    pairs: readonly SummaryPair[],
    options: Omit<SummarizeOptions, 'attention'> = {},
  ): Promise<SummarizerEvaluation> {
    const texts = pairs.map(({ text }) => text);
    const summaries = await this.summarize(texts, options);
    const compared = pairs.map(({ summary }, i) => ({ hypothesis: summaries[i].summary, references: [summary] }));
    return { ...rouge(compared), repetition: repetition(summaries.map(({ summary }) => summary)), summaries };
  }

  /** Writes `config.json`, `vocabulary.json` and `model.safetensors`. @param folder a path (see `startBackend` of @heed/node) or a folder */
  async save(folder: Folder | string): Promise<void> {
    const { model, vocabulary } = this.require('save');
    const target = openFolder(folder);
    await writeWeights(target, model);
    await writeJson(target, VOCABULARY_FILE, vocabulary.symbols);
    await writeJson(target, CONFIG_FILE, { format: 'heed-summarizer', version: 1, config: this.config });
  }

  /**
   * Reads what `save` wrote.
   *
   * @throws if a file is missing or damaged, or the weights are of another config
   */
  static async load(folder: Folder | string): Promise<Summarizer> {
    const source = openFolder(folder);
    const at = (file: string) => `Summarizer.load: ${file} of ${source.label}`;
    const saved = parseConfig(at(CONFIG_FILE), savedSchema, await readJson('Summarizer.load', source, CONFIG_FILE));
    const words = await readJson('Summarizer.load', source, VOCABULARY_FILE);
    const summarizer = new Summarizer(saved.config);
    const trained = summarizer.create(new Vocabulary(parseConfig(at(VOCABULARY_FILE), vocabularySchema, words)));
    try {
      await readWeights('Summarizer.load', source, trained.model);
    } catch (error) {
      trained.model.dispose();
      throw error;
    }
    summarizer.trained = trained;
    return summarizer;
  }

  /** Frees the weights. */
  dispose(): void {
    this.trained?.model.dispose();
    this.trained = undefined;
  }

  private create(vocabulary: Vocabulary): Trained {
    return { vocabulary, model: this.createModel(vocabulary.size) };
  }

  private createModel(vocabularySize: number): PointerGenerator {
    const { embeddingWidth, hiddenWidth, score, copying, coverage, dropout, seed } = this.config;
    const parts = { embeddingWidth, hiddenWidth, score, copying, coverage, dropout };
    return createPointerGenerator({ ...parts, vocabularySize, unknown: UNKNOWN }, seed);
  }

  private require(method: string): Trained {
    if (this.trained === undefined) {
      throw new Error(
        `Summarizer.${method}: the summarizer must be trained, got one that saw neither fit() nor load()`,
      );
    }
    return this.trained;
  }

  /** The words that occur most often; of equally frequent ones those that come first. */
  private vocabularyOf(pairs: readonly SummaryPair[], truncate: boolean): Vocabulary {
    const frequencies = new Map<string, number>();
    for (const { text, summary } of pairs) {
      const { maximumWords, maximumSummaryWords } = this.config;
      const all = [
        this.split(text, 'fit', maximumWords, truncate),
        this.split(summary, 'fit', maximumSummaryWords, truncate),
      ];
      for (const word of all.flat()) frequencies.set(word, (frequencies.get(word) ?? 0) + 1);
    }
    const byFrequency = [...frequencies].sort(([, a], [, b]) => b - a).map(([word]) => word);
    return new Vocabulary([...SPECIAL_WORDS, ...byFrequency.slice(0, this.config.vocabularySize)]);
  }

  /** A text's words. */
  private split(text: string, method: string, maximum: number, truncate: boolean): string[] {
    const words = splitWords(this.config.lowerCase ? text.toLowerCase() : text);
    if (words.length === 0) {
      throw new Error(`Summarizer.${method}: a text must not be empty, got ${JSON.stringify(text.slice(0, 40))}`);
    }
    if (words.length <= maximum || truncate) return words.slice(0, maximum);
    throw new Error(
      `Summarizer.${method}: a text must have at most ${maximum} words (truncate cuts it), got ${words.length} in "${text.slice(0, 40)}…"`,
    );
  }

  private read(text: string, method: string, truncate: boolean): IndexedText {
    const { vocabulary } = this.require(method);
    const words = this.split(text, method, this.config.maximumWords, truncate);
    const unknown = new Set(words.filter((word) => !vocabulary.has(word)));
    const own = new Map([...unknown].map((word, i) => [word, vocabulary.size + i]));
    return { words, own, indices: words.map((word) => vocabulary.indexOf(word) ?? own.get(word)!) };
  }

  /** A summary's words that are neither known nor in the text are unknown ones. */
  private index(pairs: readonly SummaryPair[], truncate: boolean): IndexedPair[] {
    const { vocabulary } = this.require('fit');
    return pairs.map(({ text, summary }) => {
      const { own, indices } = this.read(text, 'fit', truncate);
      const words = this.split(summary, 'fit', this.config.maximumSummaryWords, truncate);
      return {
        source: indices,
        target: words.map((word) => vocabulary.indexOf(word) ?? own.get(word) ?? UNKNOWN),
      };
    });
  }

  /** Means over the words of all summaries. */
  private async measureLoss(
    pairs: readonly IndexedPair[],
    coverageWeight: number,
  ): Promise<{ loss: number; repetition: number }> {
    const { model } = this.require('fit');
    const sums = { loss: 0, repetition: 0, words: 0 };
    for (const batch of new SequenceBatches(pairs, { batchSize: 64, seed: 0, start: START, end: END }).epoch(0)) {
      const tensors = batchTensors(batch);
      const parts = model.loss(tensors as unknown as PointerBatch, { coverageWeight });
      const both = tf.stack([parts.weight, parts.loss, parts.repetition]);
      const [words, loss, repetition] = await both.data();
      sums.loss += loss * words;
      sums.repetition += repetition * words;
      sums.words += words;
      tf.dispose([both, parts, tensors]);
    }
    return { loss: sums.loss / sums.words, repetition: sums.repetition / sums.words };
  }
}
