import { Module, Random } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import type { Folder } from '../checkpoints/folder.ts';
import { memoryFolder } from '../checkpoints/memory-folder.ts';
import { AdamW } from '../optimizers/adamw.ts';
import { Sgd } from '../optimizers/sgd.ts';
import { DivergedError } from './bad-tensor.ts';
import type { Batch } from './batch.ts';
import type { TrainingEvent } from './events.ts';
import type { LossFunction, TrainOptions } from './options.ts';
import { train } from './train.ts';

/** Two layers, dropout between them. */
class Network extends Module {
  readonly hidden: tf.Variable<tf.Rank.R2>;
  readonly output: tf.Variable<tf.Rank.R2>;

  constructor(seed: number) {
    super();
    const random = new Random(seed);
    const weight = (rows: number, columns: number) =>
      tf.tidy(() => tf.variable(tf.tensor2d(random.normals(rows * columns, 0, 0.5), [rows, columns])));
    this.hidden = weight(4, 8);
    this.output = weight(8, 1);
  }
}

type Numbers = { x: { data: Float32Array; shape: number[] }; y: { data: Float32Array; shape: number[] } };

function lossOf(model: Network, dropout = 0.1): LossFunction<Numbers> {
  return ({ x, y }, { random }) => {
    const hidden = tf.tanh(tf.matMul(x as tf.Tensor2D, model.hidden));
    const kept = tf.cast(tf.greaterEqual(random.uniform(hidden.shape), dropout), 'float32');
    return tf.mean(tf.squaredDifference(tf.matMul(tf.mul(hidden, kept) as tf.Tensor2D, model.output), y));
  };
}

/** `count` batches of six examples, others in every epoch. */
function batches(epoch: number, count = 5): Numbers[] {
  const random = new Random(100 + epoch);
  return Array.from({ length: count }, () => {
    const x = random.normals(24);
    const y = Float32Array.from({ length: 6 }, (_, i) => x[i * 4] - x[i * 4 + 1]);
    return { x: { data: x, shape: [6, 4] }, y: { data: y, shape: [6, 1] } };
  });
}

function setUp(options: Partial<TrainOptions<Numbers>> = {}) {
  const model = new Network(3);
  const optimizer = new AdamW(model.trainableParameters());
  const full: TrainOptions<Numbers> = {
    model,
    optimizer,
    loss: lossOf(model),
    data: batches,
    learningRate: 0.01,
    epochs: 3,
    seed: 5,
    ...options,
  };
  return { model, optimizer, options: full };
}

async function collect<B extends Batch>(options: TrainOptions<B>): Promise<TrainingEvent[]> {
  const events: TrainingEvent[] = [];
  for await (const event of train(options)) events.push(event);
  return events;
}

function ofType<T extends TrainingEvent['type']>(events: readonly TrainingEvent[], type: T) {
  return events.filter((event): event is Extract<TrainingEvent, { type: T }> => event.type === type);
}

const weights = (model: Network) => [...model.hidden.dataSync(), ...model.output.dataSync()];

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
    expect(events.at(-1)).toEqual({ type: 'end', step: 200, reason: 'finished' });
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

  it('stops when the monitored metric has not improved for so many evaluations', async () => {
    const scores = [3, 2, 2.5, 2, 1, 0];
    const { options } = setUp({
      epochs: 6,
      evaluation: { run: ({ epoch }) => ({ errors: scores[epoch] }), monitor: 'errors', patience: 2 },
    });
    const events = await collect(options);
    expect(ofType(events, 'evaluation').map(({ best }) => best)).toEqual([true, true, false, false]);
    expect(events.at(-1)).toEqual({ type: 'end', step: 20, reason: 'stopped-early' });
  });
});

describe('train, when something goes wrong', () => {
  it('names the operation that first gave a bad number, and leaves the weights as they were', async () => {
    const { model, options } = setUp();
    const loss: LossFunction<Numbers> = ({ x }) => tf.add(tf.sum(tf.log(tf.min(x))), tf.sum(model.output)) as tf.Scalar;
    const before = weights(model);
    const error = await collect({ ...options, loss }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DivergedError);
    expect((error as DivergedError).message).toMatch(
      /train: step 1: the loss is NaN; the first bad tensor is the result of Log, float32 \[\], where 1 of 1 are NaN or infinite\n.*train\.test\.ts/,
    );
    expect(weights(model)).toEqual(before);
  });

  it('names the array of the batch that holds a bad number', async () => {
    const { options } = setUp({
      data: (epoch) =>
        batches(epoch).map((batch, i) =>
          i === 2 ? { ...batch, y: { ...batch.y, data: new Float32Array(6).fill(NaN) } } : batch,
        ),
    });
    await expect(collect(options)).rejects.toThrow(
      'train: step 3: the loss is NaN; the first bad tensor is batch.y, float32 [6,1], where 6 of 6',
    );
  });

  it('notices gradients that are bad although the loss is not', async () => {
    const { model, options } = setUp();
    const loss: LossFunction<Numbers> = () => tf.sum(tf.sqrt(tf.mul(model.output, 0))) as tf.Scalar; // 0, its slope infinite
    await expect(collect({ ...options, loss })).rejects.toThrow(/step 1: the gradients' norm is (NaN|Infinity)/);
  });

  it('refuses options and batches that do not fit, naming them', async () => {
    const { options } = setUp();
    const { epochs: _epochs, ...endless } = options;
    await expect(collect(endless)).rejects.toThrow('one of epochs and steps must be given');
    await expect(collect({ ...options, accumulate: 0 })).rejects.toThrow(
      'train: accumulate must be an integer of at least 1, got 0',
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
    expect([...kept]).toEqual(['step-00000010', 'step-00000020', 'step-00000025']);
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
});
