import { capture, labelMap, Random, type LabelledMap } from '@heed/attention-core';
import { batchTensors, loadPretrained, openFolder, openPretrained, type FileSource, type Folder } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import type { AnsweredQuestion } from '../datasets/answered-question.ts';
import { bestSpans, type ScoredSpan } from '../decoding/best-spans.ts';
import { answerMatch, type AnswerMatch } from '../metrics/answer-match.ts';
import { BertQuestionAnswering } from '../models/bert/bert-question-answering.ts';
import { bertQuestionAnsweringNames } from '../models/bert/bert.names.ts';
import type { TokenBatch } from '../models/bert/bert.ts';
import { questionWindowBatch, type AnsweredWindow } from '../preprocessing/answer-batches.ts';
import { hashOf } from '../preprocessing/hash-of.ts';
import { BertEncoder, type BertQuestion } from './bert-encoder.ts';
import type { FitHistory } from './fit-model.ts';
import { fitQuestionAnswerer, type QuestionAnswererFitOptions } from './fit-question-answerer.ts';
import { bodyNames, savePublished } from './published-classifier.ts';

/** How a published encoder becomes a question answerer. */
export interface PretrainedAnswererOptions {
  /** Question and text together, in word pieces, with three special ones: longer texts are read in windows of that length. Default: as published. */
  readonly maximumTokens?: number;
  /** Decides a new last layer's weights, order of the data and dropout. Default 1. */
  readonly seed?: number;
}

/** What is asked. */
export type AskedQuestion = Pick<AnsweredQuestion, 'question' | 'context'>;

export interface AnswerOptions {
  /** How many answers to give, the likeliest first. Default 1. */
  readonly candidates?: number;
  /** Word pieces of an answer at most. Default 15. */
  readonly longestAnswer?: number;
  /** Word pieces that windows of a long text have in common. Default 128, and at most half of the room that the question leaves. */
  readonly stride?: number;
  /** Whether to give the attention maps of the window that the first answer stands in. Default false. */
  readonly attention?: boolean;
  /** Windows that are read at once. Default 16. */
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
}

/** A part of the text that answers. */
export interface Answer {
  readonly text: string;
  /** Its first character in the context. */
  readonly start: number;
  /** The character of the context after its last. */
  readonly end: number;
  /** How likely it begins there, times how likely it ends there. */
  readonly score: number;
}

export interface FoundAnswer extends Answer {
  /** The likeliest answers, with the first of all. */
  readonly candidates: readonly Answer[];
  /** How likely the text has no answer: of use with models that learnt from questions without one, where it is above `score`. */
  readonly none: number;
  /** Where it was asked for: what each token (row) looked at (column), layer by layer, the mean of its heads. */
  readonly attention?: readonly LabelledMap[];
}

export interface AnswererEvaluation extends AnswerMatch {
  readonly answers: readonly FoundAnswer[];
}

/** What may answer a question, gathered over the windows of its text. */
class Candidates {
  /** The least probability of no answer: a window without it says nothing of the others. */
  none = 1;
  private readonly answers = new Map<string, Answer & { readonly window: BertQuestion }>();

  constructor(private readonly context: string) {}

  /** @param spans of a window, the likeliest first @param count how many answers of it to keep */
  add(window: BertQuestion, spans: readonly ScoredSpan[], count: number): void {
    const { first, words } = window;
    const seen = new Set<string>(); // the pieces of one word begin and end the same answers
    for (const span of spans) {
      if (seen.size === count) return;
      const [start, end] = [words[span.start - first].start, words[span.end - first].end];
      const [key, score] = [`${start} ${end}`, span.probability];
      if (seen.has(key)) continue;
      seen.add(key);
      if (score <= (this.answers.get(key)?.score ?? -1)) continue;
      this.answers.set(key, { text: this.context.slice(start, end), start, end, score, window });
    }
  }

  /** The likeliest, the first of all first. */
  best(count: number) {
    return [...this.answers.values()].sort((a, b) => b.score - a.score).slice(0, count);
  }
}

/** Of which question a window is. */
interface AskedWindow {
  readonly question: number;
  readonly window: BertQuestion;
}

/**
 * Answers questions by pointing at a part of a text (Devlin et al. 2019, §4.2), as the pipeline 'question-answering' of transformers.js, and of Python's
 * transformers up to 4, does with the same weights: texts of any length are read in windows, and answers are whole words.
 *
 * @example
 * ```ts
 * import { QuestionAnswerer } from '@heed/nlp';
 * async function ask(folder: string, question: string, context: string): Promise<string> {
 *   const answerer = await QuestionAnswerer.fromPretrained(folder);
 *   const { text, score, none } = await answerer.answer({ question, context });
 *   answerer.dispose();
 *   return score > none ? text : 'The text does not say.';
 * }
 * ```
 */
export class QuestionAnswerer {
  private constructor(
    private readonly encoder: BertEncoder,
    private readonly model: BertQuestionAnswering,
    private readonly seed: number,
  ) {}

  /**
   * A published BERT with its tokenizer: from a folder or a path (see `startBackend` of @heed/node), e.g. what a `BertPretrainer` saved, from what
   * `fetchData` got, or by its id on the Hugging Face hub. `BertForQuestionAnswering` answers at once; others get a new last layer, to be trained.
   *
   * @throws if a file is missing or damaged, the model is no BERT, or an option is out of range
   */
  static async fromPretrained(
    where: FileSource | string,
    { maximumTokens, seed = 1 }: PretrainedAnswererOptions = {},
  ): Promise<QuestionAnswerer> {
    const owner = 'QuestionAnswerer.fromPretrained';
    const source = await openPretrained(where);
    const encoder = await BertEncoder.open(owner, source, { pooling: 'cls', otherwise: 'cls', maximumTokens, seed });
    const model = new BertQuestionAnswering(encoder.bert, new Random(seed).fork('head'));
    try {
      const { architectures } = encoder.config;
      const answers = Array.isArray(architectures) && architectures.includes('BertForQuestionAnswering');
      const optional = [/pooler/]; // some files have none, and it is not used here
      if (answers) await loadPretrained(source, model, bertQuestionAnsweringNames, { optional });
      else await loadPretrained(source, encoder.bert, bodyNames, { optional });
    } catch (error) {
      model.dispose();
      throw error;
    }
    return new QuestionAnswerer(encoder, model, seed);
  }

  /** Numbers in the weights. */
  get parameterCount(): number {
    return this.model.parameterCount();
  }

  /** Question and text together, in word pieces, with three special ones. */
  get maximumTokens(): number {
    return this.encoder.maximumTokens;
  }

  /**
   * Trains on questions with their answers. Every window of a text is learnt from: where it has the whole answer, that is pointed at, else none.
   *
   * @throws if there are no questions, one or its text is empty, an answer does not stand where it is said to, or a checkpoint is of other data
   */
  async fit(questions: readonly AnsweredQuestion[], options: QuestionAnswererFitOptions = {}): Promise<FitHistory> {
    const owner = 'QuestionAnswerer.fit';
    if (questions.length === 0) throw new Error(`${owner}: at least one question is needed, got none`);
    const windows: AnsweredWindow[] = questions.flatMap((asked, i) => {
      const answer = requireAnswer(owner, asked, i);
      return this.read(owner, asked, i, options.stride).map((window) => ({ ...window, ...placeOf(answer, window) }));
    });
    const config = {
      answerer: { maximumTokens: this.maximumTokens, seed: this.seed },
      data: `${questions.length} questions, ${hashOf(numbersOf(windows))}`,
    };
    return fitQuestionAnswerer({ model: this.model, windows, seed: this.seed, config }, options);
  }

  /**
   * Answers a question, or several.
   *
   * @throws if a question or its text is empty, a question leaves no room for its text, or an option is out of range
   */
  answer(asked: AskedQuestion, options?: AnswerOptions): Promise<FoundAnswer>;
  answer(asked: readonly AskedQuestion[], options?: AnswerOptions): Promise<FoundAnswer[]>;
  async answer(
    given: AskedQuestion | readonly AskedQuestion[],
    options: AnswerOptions = {},
  ): Promise<FoundAnswer | FoundAnswer[]> {
    const owner = 'QuestionAnswerer.answer';
    const { candidates = 1, longestAnswer = 15, stride, attention = false, batchSize = 16, signal } = options;
    for (const [name, value] of Object.entries({ candidates, longestAnswer, batchSize })) {
      if (!Number.isInteger(value) || value < 1) {
        throw new Error(`${owner}: ${name} must be a positive integer, got ${value}`);
      }
    }
    const questions = 'question' in given ? [given] : given;
    const windows = questions.flatMap((asked, question): AskedWindow[] =>
      this.read(owner, asked, question, stride).map((window) => ({ question, window })),
    );
    const found = questions.map(({ context }) => new Candidates(context));
    const order = windows.toSorted((a, b) => a.window.ids.length - b.window.ids.length);
    for (let start = 0; start < order.length; start += batchSize) {
      signal?.throwIfAborted();
      const members = order.slice(start, start + batchSize);
      const logits = await this.score(members.map(({ window }) => window));
      for (const [row, { question, window }] of members.entries()) {
        const limits = { first: window.first, count: window.words.length, longest: longestAnswer };
        const { spans, none } = bestSpans(logits.starts[row], logits.ends[row], limits);
        const own = found[question];
        own.none = Math.min(own.none, none);
        own.add(window, spans, candidates);
      }
    }
    const answers = found.map((own) => {
      const best = own.best(candidates);
      const plain = best.map(({ text, start, end, score }) => ({ text, start, end, score }));
      return {
        ...plain[0],
        candidates: plain,
        none: own.none,
        ...(attention && { attention: this.look(best[0].window) }),
      };
    });
    return 'question' in given ? answers[0] : answers;
  }

  /**
   * Exact match and F1 as of SQuAD, with the answers. With questions that have no answer, none is given where `none` is above `score`.
   *
   * @throws as `answer`, and if there are no questions
   */
  async evaluate(
    questions: readonly AnsweredQuestion[],
    options: Omit<AnswerOptions, 'candidates' | 'attention'> = {},
  ): Promise<AnswererEvaluation> {
    const answers = await this.answer(questions, options);
    const mayBeNone = questions.some((asked) => asked.answers.length === 0);
    const compared = answers.map(({ text, score, none }, i) => ({
      answer: mayBeNone && none > score ? '' : text,
      references: questions[i].answers.map((answer) => answer.text),
    }));
    return { ...answerMatch(compared), answers };
  }

  /**
   * Saves what Hugging Face's transformers open as `BertForQuestionAnswering`, with its tokenizer.
   *
   * @param folder a path (see `startBackend` of @heed/node) or a folder
   */
  async save(folder: Folder | string): Promise<void> {
    await savePublished(openFolder(folder), this.model, bertQuestionAnsweringNames, this.encoder, {
      architectures: ['BertForQuestionAnswering'],
    });
  }

  /** Reads what `save` wrote. @throws as `fromPretrained` */
  static load(folder: Folder | string): Promise<QuestionAnswerer> {
    return QuestionAnswerer.fromPretrained(openFolder(folder));
  }

  /** Frees the weights. */
  dispose(): void {
    this.model.dispose(); // the encoder's BERT is a part of it
  }

  private read(owner: string, { question, context }: AskedQuestion, position: number, stride?: number): BertQuestion[] {
    for (const [name, text] of Object.entries({ question, context })) {
      if (!/\S/.test(text)) {
        throw new Error(`${owner}: ${name} must not be empty, got ${JSON.stringify(text)} in question ${position}`);
      }
    }
    if (stride !== undefined && (!Number.isInteger(stride) || stride < 0)) {
      throw new Error(`${owner}: stride must be a whole number, got ${stride}`);
    }
    const windows = this.encoder.readQuestion(owner, question, context, stride);
    if (windows[0].words.length === 0) {
      throw new Error(`${owner}: context must have a word, got ${JSON.stringify(context)} in question ${position}`);
    }
    return windows;
  }

  /** The logits of windows, each [L]. */
  private async score(windows: readonly BertQuestion[]): Promise<{ starts: number[][]; ends: number[][] }> {
    const batch = batchTensors(batchOf(windows));
    const logits = this.model.forward(batch as unknown as TokenBatch);
    try {
      const [starts, ends] = await Promise.all([logits.starts.array(), logits.ends.array()]);
      return { starts, ends };
    } finally {
      tf.dispose([logits, batch]);
    }
  }

  /** What a window's tokens looked at. */
  private look(window: BertQuestion): LabelledMap[] {
    const batch = batchTensors(batchOf([window]));
    const { result, maps } = capture(() => this.model.forward(batch as unknown as TokenBatch));
    const { pieces } = window;
    const labelled = maps.map((map) => labelMap(map, { rows: pieces, columns: pieces }));
    tf.dispose([result, ...maps.map(({ weights }) => weights), batch]);
    return labelled;
  }
}

function batchOf(windows: readonly BertQuestion[]) {
  return questionWindowBatch(windows, Math.max(...windows.map(({ ids }) => ids.length)));
}

/** The first of the right answers, as characters. @throws unless all stand where they are said to */
function requireAnswer(owner: string, { context, answers }: AnsweredQuestion, position: number) {
  for (const { text, start } of answers) {
    const there = context.slice(start, start + text.length);
    if (text.trim() === '' || there !== text) {
      throw new Error(
        `${owner}: an answer must stand at its start, got ${JSON.stringify(text)} where the context of question ${position} has ${JSON.stringify(there)}`,
      );
    }
  }
  return answers.length === 0 ? undefined : { start: answers[0].start, end: answers[0].start + answers[0].text.length };
}

/** The first and last piece of an answer in a window, or twice `[CLS]` where the window has not all of it. */
function placeOf(answer: { start: number; end: number } | undefined, { first, words }: BertQuestion) {
  const none = { start: 0, end: 0 };
  if (answer === undefined) return none;
  const start = words.findIndex((word) => word.end > answer.start);
  const end = words.findLastIndex((word) => word.start < answer.end);
  const whole = start >= 0 && end >= start && words[start].start <= answer.start && words[end].end >= answer.end;
  return whole ? { start: first + start, end: first + end } : none;
}

function* numbersOf(windows: readonly AnsweredWindow[]): Generator<number> {
  for (const { ids, start, end } of windows) {
    yield* ids;
    yield -1 - start;
    yield -1 - end;
  }
}
