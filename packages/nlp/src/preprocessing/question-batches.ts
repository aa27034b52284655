import { dataLoader, type DataLoader, type SyncEpochBatches } from '@heed/training';
import { IGNORED } from './sequence-batches.ts';
import { fingerprintOf, type NextTokenBatches, type WindowBatch } from './text-windows.ts';

/** Tokens that are given, and those that should follow. */
export interface Question {
  readonly question: readonly number[];
  readonly answer: readonly number[];
}

export interface QuestionBatchesOptions {
  readonly batchSize: number;
  /** Decides the order of every epoch. */
  readonly seed: number;
}

/** Questions with their answers for a causal model, in another order every epoch: only the answers count in the loss. */
export class QuestionBatches implements NextTokenBatches {
  readonly perEpoch: number;
  readonly fingerprint: string;
  private readonly data: DataLoader<SyncEpochBatches<WindowBatch>>;

  /** @throws if there are fewer questions than a batch has, a question or answer is empty, or they differ in length together */
  constructor(questions: readonly Question[], { batchSize, seed }: QuestionBatchesOptions) {
    if (!Number.isInteger(batchSize) || batchSize < 1 || batchSize > questions.length) {
      throw new Error(
        `QuestionBatches: batchSize must be an integer from 1 to ${questions.length} questions, got ${batchSize}`,
      );
    }
    const lengthOf = ({ question, answer }: Question) => question.length + answer.length;
    const wrong = questions.find(
      (each) => each.question.length === 0 || each.answer.length === 0 || lengthOf(each) !== lengthOf(questions[0]),
    );
    if (wrong !== undefined) {
      throw new Error(
        `QuestionBatches: questions with their answers must be of one length, none empty, got ${wrong.question.length} + ` +
          `${wrong.answer.length} tokens beside ${lengthOf(questions[0])}`,
      );
    }
    this.data = dataLoader({
      examples: questions.length,
      batchSize,
      seed,
      dropLast: true, // what is left over waits for another epoch
      make: (members) => questionBatch(members.map((index) => questions[index])),
    });
    this.perEpoch = this.data.perEpoch;
    this.fingerprint = fingerprintOf(questions.flatMap(({ question, answer }) => [...question, -1, ...answer]));
  }

  epoch(number: number): Iterable<WindowBatch> & { skip(count: number): Iterable<WindowBatch> } {
    return this.data(number);
  }
}

function questionBatch(questions: readonly Question[]): WindowBatch {
  const rows = questions.map(({ question, answer }) => [...question, ...answer]);
  const asked = questions.map(({ question, answer }) => [...question.slice(1).fill(IGNORED), ...answer]);
  const shape = [questions.length, rows[0].length - 1] as const;
  return {
    tokens: { data: Int32Array.from(rows.flatMap((row) => row.slice(0, -1))), shape },
    targets: { data: Int32Array.from(asked.flat()), shape },
  };
}
