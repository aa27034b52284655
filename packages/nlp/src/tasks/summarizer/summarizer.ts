import { requireIntegers } from '@heed/attention-core';
import {
  constrained,
  joinWords,
  rouge,
  splitWords,
  Task,
  Vocabulary,
  type FitHistory,
  type Hypothesis,
  type SavedFiles,
  type TaskParts,
} from '@heed/tasks';
import { batchTensors, parseConfig, type BatchTensors } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { SummaryPair } from '../../datasets/summary-pair.ts';
import { alignPair } from '../../decoding/align-pair.ts';
import { repetition } from '../../metrics/repetition.ts';
import { createPointerGenerator, type PointerGenerator } from '../../models/pointer-generator/pointer-generator.ts';
import {
  fingerprintOfPairs,
  sequenceBatches,
  sourceBatch,
  type IndexedPair,
  type PairBatch,
} from '../../preprocessing/sequence-batches.ts';
import { sequenceRecipe, type SequenceTruncation } from '../translator/translator-config.ts';
import {
  summarizerSchema,
  type SummarizeOptions,
  type SummarizerConfig,
  type SummarizerEvaluation,
  type SummarizerFitOptions,
  type Summary,
} from './summarizer-config.ts';

const SPECIAL_WORDS = ['<s>', '</s>', '<unknown>'] as const;
const [START, END, UNKNOWN] = [0, 1, 2];
const BOUNDARIES = { start: START, end: END };

const stateSchema = z.strictObject({
  vocabulary: z
    .array(z.string())
    .refine(
      (words) => SPECIAL_WORDS.every((word, i) => words[i] === word),
      `must begin with ${SPECIAL_WORDS.join(' ')}`,
    ),
});

interface SummarizerParts extends TaskParts {
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
 * `fit` uses the recipe of `Translator`, in batches of 64.
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
export class Summarizer extends Task<SummarizerConfig, SummarizerParts> {
  static readonly kind = { name: 'Summarizer', schema: summarizerSchema };

  /** @throws if an option is unknown or out of range, naming it and its value */
  constructor(config: Partial<SummarizerConfig> = {}) {
    super(Summarizer.kind, config);
  }

  /**
   * Trains on texts with summaries; again on a trained summarizer, it goes on with the same words.
   *
   * @throws if there are no pairs, a text or summary is empty or too long; if a checkpoint is of another run
   */
  async fit(pairs: readonly SummaryPair[], options: SummarizerFitOptions = {}): Promise<FitHistory> {
    if (pairs.length === 0) throw new Error('Summarizer.fit: at least one pair is needed, got none');
    const { buckets = 4, coverageWeight = 1, validation, truncation = 'error' } = options;
    const { seed } = this.config;
    const create = () => this.create(this.vocabularyOf(pairs, truncation));
    return this.train(options, { ...sequenceRecipe, batchSize: 64 }, create, ({ model, vocabulary }, { batchSize }) => {
      const indexed = this.index(vocabulary, pairs, truncation);
      const measured = validation && this.index(vocabulary, validation, truncation);
      return {
        loss: (batch: BatchTensors<PairBatch>, { random }) => model.loss(batch, { random, coverageWeight }),
        data: sequenceBatches(indexed, { batchSize, seed, buckets, ...BOUNDARIES }),
        identity: { words: vocabulary.size, buckets, coverageWeight, data: fingerprintOfPairs(indexed) },
        evaluation: measured && { run: () => measureLoss(model, measured, coverageWeight) },
      };
    });
  }

  /**
   * The same summarizer with coverage, to be trained on; this one stays as it is. Until then both write the same: its new weights are 0.
   *
   * @throws if it was not trained, or has coverage
   */
  async addCoverage(): Promise<Summarizer> {
    const { model, vocabulary } = this.require('addCoverage');
    if (this.config.coverage)
      throw new Error('Summarizer.addCoverage: the summarizer must be without, got one with it');
    const covered = new Summarizer({ ...this.config, coverage: true });
    return covered.adopt(covered.create(vocabulary), (parts) => {
      tf.tidy(() => {
        const coverage = tf.zerosLike(parts.model.coverage!.weight);
        parts.model.loadStateDict({ ...model.stateDict(), 'coverage.weight': coverage });
      });
      return parts;
    });
  }

  /**
   * Summarizes a text, or several.
   *
   * @throws if a text is empty, or too long and `truncation` is 'error', or an option is out of range
   */
  summarize(text: string, options?: SummarizeOptions): Promise<Summary>;
  summarize(texts: readonly string[], options?: SummarizeOptions): Promise<Summary[]>;
  async summarize(input: string | readonly string[], options: SummarizeOptions = {}): Promise<Summary | Summary[]> {
    if (typeof input === 'string') return (await this.summarize([input], options))[0];
    const { model, vocabulary } = this.require('summarize');
    const { beams = 4, lengthPenalty = 1, minimumWords = 1, attention = false, truncation = 'error' } = options;
    const { batchSize = 64, signal } = options;
    const { maximumWords, maximumSummaryWords } = this.config;
    requireIntegers('Summarizer.summarize', { minimumWords });
    if (minimumWords > maximumSummaryWords) {
      throw new Error(
        `Summarizer.summarize: minimumWords must be at most maximumSummaryWords=${maximumSummaryWords}, got ${minimumWords}`,
      );
    }
    const sources = input.map((text) => this.read(vocabulary, text, 'summarize', truncation));
    const limits = { never: [START, UNKNOWN], minimumLength: minimumWords, maximumLength: maximumSummaryWords };
    const found = await this.searchInBatches(
      'summarize',
      sources,
      {
        model: constrained(model, { ...limits, end: END }),
        variant: `of ${minimumWords} words`,
        size: ({ indices }) => indices.length,
        maximumSize: maximumWords,
        batch: (texts, size) =>
          sourceBatch(
            texts.map(({ indices }) => indices),
            size,
          ),
        ...BOUNDARIES,
        maximumLength: () => maximumSummaryWords + 1,
      },
      { beams, lengthPenalty, batchSize, signal },
    );
    return found.map(([best, ...others], i): Summary => {
      const { words, indices } = sources[i];
      const own = [...sources[i].own.keys()];
      const wordsOf = ({ symbols }: Hypothesis) =>
        symbols.map((index) => (index < vocabulary.size ? vocabulary.at(index) : own[index - vocabulary.size]));
      const rows = wordsOf(best);
      const weights = attention ? alignPair(model, indices, best.symbols, START) : undefined;
      return {
        text: input[i],
        summary: joinWords(rows),
        copied: rows.filter((_, step) => best.symbols[step] >= vocabulary.size),
        logProbability: best.logProbability,
        alternatives: others.map((other) => ({
          summary: joinWords(wordsOf(other)),
          logProbability: other.logProbability,
        })),
        ...(weights && { attention: { name: input[i], weights, rows, columns: words } }),
      };
    });
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

  protected describe({ vocabulary }: SummarizerParts) {
    return { state: { vocabulary: vocabulary.symbols } };
  }

  protected restore({ state, source }: SavedFiles): SummarizerParts {
    const { vocabulary } = parseConfig(`Summarizer.load: config.json of ${source.label}`, stateSchema, state as object);
    return this.create(new Vocabulary(vocabulary));
  }

  private create(vocabulary: Vocabulary): SummarizerParts {
    const { embeddingWidth, hiddenWidth, score, copying, coverage, dropout, seed } = this.config;
    const sizes = { embeddingWidth, hiddenWidth, vocabularySize: vocabulary.size, unknown: UNKNOWN };
    return { vocabulary, model: createPointerGenerator({ ...sizes, score, copying, coverage, dropout }, seed) };
  }

  /** The words that occur most often; of equally frequent ones those that come first. */
  private vocabularyOf(pairs: readonly SummaryPair[], truncation: SequenceTruncation): Vocabulary {
    const { maximumWords, maximumSummaryWords, vocabularySize } = this.config;
    const frequencies = new Map<string, number>();
    for (const { text, summary } of pairs) {
      const words = this.split(text, 'fit', maximumWords, truncation);
      words.push(...this.split(summary, 'fit', maximumSummaryWords, truncation));
      for (const word of words) frequencies.set(word, (frequencies.get(word) ?? 0) + 1);
    }
    const byFrequency = [...frequencies].sort(([, a], [, b]) => b - a).map(([word]) => word);
    return new Vocabulary([...SPECIAL_WORDS, ...byFrequency.slice(0, vocabularySize)]);
  }

  /** A text's words. */
  private split(text: string, method: string, maximum: number, truncation: SequenceTruncation): string[] {
    const words = splitWords(this.config.lowerCase ? text.toLowerCase() : text);
    if (words.length === 0) {
      throw new Error(`Summarizer.${method}: a text must not be empty, got ${JSON.stringify(text.slice(0, 40))}`);
    }
    if (words.length <= maximum || truncation === 'end') return words.slice(0, maximum);
    throw new Error(
      `Summarizer.${method}: a text must have at most ${maximum} words, or truncation be 'end', got ${words.length} in ` +
        `"${text.slice(0, 40)}…"`,
    );
  }

  private read(vocabulary: Vocabulary, text: string, method: string, truncation: SequenceTruncation): IndexedText {
    const words = this.split(text, method, this.config.maximumWords, truncation);
    const unknown = new Set(words.filter((word) => !vocabulary.has(word)));
    const own = new Map([...unknown].map((word, i) => [word, vocabulary.size + i]));
    return { words, own, indices: words.map((word) => vocabulary.indexOf(word) ?? own.get(word)!) };
  }

  /** A summary's words that are neither known nor in the text are unknown ones. */
  private index(vocabulary: Vocabulary, pairs: readonly SummaryPair[], truncation: SequenceTruncation): IndexedPair[] {
    return pairs.map(({ text, summary }) => {
      const { own, indices } = this.read(vocabulary, text, 'fit', truncation);
      const words = this.split(summary, 'fit', this.config.maximumSummaryWords, truncation);
      return { source: indices, target: words.map((word) => vocabulary.indexOf(word) ?? own.get(word) ?? UNKNOWN) };
    });
  }
}

/** Means over the words of all summaries. */
async function measureLoss(
  model: PointerGenerator,
  pairs: readonly IndexedPair[],
  coverageWeight: number,
): Promise<{ loss: number; repetition: number }> {
  const sums = { loss: 0, repetition: 0, words: 0 };
  for (const batch of sequenceBatches(pairs, { batchSize: 64, seed: 0, ...BOUNDARIES })(0)) {
    const tensors = batchTensors(batch);
    const parts = model.loss(tensors, { coverageWeight });
    const both = tf.stack([parts.weight, parts.loss, parts.repetition]);
    const [words, loss, repetition] = await both.data();
    sums.loss += loss * words;
    sums.repetition += repetition * words;
    sums.words += words;
    tf.dispose([both, parts, tensors]);
  }
  return { loss: sums.loss / sums.words, repetition: sums.repetition / sums.words };
}
