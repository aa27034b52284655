import { Module } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { Adam } from '../optimizers/adam.ts';
import { WeightAverage } from '../optimizers/weight-average.ts';
import { memoryFolder } from '../folders/memory-folder.ts';
import type { TrainingEvent } from './events.ts';
import type { EvaluationOptions } from './options.ts';
import { batches, collect, lossOf, ofType, setUp, weights } from './train.test-support.ts';
import { train } from './train.ts';

const stepsOf = (events: readonly TrainingEvent[]) => ofType(events, 'evaluation').map(({ step }) => step);
const run = () => ({ loss: 1 });

describe('evaluation', () => {
  it.each([
    ['steps: 25, everySteps: 10', { steps: 25, epochs: undefined }, { everySteps: 10 }, [10, 20, 25]],
    ['steps: 20, everySteps: 10', { steps: 20, epochs: undefined }, { everySteps: 10 }, [10, 20]],
    ['two epochs of five steps, given as steps', { steps: 10, epochs: undefined }, {}, [5, 10]],
    ['two epochs and a part of a third, given as steps', { steps: 12, epochs: undefined }, {}, [5, 10, 12]],
    ['three epochs, everyEpochs: 2', { epochs: 3 }, { everyEpochs: 2 }, [10, 15]],
    ['three epochs, everySteps: 5', { epochs: 3 }, { everySteps: 5 }, [5, 10, 15]],
    ['two epochs, by steps and by epochs', { epochs: 2 }, { everySteps: 2, everyEpochs: 1 }, [2, 4, 5, 6, 8, 10]],
    ['one step', { steps: 1, epochs: undefined }, {}, [1]],
  ])('measures the last step, and no step twice: %s', async (_name, length, when, expected) => {
    const options = { ...setUp().options, ...length, evaluation: { run, ...when } };
    expect(stepsOf(await collect(options as typeof options & { epochs: number }))).toEqual(expected);
    async function* unknownLength(epoch: number) {
      yield* batches(epoch);
    }
    const again = { ...setUp().options, ...length, data: unknownLength, evaluation: { run, ...when } };
    expect(stepsOf(await collect(again as typeof again & { epochs: number }))).toEqual(expected);
  });

  it('ends the last epoch too where epochs are given as steps', async () => {
    const { epochs: _epochs, ...options } = setUp({ steps: 10 }).options;
    const epochs: number[] = [];
    const events = await collect({
      ...options,
      evaluation: { run: ({ epoch }) => ({ loss: epochs.push(epoch) }) },
    });
    expect(ofType(events, 'epoch').map(({ epoch, step }) => [epoch, step])).toEqual([
      [0, 5],
      [1, 10],
    ]);
    expect(epochs).toEqual([0, 1]);
  });

  const scores = [5, 3, 1, 4, 2];
  const scored = (more: Partial<EvaluationOptions> = {}): EvaluationOptions => ({
    run: ({ epoch }) => ({ loss: scores[epoch] }),
    restoreBest: true,
    ...more,
  });

  it.each([
    ['all epochs are done', {}, 'finished'],
    ['patience is exhausted', { patience: 1 }, 'stopped-early'],
  ])('puts the best weights back when %s', async (_name, more, reason) => {
    const best = setUp({ epochs: 3 });
    await collect(best.options);
    const { model, options } = setUp({ epochs: 5, evaluation: scored(more) });
    const events = await collect(options);
    expect(events.at(-1)).toMatchObject({ type: 'end', reason });
    expect(weights(model)).toEqual(weights(best.model));
  });

  it('puts the best weights back after an abort without checkpoints', async () => {
    const best = setUp({ epochs: 3 });
    await collect(best.options);
    const controller = new AbortController();
    const { model, options } = setUp({ epochs: 5, evaluation: scored(), signal: controller.signal });
    for await (const event of train(options)) if (event.type === 'step' && event.step === 18) controller.abort();
    expect(weights(model)).toEqual(weights(best.model));
  });

  it('puts the averages back where those were measured', async () => {
    const { model, options } = setUp({ epochs: 5 });
    const average = new WeightAverage(model.trainableParameters(), { decay: 0.9 });
    const seen: number[][] = [];
    const run: EvaluationOptions['run'] = ({ epoch }) => {
      seen.push(weights(model));
      return { loss: scores[epoch] };
    };
    await collect({ ...options, average, evaluation: { run, restoreBest: true } });
    expect(weights(model)).toEqual(seen[2]);
  });

  it('puts buffers back with the weights', async () => {
    class Counting extends Module {
      readonly weight = tf.variable(tf.scalar(1));
      readonly calls = tf.variable(tf.scalar(0, 'int32'), false);
      readonly seen = tf.variable(tf.tensor1d([false, false], 'bool'), false);
    }
    const model = new Counting();
    const events = await collect({
      model,
      optimizer: new Adam(model.trainableParameters()),
      loss: () => tf.square(model.weight),
      data: batches,
      learningRate: 0.1,
      epochs: 5,
      evaluation: {
        restoreBest: true,
        run: ({ epoch }) => {
          model.calls.assign(tf.scalar(epoch, 'int32'));
          model.seen.assign(tf.tensor1d([epoch === 2, true], 'bool'));
          return { loss: scores[epoch] };
        },
      },
    });
    expect(ofType(events, 'evaluation').map(({ best }) => best)).toEqual([true, true, true, false, false]);
    expect(model.calls.dataSync()[0]).toBe(2);
    expect([...model.seen.dataSync()]).toEqual([1, 1]);
  });

  it.each([3, 12, 15, 18, 24])(
    'a run aborted at step %i and resumed ends with the same best weights and history as one that was not',
    async (stopAt) => {
      const whole = setUp({ epochs: 5, evaluation: scored(), checkpoints: { folder: memoryFolder() } });
      const expected = (await collect(whole.options)).at(-1)!;
      const folder = memoryFolder();
      const controller = new AbortController();
      const part = setUp({ epochs: 5, evaluation: scored(), checkpoints: { folder }, signal: controller.signal });
      for await (const event of train(part.options)) {
        if (event.type === 'step' && event.step === stopAt) controller.abort();
      }
      const resumed = setUp({ epochs: 5, evaluation: scored(), checkpoints: { folder } });
      const events = await collect(resumed.options);
      expect(weights(resumed.model)).toEqual(weights(whole.model));
      expect(events.at(-1)).toEqual(expected);
      expect(events[0]).toMatchObject({ type: 'start', step: stopAt });
    },
  );

  it('a finished run that is started again gives the best weights and the history at once, and measures nothing', async () => {
    const folder = memoryFolder();
    const first = setUp({ epochs: 5, evaluation: scored(), checkpoints: { folder } });
    const end = (await collect(first.options)).at(-1);
    const refusing = scored({ run: () => Promise.reject(new Error('measured again')) });
    const again = setUp({ epochs: 5, evaluation: refusing, checkpoints: { folder } });
    const events = await collect(again.options);
    expect(events.map(({ type }) => type)).toEqual(['start', 'end']);
    expect(events[1]).toEqual(end);
    expect(weights(again.model)).toEqual(weights(first.model));
  });

  it('a step trains with a schedule of one step', async () => {
    const { model, options } = setUp({ steps: 1 });
    const before = weights(model);
    await collect({ ...options, loss: lossOf(model, 0) });
    expect(weights(model)).not.toEqual(before);
  });

  it('is looked through before the first step', async () => {
    const { model, options } = setUp();
    const before = weights(model);
    const trying = (evaluation: Partial<EvaluationOptions>) =>
      collect({ ...options, evaluation: { run, ...evaluation } });
    await expect(trying({ patience: 0 })).rejects.toThrow(
      'train: evaluation.patience must be a positive integer, got 0',
    );
    await expect(trying({ everySteps: 1.5 })).rejects.toThrow(
      'train: evaluation.everySteps must be a positive integer, got 1.5',
    );
    await expect(trying({ monitor: [] })).rejects.toThrow(
      'train: evaluation.monitor must be one metric or several different ones',
    );
    expect(weights(model)).toEqual(before);
  });
});
