import { Random } from '@heed/attention-core';
import { epochBatches } from './epoch-batches.ts';
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

  /** @throws if there are fewer questions than a batch has, a question or answer is empty, or they differ in length together */
  constructor(
    private readonly questions: readonly Question[],
    private readonly options: QuestionBatchesOptions,
  ) {
    const { batchSize } = options;
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
    this.perEpoch = Math.floor(questions.length / batchSize); // what is left over waits for another epoch
    this.fingerprint = fingerprintOf(questions.flatMap(({ question, answer }) => [...question, -1, ...answer]));
  }

  epoch(number: number): Iterable<WindowBatch> & { skip(count: number): Iterable<WindowBatch> } {
    return epochBatches((skipped) => this.generate(number, skipped));
  }

  private *generate(epoch: number, skipped: number): Generator<WindowBatch> {
    const { batchSize, seed } = this.options;
    const order = new Random(seed).fork(`epoch ${epoch}`).shuffle(this.questions);
    for (let batch = skipped; batch < this.perEpoch; batch++) {
      const members = order.slice(batch * batchSize, (batch + 1) * batchSize);
      const rows = members.map(({ question, answer }) => [...question, ...answer]);
      const asked = members.map(({ question, answer }) => [...question.slice(1).fill(IGNORED), ...answer]);
      const shape = [batchSize, rows[0].length - 1];
      yield {
        tokens: { data: Int32Array.from(rows.flatMap((row) => row.slice(0, -1))), shape },
        targets: { data: Int32Array.from(asked.flat()), shape },
      };
    }
  }
}
