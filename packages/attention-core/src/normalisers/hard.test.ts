import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { attention } from '../attention/attention.ts';
import { gather, weightedSum } from '../attention/combiner.ts';
import { padding } from '../masks/padding.ts';
import { Random } from '../random/random.ts';
import { RandomStream } from '../random/random-stream.ts';
import { hardSample, hardStraightThrough } from './hard.ts';
import { ReinforceTrace, RunningBaseline } from './reinforce.ts';
import { softmax } from './softmax.ts';

const random = new Random(21);
const normal = (...shape: number[]) => tf.tensor(random.normals(tf.util.sizeFromShape(shape)), shape);
const draws = 4000;
const probabilities = [0.1, 0.6, 0, 0.3];
const scoresOfMany = () => tf.tile(tf.log(tf.maximum(tf.tensor2d([probabilities]), 1e-20)), [draws, 1]);

describe('hard attention', () => {
  it.each(['straight-through', 'sample'])('draws one key with the softmax’s probabilities (%s)', (kind) => {
    const stream = RandomStream.of(5, 0);
    const normaliser =
      kind === 'sample' ? hardSample({ random: stream }) : hardStraightThrough({ random: stream, temperature: 0.5 });
    const weights = normaliser.weights(scoresOfMany());
    expect(tf.max(weights, -1)).toBeAllClose(tf.ones([draws]), { absolute: 0, relative: 0 });
    expect(tf.sum(weights, -1)).toBeAllClose(tf.ones([draws]), { absolute: 0, relative: 0 });
    // three standard deviations of a frequency near 0.6 over 4000 draws are 0.023
    expect(tf.mean(weights, 0)).toBeAllClose(probabilities, { absolute: 0.023, relative: 0 });
  });

  it('takes the best key when nothing is drawn, and none where all are hidden', () => {
    const scores = tf.tensor3d([[[1, 3, 2]], [[1, 3, 2]], [[1, 3, 2]]]);
    const allowed = tf.tensor3d([[[1, 1, 1]], [[1, 0, 1]], [[0, 0, 0]]], [3, 1, 3], 'bool');
    for (const normaliser of [hardSample({ random: undefined }), hardStraightThrough({ random: undefined })]) {
      expect(normaliser.weights(scores, { allowed, mayHideAll: true })).toBeAllClose([
        [[0, 1, 0]],
        [[0, 0, 1]],
        [[0, 0, 0]],
      ]);
    }
  });

  it('passes the gradient of the softmax straight through', () => {
    const scores = normal(2, 3, 5);
    const dy = normal(2, 3, 5);
    const gradient = (weights: (s: tf.Tensor) => tf.Tensor) =>
      tf.grads((s) => tf.sum(tf.mul(weights(s), dy)))([scores])[0];
    expect(gradient((s) => hardStraightThrough({ random: undefined, temperature: 2 }).weights(s))).toBeAllClose(
      gradient((s) => softmax().weights(tf.div(s, 2))),
    );
  });

  it('reads the value that the sum would give, with the sum’s gradient', () => {
    const [query, key, value] = [normal(2, 4, 3, 3), normal(2, 2, 5, 3), normal(2, 2, 5, 2)];
    const run = (combiner: ReturnType<typeof gather>) => (q: tf.Tensor, k: tf.Tensor, v: tf.Tensor) =>
      attention({
        query: q,
        key: k,
        value: v,
        mask: padding([4, 0]),
        normaliser: hardStraightThrough({ random: RandomStream.of(3, 1) }),
        combiner,
      });
    expect(run(gather())(query, key, value)).toBeAllClose(run(weightedSum())(query, key, value));
    const gradients = (combiner: ReturnType<typeof gather>) =>
      tf.grads((q, k, v) => tf.sum(tf.square(run(combiner)(q, k, v))))([query, key, value]);
    gradients(gather()).forEach((gradient, i) => expect(gradient).toBeAllClose(gradients(weightedSum())[i]));
  });
});

describe('ReinforceTrace', () => {
  it('has on average the gradient of the expected cost', () => {
    // d/ds E[c] = p ∘ (c − E[c]): by hand for the costs of four keys
    const costs = [1, -2, 5, 0.5];
    const scores = tf.log(tf.tensor2d([[0.1, 0.6, 0.05, 0.25]]));
    const p = [0.1, 0.6, 0.05, 0.25];
    const mean = p.reduce((sum, probability, k) => sum + probability * costs[k], 0);
    const exact = p.map((probability, k) => probability * (costs[k] - mean));
    const [gradient] = tf.grads((scores) => {
      const trace = new ReinforceTrace();
      const weights = hardSample({ random: RandomStream.of(8, 0), trace }).weights(tf.tile(scores, [draws, 1]));
      const chosen = tf.squeeze(tf.matMul(weights as tf.Tensor2D, tf.tensor2d(costs, [4, 1]))) as tf.Tensor1D;
      return trace.loss({ costs: chosen, baseline: tf.scalar(-1), scale: 1, entropyWeight: 0 });
    })([scores]);
    expect(gradient).toBeAllClose([exact], { absolute: 0.06, relative: 0 }); // three standard errors of 4000 draws
  });

  it('adds λ Σ p ln p, keeps gradients from costs and baseline, and frees what it held', () => {
    const scores = normal(2, 1, 3);
    const before = tf.memory().numTensors;
    const value = tf.tidy(() => {
      const trace = new ReinforceTrace();
      hardSample({ random: RandomStream.of(8, 0), trace }).weights(scores);
      return trace.loss({ costs: tf.tensor1d([3, 3]), baseline: tf.scalar(3), entropyWeight: 0.5 });
    });
    expect(tf.memory().numTensors).toBe(before + 1);
    const p = tf.softmax(scores);
    expect(value).toBeAllClose(tf.mul(tf.sum(tf.mul(p, tf.log(p))), 0.5 / 2));
    expect(() => new ReinforceTrace().loss({ costs: tf.zeros([1]), baseline: tf.scalar(0) })).toThrow(
      'ReinforceTrace.loss: nothing was sampled',
    );
  });

  it('records the softmax itself where the coin decides for it', () => {
    const scores = normal(1, 1, 4);
    const weights = hardSample({ random: RandomStream.of(1, 1), sampleProbability: 0 }).weights(scores);
    expect(weights).toBeAllClose(tf.softmax(scores));
  });

  it('has a running baseline that no optimizer changes', () => {
    const baseline = new RunningBaseline({ decay: 0.9 });
    baseline.update(tf.tensor1d([10, 20]));
    baseline.update(tf.tensor1d([5]));
    expect(baseline.value).toBeAllClose([1.5 * 0.9 + 0.5]);
    expect(baseline.namedBuffers().map(({ name }) => name)).toEqual(['value']);
    expect(baseline.parameterCount()).toBe(0);
  });
});
