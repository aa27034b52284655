import { Module, Random } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import type { PartState, StatefulPart } from '../checkpoints/stateful-part.ts';
import { memoryFolder } from '../folders/memory-folder.ts';
import { linearSchedule } from '../schedules/linear-schedule.ts';
import { batches, collect, ofType, setUp, weights } from './train.test-support.ts';
import { train } from './train.ts';

/** Numbers drawn one after the other, of which it keeps the last few: like an environment with a replay buffer. */
class Draws implements StatefulPart {
  drawn = 0;
  recent: Float32Array = new Float32Array(3);

  draw(): number {
    const value = new Random(9).fork(String(this.drawn++)).normals(1)[0];
    this.recent = Float32Array.of(...this.recent.subarray(1), value);
    return value;
  }

  save(): PartState {
    return { arrays: { recent: { data: this.recent, shape: [3] } }, json: { drawn: this.drawn } };
  }

  load({ arrays, json }: PartState): void {
    this.recent = arrays!.recent.data as Float32Array;
    this.drawn = (json as { drawn: number }).drawn;
  }
}

class Statistics extends Module {
  readonly count = tf.variable(tf.scalar(0, 'int32'), false);
}

/** Batches that depend on a part's state, and note the number of batches in a module. */
function drawing(draws: Draws, statistics: Statistics) {
  return (epoch: number) => {
    const from = function* (first: number) {
      for (const { x, y } of batches(epoch).slice(first)) {
        statistics.count.assign(tf.tidy(() => tf.add(statistics.count, tf.scalar(1, 'int32')) as tf.Scalar));
        const shift = draws.draw();
        yield { x: { ...x, data: x.data.map((value) => value + shift) }, y };
      }
    };
    return { [Symbol.iterator]: () => from(0), skip: from };
  };
}

describe('a resumed run', () => {
  it('goes on with the states of parts and modules beside the model, bit for bit', async () => {
    const make = (options: Parameters<typeof setUp>[0] = {}) => {
      const [draws, statistics] = [new Draws(), new Statistics()];
      const state = { draws, statistics };
      return { draws, statistics, ...setUp({ data: drawing(draws, statistics), state, ...options }) };
    };
    const whole = make();
    await collect(whole.options);
    const folder = memoryFolder();
    const controller = new AbortController();
    const part = make({ checkpoints: { folder }, signal: controller.signal });
    for await (const event of train(part.options)) if (event.type === 'step' && event.step === 7) controller.abort();
    const resumed = make({ checkpoints: { folder } });
    await collect(resumed.options);
    expect(weights(resumed.model)).toEqual(weights(whole.model));
    expect(resumed.draws.recent).toEqual(whole.draws.recent);
    expect([resumed.draws.drawn, resumed.statistics.count.dataSync()[0]]).toEqual([15, 15]);
  });

  it('knows the losses, epochs and evaluations of the whole run, those that are no numbers included', async () => {
    const evaluation = { run: ({ epoch }: { epoch: number }) => ({ loss: epoch, f1: epoch === 0 ? NaN : -Infinity }) };
    const whole = await collect(setUp({ evaluation }).options);
    const end = ofType(whole, 'end')[0];
    expect(end.history.losses).toEqual(ofType(whole, 'step').map(({ loss }) => loss));
    expect(end.history.epochs.map(({ epoch, step }) => [epoch, step])).toEqual([
      [0, 5],
      [1, 10],
      [2, 15],
    ]);
    expect(end.history.evaluations[0]).toEqual({ step: 5, epoch: 0, metrics: { loss: 0, f1: NaN }, best: true });
    const folder = memoryFolder();
    const controller = new AbortController();
    const part = setUp({ evaluation, checkpoints: { folder }, signal: controller.signal });
    for await (const event of train(part.options)) if (event.type === 'step' && event.step === 8) controller.abort();
    const events = await collect(setUp({ evaluation, checkpoints: { folder } }).options);
    expect(ofType(events, 'start')[0].history).toEqual({
      losses: end.history.losses.slice(0, 8),
      epochs: end.history.epochs.slice(0, 1),
      evaluations: end.history.evaluations.slice(0, 1),
    });
    expect(ofType(events, 'end')[0].history).toEqual(end.history);
  });

  it('may have more steps, at the rates of the new total', async () => {
    const folder = memoryFolder();
    const fit = (steps: number) => {
      const { epochs: _epochs, ...options } = setUp({
        learningRate: linearSchedule({ rate: 0.01, totalSteps: steps }),
        config: { width: 8, fit: { steps } },
        checkpoints: { folder },
        steps,
      }).options;
      return collect(options);
    };
    await fit(4);
    const events = await fit(8);
    expect(ofType(events, 'start')[0]).toMatchObject({ step: 4, totalSteps: 8 });
    expect(ofType(events, 'step').map(({ learningRate }) => learningRate)).toBeAllClose([
      0.005, 0.00375, 0.0025, 0.00125,
    ]);
    await expect(fit(6)).rejects.toThrow('config.fit.steps was 8, is now 6');
  });

  it('may have more epochs', async () => {
    const whole = setUp({ epochs: 4 });
    await collect(whole.options);
    const folder = memoryFolder();
    const train = async (epochs: number) => {
      const { model, options } = setUp({ epochs, config: { epochs }, checkpoints: { folder } });
      await collect(options);
      return weights(model);
    };
    expect(await train(2)).not.toEqual(weights(whole.model));
    expect(await train(4)).toEqual(weights(whole.model));
  });

  it('is refused where anything else differs, every field by name', async () => {
    const folder = memoryFolder();
    await collect(setUp({ config: { model: { width: 8 } }, clipNorm: 1, checkpoints: { folder } }).options);
    const other = setUp({
      config: { model: { width: 16 } },
      seed: 6,
      learningRate: 0.1,
      accumulate: 2,
      evaluation: { run: () => ({ loss: 0 }) },
      state: { draws: new Draws() },
      checkpoints: { folder },
    });
    await expect(collect(other.options)).rejects.toThrow(
      'train: checkpoint step-00000015 must be of the same config: config.model.width was 8, is now 16; seed was 5, is now 6; ' +
        'learningRate was 0.01, is now 0.1; clipNorm was 1, is now absent; accumulate was 1, is now 2; ' +
        'evaluation was absent, is now {"monitor":"loss"',
    );
  });

  it('finds the progress that was made before the evaluation, the data or the loss failed', async () => {
    const failing = {
      evaluation: { evaluation: { run: () => Promise.reject(new Error('bad validation data')) } },
      data: {
        *data(epoch: number) {
          yield* batches(epoch);
          throw new Error('bad validation data');
        },
      },
    };
    for (const options of Object.values(failing)) {
      const folder = memoryFolder();
      const broken = setUp({ ...options, checkpoints: { folder, everySteps: 100 } });
      await expect(collect(broken.options)).rejects.toThrow('bad validation data');
      const names = new Set((await folder.list()).map((name) => name.split('/')[0]));
      expect([...names]).toEqual(['step-00000005']);
    }
  });

  it('measures first what failed to be measured', async () => {
    const folder = memoryFolder();
    const evaluation = { run: (): Promise<{ loss: number }> => Promise.reject(new Error('no data')), patience: 2 };
    await expect(collect(setUp({ evaluation, checkpoints: { folder } }).options)).rejects.toThrow('no data');
    const mended = { ...evaluation, run: () => Promise.resolve({ loss: 1 }) };
    const events = await collect(setUp({ evaluation: mended, checkpoints: { folder } }).options);
    expect(events.slice(0, 2)).toMatchObject([
      { type: 'start', step: 5 },
      { type: 'evaluation', step: 5, epoch: 0, best: true },
    ]);
    const steps = ofType(events, 'end')[0].history.evaluations.map(({ step }) => step);
    expect(steps).toEqual([5, 10, 15]);
  });

  it('needs names of parts and files that can be told apart', async () => {
    const folder = memoryFolder();
    await expect(collect(setUp({ state: { 'a/b': new Draws() } }).options)).rejects.toThrow(
      'train: the names in state must be of letters, digits, _ and -, got "a/b"',
    );
    await expect(collect(setUp({ checkpoints: { folder, files: { 'training.json': '' } } }).options)).rejects.toThrow(
      "train: checkpoints.files must not be called as a checkpoint's own, got training.json",
    );
  });
});
