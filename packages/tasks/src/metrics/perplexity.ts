/**
 * How many equally likely tokens a model hesitates between on average: exp(−mean ln p). A model that knows nothing of V tokens has V.
 *
 * @param logProbabilities ln p of each token that was right
 * @throws if there are none, or one is above 0 or NaN
 *
 * @example
 * ```ts
 * import { perplexity } from '@heed/tasks';
 * perplexity([Math.log(0.5), Math.log(0.125)]); // 4
 * ```
 */
export function perplexity(logProbabilities: readonly number[]): number {
  if (logProbabilities.length === 0) throw new Error('perplexity: at least one token is needed, got none');
  const wrong = logProbabilities.find((value) => !(value <= 0));
  if (wrong !== undefined) throw new Error(`perplexity: a logarithm of a probability must be at most 0, got ${wrong}`);
  return Math.exp(-logProbabilities.reduce((sum, value) => sum + value, 0) / logProbabilities.length);
}
