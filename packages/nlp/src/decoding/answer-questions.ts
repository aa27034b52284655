import { generateTokens, type CausalModel } from '@heed/tasks';

/**
 * What a model says to questions of one length: the likeliest token at every step.
 *
 * @param questions of the same length, at least one token each
 * @param length tokens of every answer
 * @returns for each question its answer
 * @throws as `generateTokens`
 *
 * @example
 * ```ts
 * import { answerQuestions, createGpt, gptPresets } from '@heed/nlp';
 * const gpt = createGpt({ ...gptPresets['shakespeare-char'], layers: 1 }, 7);
 * await answerQuestions(gpt, [[1, 2], [3, 4]], 3); // two answers of three tokens
 * ```
 */
export async function answerQuestions(
  model: CausalModel,
  questions: readonly (readonly number[])[],
  length: number,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<number[][]> {
  const answers = questions.map((): number[] => []);
  for await (const step of generateTokens(model, questions, { maximumTokens: length, temperature: 0, signal })) {
    for (const [row, next] of step.entries()) answers[row].push(next!.token);
  }
  return answers;
}
