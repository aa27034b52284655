import { beamContinuations, generateTokens, type GenerateTokensOptions } from '@heed/tasks';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { createGpt, type GptConfig } from './gpt.ts';

const config: GptConfig = {
  vocabularySize: 11,
  maximumLength: 8,
  modelWidth: 8,
  layers: 2,
  heads: 2,
  feedForwardWidth: 16,
  epsilon: 1e-5,
  dropout: 0,
  attentionDropout: 0,
};
const model = createGpt(config, 3);
// an untrained model is indifferent; this one has opinions
for (const { variable } of model.namedParameters()) tf.tidy(() => variable.assign(tf.mul(variable, 6)));

const prompts = [
  [1, 7, 4],
  [3, 5, 2],
];
const run = async (given: readonly (readonly number[])[], options: Partial<GenerateTokensOptions> = {}) => {
  const found = given.map(() => ({ tokens: [] as number[], logProbability: 0 }));
  for await (const step of generateTokens(model, given, { maximumTokens: 12, ...options })) {
    for (const [row, next] of step.entries()) {
      if (next === undefined) continue;
      found[row].tokens.push(next.token);
      found[row].logProbability += next.logProbability;
    }
  }
  return found;
};
const tokensOf = async (...args: Parameters<typeof run>) => (await run(...args)).map(({ tokens }) => tokens);

/** ln p of every next token, the model being asked anew about its last 8 tokens. */
const askAnew = (tokens: readonly number[]) =>
  tf
    .tidy(() => {
      const seen = tf.tensor2d([tokens.slice(-8)], undefined, 'int32');
      return tf.squeeze(tf.slice(tf.logSoftmax(model.forward(seen)), [0, seen.size - 1, 0]));
    })
    .arraySync() as number[];

describe('generateTokens', () => {
  it('takes the likeliest token at every step at temperature 0, beyond the positions of the model too', async () => {
    const [{ tokens, logProbability }] = await run([prompts[0]], { temperature: 0 });
    const expected = [...prompts[0]];
    let sum = 0;
    for (let i = 0; i < 12; i++) {
      const all = askAnew(expected);
      expected.push(all.indexOf(Math.max(...all)));
      sum += Math.max(...all);
    }
    expect(tokens).toEqual(expected.slice(3));
    expect(logProbability).toBeCloseTo(sum, 4);
  });

  it.each([{ temperature: 0 }, { seed: 5 }, { seed: 5, temperature: 1.5, topK: 6, repetitionPenalty: 1.4 }])(
    'gives with the cache what it gives without (%j)',
    async (options) => {
      const cached = await run(prompts, options);
      const plain = await run(prompts, { ...options, cache: false });
      expect(cached.map(({ tokens }) => tokens)).toEqual(plain.map(({ tokens }) => tokens));
      for (const [i, { logProbability }] of cached.entries()) {
        expect(logProbability).toBeCloseTo(plain[i].logProbability, 4);
      }
    },
  );

  it('draws the same under the same seed, and other tokens under another', async () => {
    expect(await tokensOf(prompts, { seed: 1 })).toEqual(await tokensOf(prompts, { seed: 1 }));
    expect(await tokensOf(prompts, { seed: 1 })).not.toEqual(await tokensOf(prompts, { seed: 2 }));
  });

  it('draws the same tokens on every backend', async () => {
    // what the native backend drew; WASM and cpu, on which this test runs too, must draw it again
    expect(await tokensOf([prompts[0]], { seed: 5, maximumTokens: 8 })).toEqual([[10, 10, 9, 10, 10, 4, 4, 4]]);
  });

  it('treats the sequences of a batch independently', async () => {
    const [together] = await tokensOf(prompts, { seed: 4, end: [9] });
    const [alone] = await tokensOf([prompts[0]], { seed: 4, end: [9] });
    expect(together).toEqual(alone);
  });

  it('ends a sequence at an end token, which is not given, and goes on with the others', async () => {
    const [long, other] = await tokensOf(prompts, { seed: 1 });
    const end = [long[3]];
    const before = (tokens: number[]) => (tokens.includes(end[0]) ? tokens.slice(0, tokens.indexOf(end[0])) : tokens);
    const ended = await tokensOf(prompts, { seed: 1, end });
    expect(ended).toEqual([before(long), before(other)]);
    expect(ended[0].length).toBeLessThan(12);
  });

  it('gives tokens as they come, and stops with the reason of its signal', async () => {
    const controller = new AbortController();
    const seen: number[] = [];
    const stream = async () => {
      for await (const [next] of generateTokens(model, [prompts[0]], { maximumTokens: 9, signal: controller.signal })) {
        seen.push(next!.token);
        if (seen.length === 3) controller.abort(new Error('enough'));
      }
    };
    await expect(stream()).rejects.toThrow('enough');
    expect(seen).toHaveLength(3);
  });

  it('frees every tensor: at the end, when it is aborted, and when nobody asks for more', async () => {
    const before = tf.memory().numTensors;
    await run(prompts);
    await run(prompts, { cache: false });
    await expect(run(prompts, { signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no');
    for await (const _ of generateTokens(model, prompts, { maximumTokens: 5 })) break;
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([
    [[], {}, 'generateTokens: at least one prompt is needed, got none'],
    [[[]], {}, 'generateTokens: prompts must be of one length, at least one token, got lengths 0'],
    [[[1], [1, 2]], {}, 'generateTokens: prompts must be of one length, at least one token, got lengths 1, 2'],
    [[[1, 11]], {}, 'generateTokens: tokens must be integers in [0, 11), got 11'],
    [[[1.5]], {}, 'generateTokens: tokens must be integers in [0, 11), got 1.5'],
    [[[1]], { maximumTokens: 0 }, 'generateTokens: maximumTokens must be a positive integer, got 0'],
    [[[1]], { topP: 2 }, 'logitsFilters: topP must be in (0, 1], got 2'],
    [[[1]], { seed: -1 }, 'Random: seed must be a non-negative safe integer, got -1'],
  ])('refuses prompts %j with %j', async (given, options, message) => {
    await expect(run(given, options)).rejects.toThrow(message);
  });
});

describe('beamContinuations', () => {
  const END = 0;

  it('finds what trying every continuation finds', async () => {
    const tried: { symbols: number[]; logProbability: number; ended: boolean }[] = [];
    const grow = (symbols: number[], logProbability: number): void => {
      if (symbols.length === 2) return void tried.push({ symbols, logProbability, ended: false });
      const all = askAnew([...prompts[0], ...symbols]);
      for (const [token, value] of all.entries()) {
        if (token === END) tried.push({ symbols, logProbability: logProbability + value, ended: true });
        else grow([...symbols, token], logProbability + value);
      }
    };
    grow([], 0);
    const best = tried
      .filter(({ symbols, ended }) => ended || symbols.length === 2)
      .sort((a, b) => Number(b.ended) - Number(a.ended) || b.logProbability - a.logProbability)
      .slice(0, 30);
    const found = await beamContinuations(model, prompts[0], { end: END, maximumLength: 2, beams: 110 });
    expect(found.slice(0, 30).map(({ symbols }) => symbols)).toEqual(best.map(({ symbols }) => symbols));
    expect(found.slice(0, 30).map(({ logProbability }) => logProbability)).toBeAllClose(
      best.map(({ logProbability }) => logProbability),
      { absolute: 1e-5 },
    );
  });

  it('with one beam is the likeliest token at every step, from a prompt of one token too', async () => {
    for (const prompt of [prompts[0], [6]]) {
      const [{ symbols }] = await beamContinuations(model, prompt, { end: -1, maximumLength: 5, beams: 1 });
      expect([symbols]).toEqual(await tokensOf([prompt], { temperature: 0, maximumTokens: 5 }));
    }
  });

  it('finds more continuations in groups that avoid each other, with the log-probabilities of the model', async () => {
    const search = (diversity: number) =>
      beamContinuations(model, prompts[0], { end: -1, maximumLength: 4, beams: 4, groups: 2, diversity });
    expect(await search(0)).toHaveLength(2);
    const apart = await search(5);
    expect(apart).toHaveLength(4);
    for (const { symbols, logProbability } of apart) {
      const steps = symbols.map((token, i) => askAnew([...prompts[0], ...symbols.slice(0, i)])[token]);
      expect(logProbability).toBeCloseTo(
        steps.reduce((sum, value) => sum + value, 0),
        4,
      );
    }
  });

  it('frees every tensor', async () => {
    const before = tf.memory().numTensors;
    await beamContinuations(model, prompts[0], { end: END, maximumLength: 5, beams: 3 });
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses what does not fit into the positions of the model', async () => {
    const options = { end: END, maximumLength: 6, beams: 2 };
    await expect(beamContinuations(model, prompts[0], options)).rejects.toThrow(
      'beamContinuations: prompt and maximumLength must fit into 8 tokens, got 3 + 6',
    );
  });
});
