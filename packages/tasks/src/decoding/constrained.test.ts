import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { beamSearch } from './beam-search.ts';
import { constrained } from './constrained.ts';
import { greedySearch } from './greedy-search.ts';
import type { StepwiseModel } from './sequence-model.ts';

const [START, END, UNKNOWN, WORD, OTHER] = [0, 1, 2, 3, 4];
// always the same odds: unknown above the end above a word above another
const logits = [0, 4, 5, 2, 1];
const model: StepwiseModel<undefined, tf.Tensor> = {
  encode: () => undefined,
  begin: () => tf.zeros([1, 1]),
  step: (symbols, state) => ({
    logits: tf.tidy(() => tf.tile(tf.tensor2d([logits]), [symbols.size, 1])),
    state: tf.clone(state),
  }),
};
const batch = { source: tf.tensor2d([[3]], [1, 1], 'int32'), sourceLengths: tf.tensor1d([1], 'int32') };
const options = { start: START, end: END, maximumLength: 6 };
const constraints = { never: [START, UNKNOWN], end: END, minimumLength: 0, maximumLength: 5 };

describe('constrained', () => {
  it('writes what is likeliest of what it may, for as long as it must', async () => {
    const free = constrained(model, constraints);
    expect((await greedySearch(free, batch, options))[0].symbols).toEqual([]);
    const long = constrained(model, { ...constraints, minimumLength: 3 });
    for (const search of [1, 2]) {
      const [found] =
        search === 1
          ? await greedySearch(long, batch, options)
          : (await beamSearch(long, batch, { ...options, beams: 2 }))[0];
      expect(found).toMatchObject({ symbols: [WORD, WORD, WORD], ended: true });
      // three times e² / (e² + e), once e⁴ / (e⁴ + e² + e)
      const word = Math.log(Math.exp(2) / (Math.exp(2) + Math.E));
      const end = Math.log(Math.exp(4) / (Math.exp(4) + Math.exp(2) + Math.E));
      expect(found.logProbability).toBeCloseTo(3 * word + end, 4);
    }
    const strange = constrained(model, { ...constraints, never: [START, UNKNOWN, WORD], minimumLength: 2 });
    expect((await greedySearch(strange, batch, options))[0].symbols).toEqual([OTHER, OTHER]);
  });

  it('ends where it must', async () => {
    const endless = constrained(model, { ...constraints, minimumLength: 4, maximumLength: 4 });
    const [found] = await greedySearch(endless, batch, { ...options, maximumLength: 9 });
    expect(found).toMatchObject({ symbols: [WORD, WORD, WORD, WORD], ended: true });
  });

  it('knows no limit where the maximum is infinite', async () => {
    const endless = constrained(model, { ...constraints, minimumLength: 6, maximumLength: Infinity });
    expect((await greedySearch(endless, batch, options))[0].symbols).toEqual(Array(6).fill(WORD));
  });
});
