import { withGradient } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { crossEntropy } from '../losses/cross-entropy.ts';
import { Sgd } from '../optimizers/sgd.ts';
import { WeightAverage } from '../optimizers/weight-average.ts';
import type { LossFunction } from './options.ts';
import { batches, collect, lossOf, Network, ofType, setUp, weights, type Numbers } from './train.test-support.ts';
import { train } from './train.ts';

describe('train', () => {
  it('overfits a batch and tells of every step', async () => {
    const { model, options } = setUp();
    const [batch] = batches(0);
    const events = await collect({
      ...options,
      loss: lossOf(model, 0),
      data: () => [batch],
      epochs: 200,
      learningRate: 0.05,
    });
    const steps = ofType(events, 'step');
    expect(events[0]).toMatchObject({ type: 'start', step: 0, totalSteps: 200, parameters: 40 });
    expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
    expect(steps[0]).toMatchObject({ epoch: 0, totalSteps: 200, learningRate: 0.05, examples: 6 });
    expect(steps[199].loss).toBeLessThan(steps[0].loss / 100);
    expect(events.at(-1)).toMatchObject({ type: 'end', step: 200, reason: 'finished' });
  });

  it('does what gradients and the optimizer do when they are called one after the other', async () => {
    const { model, options } = setUp();
    await collect({
      ...options,
      loss: lossOf(model, 0),
      optimizer: new Sgd(model.trainableParameters()),
      learningRate: 0.1,
    });
    const byHand = new Network(3);
    for (const { x, y } of [0, 1, 2].flatMap((epoch) => batches(epoch))) {
      const { grads } = tf.variableGrads(() => {
        const hidden = tf.tanh(tf.matMul(tf.tensor2d(x.data, [6, 4]), byHand.hidden));
        return tf.mean(
          tf.squaredDifference(tf.matMul(hidden as tf.Tensor2D, byHand.output), tf.tensor(y.data, y.shape)),
        );
      }, [byHand.hidden, byHand.output]);
      for (const variable of [byHand.hidden, byHand.output])
        variable.assign(variable.sub(grads[variable.name].mul(0.1)));
    }
    expect(weights(model)).toBeAllClose(weights(byHand));
  });

  it('keeps the number of tensors constant, and leaves none behind', async () => {
    const { model, optimizer, options } = setUp({ clipNorm: 1, epochs: 5 });
    const before = tf.memory().numTensors;
    const counts: number[] = [];
    for await (const event of train(options)) if (event.type === 'step') counts.push(tf.memory().numTensors);
    expect(new Set(counts)).toEqual(new Set([counts[0]]));
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
    optimizer.dispose();
  });

  it('gives metrics, and the epoch mean by weight', async () => {
    const { model, options } = setUp({ epochs: 1, learningRate: 1e-9 });
    const loss: LossFunction<Numbers> = ({ x, y }) => {
      const weight = tf.sum(tf.abs(y));
      return { loss: tf.add(tf.mul(tf.sum(model.hidden), 0), tf.max(x)), weight, largest: tf.max(x), mean: tf.mean(y) };
    };
    const events = await collect({ ...options, loss });
    const largest = batches(0).map(({ x }) => Math.max(...x.data));
    const sizes = batches(0).map(({ y }) => y.data.reduce((sum, value) => sum + Math.abs(value), 0));
    const mean =
      sizes.reduce((sum, size, i) => sum + size * largest[i], 0) / sizes.reduce((sum, size) => sum + size, 0);
    expect(ofType(events, 'epoch')[0].loss).toBeCloseTo(mean, 5);
    expect(ofType(events, 'step').map(({ metrics }) => metrics.largest)).toBeAllClose(largest);
    expect(Object.keys(ofType(events, 'step')[0].metrics)).toEqual(['largest', 'mean']);
  });

  it('takes the learning rate of a step from the schedule, counted from 1', async () => {
    const { options } = setUp({ steps: 3, learningRate: (step) => step / 1000 });
    const steps = ofType(await collect(options), 'step');
    expect(steps.map(({ learningRate }) => learningRate)).toEqual([0.001, 0.002, 0.003]);
  });

  it('clips gradients to a global norm', async () => {
    const { model, options } = setUp({ steps: 1, clipNorm: 1e-3, learningRate: 1 });
    const before = weights(model);
    const events = await collect({ ...options, optimizer: new Sgd(model.trainableParameters()) });
    const moved = Math.hypot(...weights(model).map((weight, i) => weight - before[i]));
    expect(ofType(events, 'step')[0].gradientNorm).toBeGreaterThan(0.01);
    expect(moved).toBeCloseTo(1e-3, 6);
  });

  it('accumulates gradients as if the batches were one, weighted', async () => {
    const [small, large] = [batches(0, 1), batches(1, 1)].flat();
    const cut = {
      x: { data: small.x.data.slice(0, 8), shape: [2, 4] },
      y: { data: small.y.data.slice(0, 2), shape: [2, 1] },
    };
    const joined = {
      x: { data: Float32Array.of(...cut.x.data, ...large.x.data), shape: [8, 4] },
      y: { data: Float32Array.of(...cut.y.data, ...large.y.data), shape: [8, 1] },
    };
    const [split, whole] = [setUp({ steps: 1, accumulate: 2 }), setUp({ steps: 1 })];
    const weighted = (model: Network): LossFunction<Numbers> => {
      const loss = lossOf(model, 0);
      return (batch, context) => ({ loss: loss(batch, context) as tf.Tensor, weight: tf.scalar(batch.x.shape[0]) });
    };
    const one = await collect({ ...split.options, loss: weighted(split.model), data: () => [cut, large] });
    const other = await collect({ ...whole.options, loss: weighted(whole.model), data: () => [joined] });
    expect(weights(split.model)).toBeAllClose(weights(whole.model));
    expect(ofType(one, 'step')[0].loss).toBeCloseTo(ofType(other, 'step')[0].loss, 5);
    expect(ofType(one, 'step')[0].gradientNorm).toBeCloseTo(ofType(other, 'step')[0].gradientNorm, 5);
    expect(ofType(one, 'step')[0].examples).toBe(8);
  });

  it('lets timers run between steps', async () => {
    const { options } = setUp({ epochs: 4 });
    let ticks = 0;
    const timer = setInterval(() => ticks++, 0);
    await collect(options);
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(3);
  });

  it('takes batches from an asynchronous generator, and closes it', async () => {
    let closed = false;
    async function* generate(epoch: number) {
      try {
        yield* batches(epoch);
      } finally {
        closed = true;
      }
    }
    const { options } = setUp({ data: generate, steps: 2 });
    const events = await collect(options);
    expect(events.at(-1)).toMatchObject({ reason: 'finished', step: 2 });
    expect(closed).toBe(true);
  });

  it('an abort does not wait for data that never come', async () => {
    const controller = new AbortController();
    async function* endless() {
      yield* batches(0, 2);
      setTimeout(() => controller.abort(), 1);
      await new Promise(() => undefined);
    }
    const events = await collect(setUp({ data: endless, signal: controller.signal }).options);
    expect(events.at(-1)).toMatchObject({ type: 'end', step: 2, reason: 'aborted' });
  });

  it('stops when the monitored metric has not improved for so many evaluations', async () => {
    const scores = [3, 2, 2.5, 2, 1, 0];
    const { options } = setUp({
      epochs: 6,
      evaluation: { run: ({ epoch }) => ({ errors: scores[epoch] }), monitor: 'errors', patience: 2 },
    });
    const events = await collect(options);
    expect(ofType(events, 'evaluation').map(({ best }) => best)).toEqual([true, true, false, false]);
    expect(events.at(-1)).toMatchObject({ type: 'end', step: 20, reason: 'stopped-early' });
  });

  it('evaluates with the averaged weights, and trains on with its own', async () => {
    const [plain, averaged] = [setUp(), setUp()];
    await collect(plain.options);
    const average = new WeightAverage(averaged.model.trainableParameters(), { decay: 0.9 });
    const seen: number[][] = [];
    const run = () => {
      seen.push(weights(averaged.model));
      return { loss: 0 };
    };
    await collect({ ...averaged.options, average, evaluation: { run } });
    expect(weights(averaged.model)).toEqual(weights(plain.model));
    expect(seen[2]).toBeAllClose(average.average);
    expect(seen[2]).not.toBeAllClose(weights(averaged.model));
  });

  it('names a label out of range', async () => {
    const { model, options } = setUp();
    const before = weights(model);
    const loss: LossFunction<Numbers> = ({ x }) =>
      crossEntropy(tf.matMul(x as tf.Tensor2D, model.hidden), tf.tensor1d([0, 1, 8, 3, 4, 5], 'int32'));
    await expect(collect({ ...options, loss })).rejects.toThrow(
      'crossEntropy: labels must be in [0, 8) or -100, got 8 at place 2',
    );
    expect(weights(model)).toEqual(before);
  });

  it('leaves no tensors behind when the loss, its gradient or a metric fails', async () => {
    const { model, options } = setUp();
    const failures: Array<LossFunction<Numbers>> = [
      ({ x }) => {
        tf.matMul(x as tf.Tensor2D, model.hidden);
        throw new Error('no loss');
      },
      (batch, context) => ({ loss: lossOf(model)(batch, context) as tf.Tensor, metric: tf.zeros([2]) }),
      (batch, context) => ({
        loss: tf.zeros([2]),
        weight: tf.scalar(1),
        metric: lossOf(model)(batch, context) as tf.Tensor,
      }),
      ({ x }) => tf.sum(tf.matMul(x as tf.Tensor2D, tf.zeros([3, 3]))) as tf.Scalar,
      (batch, context) => ({
        loss: withGradient(
          [lossOf(model)(batch, context) as tf.Tensor],
          (x) => ({ value: tf.mul(x, 2), saved: [] }),
          () => {
            throw new Error('no gradient');
          },
        ),
        metric: tf.scalar(1),
      }),
      ({ x }) => tf.sum(tf.mul(x, NaN)) as tf.Scalar,
    ];
    for (const loss of failures) {
      const before = tf.memory().numTensors;
      for (const accumulate of [1, 2])
        await expect(collect({ ...options, accumulate, loss })).rejects.toThrow(
          /no loss|must be a scalar|matMul|inner dimensions|no gradient|the loss is NaN/,
        );
      expect(tf.memory().numTensors).toBe(before);
    }
  });

  it('refuses options and batches that do not fit, naming them', async () => {
    const { options } = setUp();
    const { epochs: _epochs, ...endless } = options;
    await expect(collect(endless)).rejects.toThrow('one of epochs and steps must be given');
    await expect(collect({ ...options, accumulate: 0 })).rejects.toThrow(
      'train: accumulate must be a positive integer, got 0',
    );
    await expect(collect({ ...options, data: () => [] })).rejects.toThrow(
      'train: data must give a batch, got none for epoch 0',
    );
    await expect(collect({ ...options, loss: () => tf.zeros([2]) })).rejects.toThrow(
      'train: loss must be a scalar tensor, got shape [2]',
    );
    const short = { ...batches(0)[0], y: { data: new Float32Array(5), shape: [6, 1] } };
    await expect(collect({ ...options, data: () => [short] })).rejects.toThrow(
      'train: batch.y must hold as many numbers as its shape says, got 5 for [6, 1]',
    );
  });
});
