import { writeSafetensors } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { describeFile } from '../checkpoints/manifest.ts';
import type { Folder } from '../folders/folder.ts';
import { memoryFolder } from '../folders/memory-folder.ts';
import { WeightAverage } from '../optimizers/weight-average.ts';
import type { TrainingEvent } from './events.ts';
import { batches, collect, Network, ofType, setUp, weights } from './train.test-support.ts';
import { train } from './train.ts';

describe('checkpoints', () => {
  const saving = (folder: Folder, more: object = {}) => ({ checkpoints: { folder, everySteps: 1, ...more } });

  it('an interrupted and resumed run ends with the very weights of one that was not', async () => {
    const whole = setUp({ accumulate: 2, clipNorm: 1 });
    const expected = await collect(whole.options);
    const folder = memoryFolder();
    const events: TrainingEvent[] = [];
    let last = new Network(3);
    for (const stopAfter of [1, 3, 4, Infinity]) {
      const controller = new AbortController();
      const part = setUp({
        accumulate: 2,
        clipNorm: 1,
        signal: controller.signal,
        ...saving(folder, { everySteps: 100 }),
      });
      for await (const event of train(part.options)) {
        if (event.type === 'step' && event.step >= stopAfter) controller.abort();
        events.push(event);
      }
      last = part.model;
    }
    expect(weights(last)).toEqual(weights(whole.model));
    const parts = ofType(events, 'end').map(({ step, reason }) => `${reason} at ${step}`);
    expect(parts).toEqual(['aborted at 1', 'aborted at 3', 'aborted at 4', 'finished at 9']);
    expect(ofType(events, 'epoch')).toEqual(ofType(expected, 'epoch'));
    const losses = (all: TrainingEvent[]) =>
      ofType(all, 'step').map(({ step, loss, gradientNorm }) => [step, loss, gradientNorm]);
    expect(losses(events)).toEqual(losses(expected));
  });

  it('a finished run that is started again ends at once', async () => {
    const folder = memoryFolder();
    await collect(setUp(saving(folder)).options);
    const { model, options } = setUp(saving(folder));
    const events = await collect(options);
    expect(events.map(({ type }) => type)).toEqual(['start', 'end']);
    expect(events[0]).toMatchObject({ step: 15, resumedFrom: 'step-00000015' });
    expect(weights(model)).not.toEqual(weights(new Network(3)));
  });

  it('asks the data to skip what was used, where it can', async () => {
    const folder = memoryFolder();
    const controller = new AbortController();
    for await (const event of train(setUp({ signal: controller.signal, ...saving(folder) }).options)) {
      if (event.type === 'step' && event.step === 3) controller.abort();
    }
    let skipped = 0;
    const data = (epoch: number) =>
      Object.assign(batches(epoch), { skip: (count: number) => batches(epoch).slice((skipped = count)) });
    await collect(setUp({ data, ...saving(folder) }).options);
    expect(skipped).toBe(3);
  });

  it('keeps the average of the weights too', async () => {
    const average = ({ model }: ReturnType<typeof setUp>) =>
      new WeightAverage(model.trainableParameters(), { decay: 0.9 });
    const whole = setUp();
    const expected = average(whole);
    await collect({ ...whole.options, average: expected });
    const folder = memoryFolder();
    for (const steps of [4, 15]) {
      const part = setUp({ ...saving(folder), steps });
      const own = average(part);
      await collect({ ...part.options, average: own });
      if (steps < 15) continue;
      expect(Array.from(own.average.dataSync())).toEqual(Array.from(expected.average.dataSync()));
    }
  });

  it('puts further files beside the weights', async () => {
    const folder = memoryFolder();
    await collect(setUp({ steps: 1, ...saving(folder, { files: { 'config.json': '{"a":1}' } }) }).options);
    expect((await folder.list()).map((name) => name.slice('step-00000001/'.length))).toEqual([
      'config.json',
      'history.json',
      'manifest.json',
      'model.safetensors',
      'optimizer.safetensors',
      'training.json',
    ]);
    expect(new TextDecoder().decode(await folder.read('step-00000001/config.json'))).toBe('{"a":1}');
  });

  it('keeps the last few, and the best', async () => {
    const folder = memoryFolder();
    const scores = [5, 1, 4, 3, 2];
    const options = {
      epochs: 5,
      evaluation: { run: ({ epoch }: { epoch: number }) => ({ loss: scores[epoch] }) },
      checkpoints: { folder, keepLast: 2, keepBest: true },
    };
    await collect(setUp(options).options);
    const kept = new Set((await folder.list()).map((name) => name.split('/')[0]));
    expect([...kept]).toEqual(['step-00000010', 'step-00000020', 'step-00000025-2']);
  });

  const damages: ReadonlyArray<readonly [string, (folder: Folder, name: string) => Promise<void>]> = [
    [
      'a flipped bit',
      async (folder, name) => {
        const data = await folder.read(`${name}/model.safetensors`);
        data[data.length - 1] ^= 1;
        await folder.write(`${name}/model.safetensors`, data);
      },
    ],
    [
      'a truncated file',
      async (folder, name) => {
        const data = await folder.read(`${name}/optimizer.safetensors`);
        await folder.write(`${name}/optimizer.safetensors`, data.slice(0, -1));
      },
    ],
    ['a lost file', (folder, name) => folder.remove(`${name}/training.json`)],
    ['a garbled manifest', (folder, name) => folder.write(`${name}/manifest.json`, Uint8Array.of(123))],
    ['no manifest', (folder, name) => folder.remove(`${name}/manifest.json`)],
  ];

  it.each(damages)('goes on from the newest whole checkpoint where the last one has %s', async (what, damage) => {
    const whole = setUp();
    await collect(whole.options);
    const folder = memoryFolder();
    await collect(setUp({ steps: 7, ...saving(folder) }).options);
    await damage(folder, 'step-00000007');
    const { model, options } = setUp(saving(folder));
    const [start] = ofType(await collect(options), 'start');
    expect(start).toMatchObject({ step: 6, resumedFrom: 'step-00000006' });
    expect(Object.keys(start.damaged)).toEqual(what === 'no manifest' ? [] : ['step-00000007']);
    expect(weights(model)).toEqual(weights(whole.model));
    expect((await folder.list()).filter((name) => name.endsWith('manifest.json')).length).toBe(2);
  });

  it('refuses to begin anew when every checkpoint is damaged', async () => {
    const folder = memoryFolder('here');
    await collect(setUp({ steps: 1, ...saving(folder) }).options);
    await folder.write('step-00000001/training.json', Uint8Array.of(1));
    await expect(collect(setUp(saving(folder)).options)).rejects.toThrow(
      /train: no checkpoint in here is whole; step-00000001: training.json must have \d+ bytes, got 1/,
    );
  });

  it('refuses a checkpoint of another config, naming the field and both values', async () => {
    const folder = memoryFolder();
    await collect(setUp({ steps: 1, config: { model: { width: 8, heads: 2 } }, ...saving(folder) }).options);
    const other = setUp({ config: { model: { width: 16, heads: 2 } }, ...saving(folder) });
    const before = await folder.list();
    await expect(collect(other.options)).rejects.toThrow(
      'train: checkpoint step-00000001 must be of the same config: config.model.width was 8, is now 16',
    );
    await expect(
      collect(setUp({ seed: 6, config: { model: { width: 8, heads: 2 } }, ...saving(folder) }).options),
    ).rejects.toThrow('seed was 5, is now 6');
    expect(weights(other.model)).toEqual(weights(new Network(3)));
    expect(await folder.list()).toEqual(before);
  });

  it('refuses to mix with an earlier run when it is not to resume', async () => {
    const folder = memoryFolder('there');
    await collect(setUp({ steps: 2, ...saving(folder) }).options);
    await expect(collect(setUp(saving(folder, { resume: false })).options)).rejects.toThrow(
      'train: without resume the folder must hold no checkpoints, got step-00000002 in there',
    );
  });

  it('a failed save ends the training, or goes on with an event, as configured', async () => {
    const broken: Folder = { ...memoryFolder('full disk'), write: () => Promise.reject(new Error('ENOSPC')) };
    await expect(collect(setUp(saving(broken)).options)).rejects.toThrow(
      'train: a checkpoint of step 1 could not be saved in full disk',
    );
    const events = await collect(setUp({ steps: 3, ...saving(broken, { onError: 'continue' }) }).options);
    expect(ofType(events, 'checkpoint-failed').length).toBeGreaterThanOrEqual(3);
    expect(events.at(-1)).toMatchObject({ type: 'end', step: 3, reason: 'finished' });
  });

  it('tells a second training in the same folder at once, and lets one in after the first', async () => {
    const folder = memoryFolder('shared');
    const first = train(setUp(saving(folder)).options);
    await first.next();
    const second = setUp(saving(folder));
    await expect(collect(second.options)).rejects.toThrow(
      'train: checkpoints of one run only may be in shared: memoryFolder: "training" must be done by one at a time',
    );
    expect(weights(second.model)).toEqual(weights(new Network(3)));
    await first.return();
    expect((await collect(setUp(saving(folder)).options)).at(-1)).toMatchObject({ reason: 'finished' });
  });

  it.each([
    'manifest.json',
    'Training.json',
    'model.safetensors',
    'optimizer-00001-of-00002.safetensors',
    'state.x.safetensors',
  ])('refuses to put a further file in the place of its own %s', async (name) => {
    await expect(collect(setUp(saving(memoryFolder(), { files: { [name]: 'x' } })).options)).rejects.toThrow(
      `train: checkpoints.files must not be called as a checkpoint's own, got ${name}`,
    );
  });

  /** Replaces a file of a checkpoint, and its sum in the manifest. */
  async function forge(
    folder: Folder,
    file: string,
    change: (content: Uint8Array) => Promise<Uint8Array> | Uint8Array,
  ) {
    const data = await change(await folder.read(`step-00000003/${file}`));
    await folder.write(`step-00000003/${file}`, data);
    const path = 'step-00000003/manifest.json';
    const manifest = JSON.parse(new TextDecoder().decode(await folder.read(path))) as {
      files: Record<string, unknown>;
    };
    manifest.files[file] = await describeFile(data);
    await folder.write(path, new TextEncoder().encode(JSON.stringify(manifest)));
  }

  it('leaves model and parts as they were where the file of the optimizer does not fit', async () => {
    const folder = memoryFolder();
    await collect(setUp({ steps: 3, ...saving(folder) }).options);
    const wrong = await writeSafetensors({ other: tf.zeros([1]) });
    await forge(folder, 'optimizer.safetensors', () => wrong);
    const { model, options } = setUp(saving(folder));
    const before = weights(model);
    const tensors = tf.memory().numTensors;
    await expect(collect(options)).rejects.toThrow('loadStateDict: names must match exactly');
    expect(weights(model)).toEqual(before);
    expect(tf.memory().numTensors).toBe(tensors);
  });

  type State = { progress: Record<string, unknown>; [field: string]: unknown };
  const forgeries: ReadonlyArray<readonly [string, (state: State) => unknown, string]> = [
    [
      'a batch of 1e9',
      ({ progress }) => (progress.batch = 1e9),
      'must have an integer batch from 0 to 3, got 1000000000',
    ],
    ['draws of 1e9', ({ progress }) => (progress.draws = 1e9), 'must have at most 1 draws for each of 3 steps'],
    ['step null', ({ progress }) => (progress.step = null), 'must be of step 3, as its manifest says, got null'],
    ['an epoch below 0', ({ progress }) => (progress.epoch = -1), 'must have an integer epoch from 0'],
    ['no sum of losses', ({ progress }) => delete progress.epochLoss, 'must have an object epochLoss, got undefined'],
    [
      'a text as sum',
      ({ progress }) => (progress.epochLoss = { sum: '1', weight: 1 }),
      'must have a finite number epochLoss.sum',
    ],
    ['a list as evaluation', ({ progress }) => (progress.evaluation = []), 'must have an object evaluation, got []'],
    ['no parts', (state) => delete state.parts, 'must have an object parts, got undefined'],
  ];
  it.each(forgeries)('refuses a training.json with %s before it is used', async (_, change, message) => {
    const folder = memoryFolder();
    await collect(setUp({ steps: 3, ...saving(folder) }).options);
    await forge(folder, 'training.json', (content) => {
      const state = JSON.parse(new TextDecoder().decode(content)) as State;
      change(state);
      return new TextEncoder().encode(JSON.stringify(state));
    });
    const { model, options } = setUp(saving(folder));
    await expect(collect(options)).rejects.toThrow(`train: checkpoint step-00000003 ${message}`);
    expect(weights(model)).toEqual(weights(new Network(3)));
  });

  it('refuses a history that has not a loss for every step', async () => {
    const folder = memoryFolder();
    await collect(setUp({ steps: 3, ...saving(folder) }).options);
    await forge(folder, 'history.json', () => new TextEncoder().encode('{"losses":[1],"epochs":[],"evaluations":[]}'));
    await expect(collect(setUp(saving(folder)).options)).rejects.toThrow('must have a loss for each of 3 steps, got 1');
  });
});
