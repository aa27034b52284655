import { Random } from '@heed/attention-core';
import { describeTaskContract } from '@heed/testing';
import { memoryFolder } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import type { SavedFiles } from './task-folder.ts';
import { RowClassifier, rows } from './task.test-support.ts';

describeTaskContract('RowClassifier', {
  create: () => new RowClassifier({ seed: 3 }),
  untrained: () => new RowClassifier(),
  load: (folder) => RowClassifier.load(folder),
  folder: memoryFolder,
  fit: (task, options) => task.fit(rows, options),
  fitBadly: (task) => task.fit([...rows, { numbers: [], above: true }]),
  inputs: rows.map(({ numbers }) => numbers),
  predict: (task, inputs, options) => task.predict(inputs, options),
  outcome: ({ above, probability }) => ({ exact: above, numbers: [probability] }),
});

describe('Task', () => {
  it('writes one kind of config.json, with the sums of all other files', async () => {
    const folder = memoryFolder();
    const task = new RowClassifier({ width: 3 });
    await task.fit(rows, { steps: 1 });
    await task.save(folder);
    const config = JSON.parse(new TextDecoder().decode(await folder.read('config.json'))) as Record<string, unknown>;
    expect(config).toMatchObject({ format: 'heed-row-classifier', version: 1, config: { width: 3, seed: 1 } });
    expect(config.files).toMatchObject({ 'notes.txt': { bytes: 15 }, 'model.safetensors': {} });
    expect(await folder.list()).toEqual(['config.json', 'model.safetensors', 'notes.txt']);
  });

  it('draws no weights when it is loaded, for the saved ones follow', async () => {
    const drawn: Float32Array[] = [];
    class Watched extends RowClassifier {
      protected override restore(saved: SavedFiles) {
        drawn.push(new Random(1).normals(2));
        return super.restore(saved);
      }
    }
    const [folder, task] = [memoryFolder(), new RowClassifier()];
    await task.fit(rows, { steps: 1 });
    await task.save(folder);
    const loaded = await Watched.load(folder);
    expect(drawn).toEqual([Float32Array.of(0, 0)]);
    expect(loaded.model.output.weight).toBeAllClose(task.model.output.weight, { absolute: 0, relative: 0 });
    expect(new Random(1).normals(2)).not.toEqual(drawn[0]);
  });

  it('refuses a published folder by the name of what opens it', async () => {
    const folder = memoryFolder();
    await folder.write('config.json', new TextEncoder().encode('{ "model_type": "bert" }'));
    await expect(RowClassifier.load(folder)).rejects.toThrow(
      'RowClassifier.load: config.json of memory must be of format heed-row-classifier, got a published bert, which fromPretrained opens',
    );
  });

  it('ends with the weights of the best evaluation where there is patience', async () => {
    const task = new RowClassifier({ seed: 3 });
    // a learning rate at which it gets worse again
    const history = await task.fit(rows, { validation: rows, epochs: 30, learningRate: 3, patience: 3 });
    const { loss } = await task.evaluate(rows);
    expect(loss).toBeCloseTo(Math.min(...history.evaluations.map(({ metrics }) => metrics.loss)), 5);
    expect(history.best?.metrics.loss).toBeCloseTo(loss, 5);
    task.dispose();
  });

  it('keeps few recordings of 2,000 inputs of 2,000 lengths, up to 10,000', async () => {
    const task = new RowClassifier();
    await task.fit(rows, { steps: 1 });
    const inputs = Array.from({ length: 2000 }, (_, i) => Array<number>(5 * (i + 1)).fill(1));
    for (let i = 0; i < 2; i++) await task.predict(inputs.slice(0, 200), { batchSize: 1 });
    await task.predict(inputs, { batchSize: 20 });
    expect(task.recordings).toBeLessThanOrEqual(32);
    expect(task.recordings > 10).toBe(tf.getBackend() === 'tensorflow');
    task.dispose();
    expect(task.recordings).toBe(0);
  });

  it('refuses bad options before work begins', async () => {
    const task = new RowClassifier();
    await expect(task.fit(rows, { epochs: 1, steps: 1 })).rejects.toThrow(
      'RowClassifier.fit: epochs or steps must be given, not both, got epochs=1, steps=1',
    );
    await expect(task.fit(rows, { learningRate: -1 })).rejects.toThrow(/RowClassifier.fit: learningRate: .*got -1/);
    await task.fit(rows, { steps: 1 });
    await expect(task.predict([[1]], { batchSize: 0 })).rejects.toThrow(
      'RowClassifier.predict: batchSize must be a positive integer, got 0',
    );
    task.dispose();
  });
});
