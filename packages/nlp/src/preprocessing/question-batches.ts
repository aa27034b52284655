import { IGNORED, type NextTokenBatches } from '@heed/tasks';
import { dataLoader, fingerprint } from '@heed/training';

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

/**
 * Questions with their answers for a causal model, in another order every epoch: only the answers count in the loss. What is left over at an
 * epoch's end waits for another.
 *
 * @throws if there are fewer questions than a batch has, a question or answer is empty, or they differ in length together
 */
export function questionBatches(
  questions: readonly Question[],
  { batchSize, seed }: QuestionBatchesOptions,
): NextTokenBatches {
  if (!Number.isInteger(batchSize) || batchSize < 1 || batchSize > questions.length) {
    throw new Error(
      `questionBatches: batchSize must be an integer from 1 to ${questions.length} questions, got ${batchSize}`,
    );
  }
  const lengthOf = ({ question, answer }: Question) => question.length + answer.length;
  const wrong = questions.find(
    (each) => each.question.length === 0 || each.answer.length === 0 || lengthOf(each) !== lengthOf(questions[0]),
  );
  if (wrong !== undefined) {
    throw new Error(
      `questionBatches: questions with their answers must be of one length, none empty, got ${wrong.question.length} + ` +
        `${wrong.answer.length} tokens beside ${lengthOf(questions[0])}`,
    );
  }
  const data = dataLoader({
    examples: questions.length,
    batchSize,
    seed,
    dropLast: true,
    make: (members) => {
      const chosen = members.map((index) => questions[index]);
      const rows = chosen.map(({ question, answer }) => [...question, ...answer]);
      const targets = chosen.map(({ question, answer }) => [...question.slice(1).fill(IGNORED), ...answer]);
      const shape = [batchSize, rows[0].length - 1] as const;
      return {
        tokens: { data: Int32Array.from(rows.flatMap((row) => row.slice(0, -1))), shape },
        targets: { data: Int32Array.from(targets.flat()), shape },
      };
    },
  });
  const numbers = questions.flatMap(({ question, answer }) => [...question, -1, ...answer]);
  return Object.assign(data, { fingerprint: `${questions.length} questions, ${fingerprint(numbers)}` });
}
