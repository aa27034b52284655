import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { attention } from '../../attention/attention.ts';
import { Linear } from '../../layers/linear.ts';
import { causal } from '../../masks/causal.ts';
import { buffer } from '../../module/buffer.ts';
import { Module } from '../../module/module.ts';
import { Random } from '../../random/random.ts';
import { deletionCurve, faithfulness, insertionCurve } from './perturbation.ts';
import { attentionPermutation, parameterRandomisation } from './randomisation.ts';

type Flags = readonly (readonly boolean[])[];
/** A model that adds up the worth of the features it gets. */
const additive = (worth: readonly number[]) => (kept: Flags) =>
  kept.map((flags) => flags.reduce((sum, flag, i) => sum + (flag ? worth[i] : 0), 0));

describe('deletion and insertion', () => {
  it('take away or add the most important features first', async () => {
    const asked: Flags[] = [];
    const options = {
      importance: [0.1, 0.7, 0.2],
      score: (kept: Flags) => {
        asked.push(kept);
        return additive([1, 4, 2])(kept);
      },
    };
    const deletion = await deletionCurve(options);
    expect(asked[0]).toEqual([
      [true, true, true],
      [true, false, true],
      [true, false, false],
      [false, false, false],
    ]);
    expect(deletion.scores).toEqual([7, 3, 1, 0]);
    expect([deletion.area]).toBeAllClose([(5 + 2 + 0.5) / 3]);
    const insertion = await insertionCurve(options);
    expect(insertion.scores).toEqual([0, 4, 6, 7]);
    expect([insertion.area]).toBeAllClose([(2 + 5 + 6.5) / 3]);
  });

  it('move several features a step where fewer steps are asked for', async () => {
    const { fractions, scores } = await deletionCurve({
      importance: [4, 3, 2, 1],
      score: additive([4, 3, 2, 1]),
      steps: 2,
    });
    expect(fractions).toEqual([0, 0.5, 1]);
    expect(scores).toEqual([10, 3, 0]);
  });

  it('tell a faithful importance from chance, and a reversed one is worse than chance', async () => {
    const worth = [5, 1, 0, 0, 3, 0, 0, 1];
    const report = await faithfulness({ importance: worth, score: additive(worth), random: new Random(1), orders: 40 });
    expect(report.deletion.area).toBeLessThan(report.chance.deletion);
    expect(report.insertion.area).toBeGreaterThan(report.chance.insertion);
    // for an additive model any order's expected area is half of the total
    expect(Math.abs(report.chance.deletion - 5)).toBeLessThan(0.6);
    const reversed = await deletionCurve({ importance: worth.map((value) => -value), score: additive(worth) });
    expect(reversed.area).toBeGreaterThan(report.chance.deletion);
  });

  it('reject what cannot be ranked or scored', async () => {
    const score = additive([1]);
    await expect(deletionCurve({ importance: [], score })).rejects.toThrow('at least one feature, got none');
    await expect(deletionCurve({ importance: [NaN], score })).rejects.toThrow('importance must be finite, got NaN');
    await expect(insertionCurve({ importance: [1], score: () => [1] })).rejects.toThrow(
      'one number for each of 2 inputs, got 1',
    );
  });
});

class TwoLayers extends Module {
  readonly layers: Linear[];
  constructor() {
    super();
    const random = new Random(2);
    this.layers = [0, 1].map(() => new Linear({ inputs: 24, outputs: 24, bias: false, random }));
  }
}

describe('parameterRandomisation', () => {
  it('finds that an explanation depends on the weights, from the last layer down, and puts them back', async () => {
    const model = new TwoLayers();
    const before = model.namedParameters().map(({ variable }) => variable.dataSync().slice());
    const tensors = tf.memory().numTensors;
    const ofFirst = await parameterRandomisation({
      model,
      explain: () => model.layers[0].weight.dataSync(),
      random: new Random(1),
    });
    expect(ofFirst.map(({ part }) => part)).toEqual(['layers.1', 'layers.0']);
    expect(ofFirst[0].correlation).toBe(1); // only the other layer is random so far
    expect(Math.abs(ofFirst[1].correlation)).toBeLessThan(0.15); // 576 values: a deviation of 0.04
    expect(model.namedParameters().map(({ variable }) => variable.dataSync())).toEqual(before);
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it('leaves buffers as they are', async () => {
    class Normalised extends Module {
      readonly output = new Linear({ inputs: 2, outputs: 2, random: new Random(1) });
      readonly mean = buffer(Float32Array.of(1, 2, 3, 4), [4]);
    }
    const model = new Normalised();
    const means: number[][] = [];
    const explain = () => {
      means.push([...model.mean.dataSync()]);
      return model.output.weight.dataSync();
    };
    const results = await parameterRandomisation({ model, explain, random: new Random(1) });
    expect(results.map(({ part }) => part)).toEqual(['output']);
    expect(means).toEqual([[1, 2, 3, 4], [1, 2, 3, 4]]); // prettier-ignore
  });

  it('unmasks an explanation that ignores the model', async () => {
    const results = await parameterRandomisation({
      model: new TwoLayers(),
      explain: () => [3, 1, 2],
      random: new Random(1),
    });
    expect(results.map(({ correlation }) => correlation)).toEqual([1, 1]);
  });

  it('puts the weights back when the explanation fails', async () => {
    const model = new TwoLayers();
    const before = model.layers[1].weight.dataSync().slice();
    let calls = 0;
    const explain = () => {
      if (++calls === 2) throw new Error('no explanation');
      return [1];
    };
    await expect(parameterRandomisation({ model, explain, random: new Random(1) })).rejects.toThrow('no explanation');
    expect(model.layers[1].weight.dataSync()).toEqual(before);
  });
});

describe('attentionPermutation', () => {
  const key = tf.keep(tf.tensor3d([[[9], [0], [0], [0]], [[0], [0], [0], [0]]])); // prettier-ignore
  const query = tf.keep(tf.ones([2, 1, 1]));
  const run = (value: tf.Tensor) => () => tf.softmax(tf.squeeze(attention({ query, key, value }), [1]));

  it('is large where the output hangs on one weight and 0 where all values are alike', () => {
    const value = tf.tile(tf.tensor3d([[[9, 0], [0, 9], [0, 9], [0, 9]]]), [2, 1, 1]); // prettier-ignore
    const [sharp, flat] = attentionPermutation(run(value), { random: new Random(1), permutations: 9 });
    expect(sharp).toBeGreaterThan(0.9);
    expect(flat).toBeLessThan(1e-6); // equal weights permute to themselves
    const [alike] = attentionPermutation(run(tf.ones([2, 4, 2])), { random: new Random(1) });
    expect(alike).toBeLessThan(1e-6);
  });

  it('never lets a query look at a hidden key', () => {
    const x = tf.tensor3d([[[1], [2], [3]]]);
    const first = () => tf.slice(attention({ query: x, key: x, value: x, mask: causal() }), [0, 0, 0], [1, 1, 1]);
    expect(attentionPermutation(() => tf.squeeze(first(), [1]), { random: new Random(1) })).toEqual([0]);
  });
});
