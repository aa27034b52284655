import { requireIntegers, labelMap, Random, type LabelledMap } from '@heed/attention-core';
import { disposeOnFailure, requireTexts, Task, type FitHistory, type SavedFiles, type TaskParts } from '@heed/tasks';
import { dataLoader, fingerprint, loadPretrained, openPretrained, type FileSource } from '@heed/training';
import type { AnsweredQuestion } from '../../datasets/answered-question.ts';
import { answerMatch } from '../../metrics/answer-match.ts';
import { BertEncoder } from '../../models/bert-encoder/bert-encoder.ts';
import { BertQuestionAnswering } from '../../models/bert/bert-question-answering.ts';
import { bertBodyNames, bertQuestionAnsweringNames } from '../../models/bert/bert.names.ts';
import {
  answeredWindowBatch,
  questionWindowBatch,
  type AnsweredWindow,
  type AnsweredWindowBatch,
} from '../../preprocessing/answer-batch.ts';
import { publishedFiles } from '../published-bert.ts';
import {
  questionAnswererRecipe,
  questionAnswererSchema,
  type AnswererEvaluation,
  type AnswerOptions,
  type AskedQuestion,
  type FoundAnswer,
  type PretrainedAnswererOptions,
  type QuestionAnswererConfig,
  type QuestionAnswererFitOptions,
} from './question-answerer-config.ts';
import { answeredWindow, bestAnswers, questionWindows, windowAnswers, type ReadWindow } from './question-windows.ts';

interface AnswererParts extends TaskParts {
  readonly model: BertQuestionAnswering;
  readonly encoder: BertEncoder;
}

/**
 * Answers questions by pointing at a part of a text (Devlin et al. 2019, §4.2), as the pipeline 'question-answering' of transformers.js, and of Python's
 * transformers up to 4, does with the same weights: texts of any length are read in windows, and answers are whole words, ideographs each one.
 *
 * `fit` uses AdamW with a learning rate of 0.00003, which rises over the first tenth of the run and is then decayed linearly; 2 epochs, batches of 16,
 * weight decay 0.01, gradients clipped to norm 1.
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
export class QuestionAnswerer extends Task<QuestionAnswererConfig, AnswererParts> {
  static readonly kind = { name: 'QuestionAnswerer', schema: questionAnswererSchema };

  /** For `fromPretrained` and `load`, which bring the weights. @throws if an option is unknown or out of range, naming it and its value */
  constructor(config: Pick<QuestionAnswererConfig, 'maximumTokens'> & Partial<QuestionAnswererConfig>) {
    super(QuestionAnswerer.kind, config);
  }

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
    return disposeOnFailure(encoder, async () => {
      const answerer = new QuestionAnswerer({ maximumTokens: encoder.maximumTokens, seed });
      return answerer.adopt(answerer.withHead(encoder), async (parts) => {
        const { architectures } = encoder.config;
        const answers = Array.isArray(architectures) && architectures.includes('BertForQuestionAnswering');
        const optional = [/pooler/]; // some files have none, and it is not used here
        if (answers) await loadPretrained(source, parts.model, bertQuestionAnsweringNames, { optional });
        else await loadPretrained(source, encoder.bert, bertBodyNames, { optional });
        return parts;
      });
    });
  }

  /**
   * Trains on questions with their answers. Every window of a text is learnt from: where it has the whole answer, that is pointed at, else none.
   *
   * @throws if there are no questions, one or its text is empty, an answer does not stand where it is said to, or a checkpoint is of another run
   */
  async fit(questions: readonly AnsweredQuestion[], options: QuestionAnswererFitOptions = {}): Promise<FitHistory> {
    const owner = 'QuestionAnswerer.fit';
    const { validation, buckets = 2, stride } = options;
    const { model, encoder } = this.require('fit');
    if (questions.length === 0) throw new Error(`${owner}: at least one question is needed, got none`);
    const read = (asked: readonly AnsweredQuestion[]) =>
      asked.flatMap((question, i) => {
        const answer = requireAnswer(owner, question, i);
        return readWindows(owner, encoder, question, i, stride).map((window) => answeredWindow(window, answer));
      });
    return this.train<AnsweredWindowBatch>(
      options,
      questionAnswererRecipe,
      () => this.require('fit'),
      (_, { batchSize }) => {
        const windows = read(questions);
        if (validation !== undefined) read(validation);
        return {
          loss: (batch, { random }) => model.loss(batch, { random }),
          data: dataLoader({
            examples: windows.map(({ ids }) => ids.length),
            batchSize,
            buckets,
            seed: this.config.seed,
            make: (members, { length }) =>
              answeredWindowBatch(
                members.map((index) => windows[index]),
                length,
              ),
          }),
          identity: { buckets, data: `${questions.length} questions, ${fingerprint(numbersOf(windows))}` },
          evaluation: validation && {
            run: async () => {
              const { exact, f1 } = await this.evaluate(validation, { ...(stride !== undefined && { stride }) });
              return { exact, f1 };
            },
            monitor: 'f1',
            goal: 'max',
          },
        };
      },
    );
  }

  /**
   * Answers a question, or several.
   *
   * @throws if a question or its text is empty or no text, a question leaves no room for its text, or an option is out of range
   */
  answer(asked: AskedQuestion, options?: AnswerOptions): Promise<FoundAnswer>;
  answer(asked: readonly AskedQuestion[], options?: AnswerOptions): Promise<FoundAnswer[]>;
  async answer(
    input: AskedQuestion | readonly AskedQuestion[],
    options: AnswerOptions = {},
  ): Promise<FoundAnswer | FoundAnswer[]> {
    if (!Array.isArray(input)) return (await this.answer([input as AskedQuestion], options))[0];
    const owner = 'QuestionAnswerer.answer';
    const questions = input as readonly AskedQuestion[];
    const { candidates = 1, longestAnswer = 15, stride, attention = false, batchSize = 16, signal } = options;
    const { model, encoder } = this.require('answer');
    requireIntegers(owner, { candidates, longestAnswer });
    const windows = questions.flatMap((asked, question) =>
      readWindows(owner, encoder, asked, question, stride).map((window) => ({ question, window })),
    );
    const limits = { count: candidates, longest: longestAnswer };
    const said = await this.predictInBatches(
      'answer',
      windows,
      {
        size: ({ window }) => window.ids.length,
        maximumSize: encoder.maximumTokens,
        batch: (chosen, length) =>
          questionWindowBatch(
            chosen.map(({ window }) => window),
            length,
          ),
        forward: (batch) => model.forward(batch), // starts and ends, [B, L]
        result: ({ starts, ends }, { question, window }) => ({
          question,
          ...windowAnswers(questions[question].context, window, { starts: starts.data, ends: ends.data }, limits),
        }),
      },
      { batchSize, signal },
    );
    const ofQuestion = questions.map((): (typeof said)[number][] => []);
    for (const each of said) ofQuestion[each.question].push(each);
    const found = ofQuestion.map((each) => bestAnswers(each, candidates));
    const maps = attention
      ? await this.look(
          found.map(({ window }) => window),
          batchSize,
          signal,
        )
      : undefined;
    return found.map(({ answers, none }, i) => ({
      ...answers[0],
      candidates: answers,
      none,
      ...(maps && { attention: maps[i] }),
    }));
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

  /** As Hugging Face's `BertForQuestionAnswering`. */
  protected describe({ encoder }: AnswererParts) {
    return publishedFiles(encoder, bertQuestionAnsweringNames, { architectures: ['BertForQuestionAnswering'] });
  }

  protected async restore({ source }: SavedFiles): Promise<AnswererParts> {
    const { maximumTokens, seed } = this.config;
    const options = { pooling: 'cls', otherwise: 'cls', maximumTokens, seed } as const;
    return this.withHead(await BertEncoder.open('QuestionAnswerer.load', source, options));
  }

  private withHead(encoder: BertEncoder): AnswererParts {
    return { model: new BertQuestionAnswering(encoder.bert, new Random(this.config.seed).fork('head')), encoder };
  }

  /** What the tokens of windows looked at. */
  private look(windows: readonly ReadWindow[], batchSize: number, signal?: AbortSignal): Promise<LabelledMap[][]> {
    const { model } = this.require('answer');
    return this.predictInBatches(
      'answer',
      windows,
      {
        size: ({ ids }) => ids.length,
        batch: questionWindowBatch,
        forward: (batch) => model.forward(batch),
        result: (_, { pieces }, row, maps) =>
          maps.map((map) => labelMap(map, { batch: row, rows: pieces, columns: pieces })),
      },
      { batchSize, signal, attention: true },
    );
  }
}

function readWindows(
  owner: string,
  encoder: BertEncoder,
  { question, context }: AskedQuestion,
  position: number,
  stride?: number,
): ReadWindow[] {
  for (const [name, text] of Object.entries({ question, context })) {
    requireTexts(`${owner}: question ${position}`, [text], name);
    if (!/\S/.test(text)) {
      throw new Error(`${owner}: ${name} must not be empty, got ${JSON.stringify(text)} in question ${position}`);
    }
  }
  if (stride !== undefined && (!Number.isInteger(stride) || stride < 0)) {
    throw new Error(`${owner}: stride must be a whole number, got ${stride}`);
  }
  const windows = questionWindows(owner, encoder, { question, context }, stride);
  if (windows[0].words.length === 0) {
    throw new Error(`${owner}: context must have a word, got ${JSON.stringify(context)} in question ${position}`);
  }
  return windows;
}

/** The first of the right answers, as characters. @throws unless all stand where they are said to */
function requireAnswer(owner: string, { context, answers }: AnsweredQuestion, position: number) {
  for (const { text, start } of answers) {
    const there = String(context).slice(start, start + text.length);
    if (text.trim() === '' || there !== text) {
      throw new Error(
        `${owner}: an answer must stand at its start, got ${JSON.stringify(text)} where the context of question ${position} has ${JSON.stringify(there)}`,
      );
    }
  }
  return answers.length === 0 ? undefined : { start: answers[0].start, end: answers[0].start + answers[0].text.length };
}

function* numbersOf(windows: readonly AnsweredWindow[]): Generator<number> {
  for (const { ids, start, end } of windows) {
    yield* ids;
    yield -1 - start;
    yield -1 - end;
  }
}
