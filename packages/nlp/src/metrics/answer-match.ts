import { countNgrams, lowerCase, matchNgrams, PYTHON_WORD, splitSpaces } from '@heed/tasks';

export interface AnswerMatch {
  /** Share of the questions whose answer is, but for case, punctuation and articles, one of those that are right. */
  readonly exact: number;
  /** Mean over the questions of F1 by words, with the right answer that fits best. */
  readonly f1: number;
}

/**
 * How well answers match those that are right: exact match and F1 of SQuAD (Rajpurkar et al. 2016, 2018). No answer is right, as the empty text, where
 * `references` are none.
 *
 * @throws if there are no answers
 *
 * @example
 * ```ts
 * import { answerMatch } from '@heed/nlp';
 * answerMatch([{ answer: 'the Eiffel tower', references: ['Eiffel Tower', 'tower'] }]); // { exact: 1, f1: 1 }
 * ```
 */
export function answerMatch(
  answers: readonly { readonly answer: string; readonly references: readonly string[] }[],
): AnswerMatch {
  if (answers.length === 0) throw new Error('answerMatch: at least one answer is needed, got none');
  const scores = answers.map(({ answer, references }) => {
    const told = wordsOf(answer);
    const right = references.length === 0 ? [[]] : references.map(wordsOf);
    return {
      exact: right.some((words) => words.join(' ') === told.join(' ')) ? 1 : 0,
      f1: Math.max(...right.map((words) => wordF1(told, words))),
    };
  });
  const mean = (of: keyof AnswerMatch) => scores.reduce((sum, score) => sum + score[of], 0) / scores.length;
  return { exact: mean('exact'), f1: mean('f1') };
}

const ARTICLE = new RegExp(`(?<![${PYTHON_WORD}])(?:a|an|the)(?![${PYTHON_WORD}])`, 'gu');

/** As SQuAD's script: lower case, without ASCII punctuation, then without English articles. */
function wordsOf(text: string): string[] {
  const withoutSigns = lowerCase(text).replaceAll(/[!-/:-@[-`{-~]/g, '');
  return splitSpaces(withoutSigns.replaceAll(ARTICLE, ' '));
}

function wordF1(told: readonly string[], right: readonly string[]): number {
  if (told.length === 0 || right.length === 0) return told.length === right.length ? 1 : 0;
  const { matches } = matchNgrams(countNgrams(told, 1), countNgrams(right, 1));
  return (2 * matches) / (told.length + right.length);
}
