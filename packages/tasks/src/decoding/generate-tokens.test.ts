import { Module, type KeyValueCache } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { beamContinuations } from './beam-continuations.ts';
import type { CausalModel } from './causal-model.ts';
import { generateTokens, type GenerateTokensOptions } from './generate-tokens.ts';

/** What follows 0, 1, 2 and 3: after 0 the likeliest is 1, after which nothing is likely; what 2 leads to is nearly certain. */
const ODDS = [
  [0.05, 0.5, 0.4, 0.05],
  [0.25, 0.25, 0.2, 0.3],
  [0.01, 0.01, 0.01, 0.97],
  [0.97, 0.01, 0.01, 0.01],
];

/** The next token follows from the last alone. */
class Bigrams extends Module implements CausalModel {
  readonly config = { vocabularySize: 4, maximumLength: 8 };
  readonly layers: readonly Module[] = [];
  readonly logits = tf.variable(tf.log(tf.tensor2d(ODDS)));

  next(tokens: tf.Tensor2D): tf.Tensor2D {
    const [batch, length] = tokens.shape;
    return tf.tidy(() => tf.gather(this.logits, tf.reshape(tf.slice(tokens, [0, length - 1], [batch, 1]), [batch])));
  }

  createCaches(): KeyValueCache[] {
    return [];
  }
}
const model = new Bigrams();

async function generate(prompts: readonly (readonly number[])[], options: GenerateTokensOptions) {
  const rows = prompts.map(() => ({ tokens: [] as number[], logProbability: 0 }));
  for await (const step of generateTokens(model, prompts, options)) {
    for (const [row, next] of step.entries()) {
      if (next === undefined) continue;
      rows[row].tokens.push(next.token);
      rows[row].logProbability += next.logProbability;
    }
  }
  return rows;
}

describe('generateTokens', () => {
  it('takes the likeliest token at every step at temperature 0, with its log-probability', async () => {
    const [first, second] = await generate([[0], [2]], { maximumTokens: 3, temperature: 0 });
    expect(first.tokens).toEqual([1, 3, 0]);
    expect(first.logProbability).toBeCloseTo(Math.log(0.5 * 0.3 * 0.97), 4);
    expect(second.tokens).toEqual([3, 0, 1]);
    expect(second.logProbability).toBeCloseTo(Math.log(0.97 * 0.97 * 0.5), 4);
  });

  it('draws tokens as often as their probabilities say', async () => {
    const prompts = Array.from({ length: 2000 }, () => [0]);
    const drawn = (await generate(prompts, { maximumTokens: 1, seed: 3 })).map(({ tokens }) => tokens[0]);
    const share = (token: number) => drawn.filter((one) => one === token).length / drawn.length;
    // four standard deviations of a share of 2,000 draws: 4 √(p (1 − p) / 2000)
    for (const [token, p] of ODDS[0].entries())
      expect(Math.abs(share(token) - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / 2000));
  });

  it('ends a sequence at an end token, which is not given', async () => {
    const [first, second] = await generate([[0], [2]], { maximumTokens: 3, temperature: 0, end: [3] });
    expect([first.tokens, second.tokens]).toEqual([[1], []]);
  });

  it('refuses prompts of several lengths and tokens that the model does not know', async () => {
    await expect(generate([[0], [1, 2]], { maximumTokens: 1 })).rejects.toThrow('got lengths 1, 2');
    await expect(generate([[4]], { maximumTokens: 1 })).rejects.toThrow('tokens must be integers in [0, 4), got 4');
  });
});

describe('beamContinuations', () => {
  it('finds the likeliest continuation where the likeliest first token does not lead to it', async () => {
    const search = { end: 3, maximumLength: 4 };
    const [greedy] = await beamContinuations(model, [1, 0], { ...search, beams: 1 });
    expect(greedy.symbols).toEqual([1]);
    expect(greedy.logProbability).toBeCloseTo(Math.log(0.5 * 0.3), 4);
    const [best] = await beamContinuations(model, [1, 0], { ...search, beams: 2 });
    expect(best).toMatchObject({ symbols: [2], ended: true });
    expect(best.logProbability).toBeCloseTo(Math.log(0.4 * 0.97), 4);
  });
});
