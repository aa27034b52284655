import { readFileSync } from 'node:fs';
import { capture, readSafetensors } from '@heed/attention-core';
import { describeModelContract } from '@heed/testing';
import * as tf from '@tensorflow/tfjs';
import { afterAll, describe, expect, it } from 'vitest';
import { itemCrossEntropy } from '../../losses/item-cross-entropy.ts';
import { createSasRec, type HistoryBatch, type SasRec, type SasRecConfig } from './sasrec.ts';

const config: SasRecConfig = {
  items: 9,
  maximumLength: 5,
  modelWidth: 8,
  layers: 2,
  heads: 2,
  dropout: 0,
  norm: 'pre',
};

// histories of five, two and one items
const batch = (padding = 0): HistoryBatch => ({
  items: tf.tensor2d(
    [1, 5, 2, 3, 8, 4, 0, padding, padding, padding, 7, padding, padding, padding, padding],
    [3, 5],
    'int32',
  ),
  lengths: tf.tensor1d([5, 2, 1], 'int32'),
});
/** Where histories stand in the batch, one after another. */
const real = tf.tensor1d([0, 1, 2, 3, 4, 5, 6, 10], 'int32');
const next = tf.tensor1d([5, 2, 3, 8, 6, 0, 1, 2], 'int32');
afterAll(() => tf.dispose([real, next]));

const hiddenOf = (model: SasRec, given: HistoryBatch) =>
  tf.tidy(() => tf.gather(tf.reshape(model.forward(given), [-1, 8]), real) as tf.Tensor2D);
const lossOf = (model: SasRec) => tf.tidy(() => itemCrossEntropy(hiddenOf(model, batch()), model.items.weight, next));

for (const norm of ['pre', 'query'] as const) {
  describeModelContract(`SasRec (${norm})`, {
    config: { ...config, norm },
    create: createSasRec,
    batch: () => batch(),
    forward: (model, given) => model.next(given),
    outputShape: [3, 9],
    loss: lossOf,
    masked: { change: () => batch(6) },
  });
}

describe('SasRec', () => {
  it.each(['query', 'pre'] as const)(
    "equals torch's parts put together, with norm '%s': states, loss, gradients",
    (norm) => {
      // made by tooling/golden/recsys-sasrec.py
      const golden = readSafetensors(readFileSync(new URL('sasrec.golden.safetensors', import.meta.url))).tensors();
      const under = (part: string) =>
        Object.fromEntries(
          Object.entries(golden)
            .filter(([name]) => name.startsWith(`${norm}/${part}/`))
            .map(([name, tensor]) => [name.slice(`${norm}/${part}/`.length), tensor]),
        );
      const model = createSasRec({ ...config, norm }, 1);
      model.loadStateDict(under('weights'));
      expect(hiddenOf(model, batch())).toBeAllClose(golden[`${norm}/hidden`], { absolute: 1e-5, relative: 1e-5 });
      const parameters = model.namedParameters();
      const { value, grads } = tf.variableGrads(
        () => lossOf(model),
        parameters.map(({ variable }) => variable),
      );
      expect(value).toBeAllClose(golden[`${norm}/loss`]);
      const gradients = under('gradients');
      expect(Object.keys(gradients).toSorted()).toEqual(parameters.map(({ name }) => name).toSorted());
      for (const { name, variable } of parameters) {
        expect(grads[variable.name]).toBeAllClose(gradients[name], { absolute: 1e-5, relative: 1e-4 });
      }
      tf.dispose([golden, value, grads]);
      model.dispose();
    },
  );

  it('gives the last item the last position, whatever the length', () => {
    const model = createSasRec({ ...config, layers: 1 }, 1);
    const alone = (items: number[], room: number) =>
      model.next({
        items: tf.tensor2d([...items, ...Array<number>(room - items.length).fill(0)], [1, room], 'int32'),
        lengths: tf.tensor1d([items.length], 'int32'),
      });
    expect(alone([3, 4], 2)).toBeAllClose(alone([3, 4], 5));
    model.dispose();
  });

  it('shows what each item looked at: only those before it', () => {
    const model = createSasRec(config, 1);
    const { maps } = capture(() => model.forward(batch()));
    expect(maps.map(({ name }) => name)).toEqual(['layer 1', 'layer 2']);
    const later = tf.tidy(() => tf.sub(1, tf.linalg.bandPart(tf.ones([5, 5]), -1, 0)));
    expect(tf.max(tf.mul(maps[0].weights, later)).dataSync()[0]).toBe(0);
    model.dispose();
  });

  it('refuses too many items and widths that do not fit, naming them', () => {
    const model = createSasRec({ ...config, maximumLength: 4 }, 1);
    expect(() => model.forward(batch())).toThrow('SasRec: histories must have at most maximumLength=4 items, got 5');
    expect(() => createSasRec({ ...config, modelWidth: 9 }, 1)).toThrow(
      'SasRec: modelWidth: must be a multiple of heads, got 9',
    );
    model.dispose();
  });
});
