import { Random, readSafetensors } from '@heed/attention-core';
import { describeTaskContract } from '@heed/testing';
import { memoryFolder } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { afterEach, describe, expect, it } from 'vitest';
import type { LabelledImage } from '../../datasets/labelled-image.ts';
import type { Image } from '../../images/image.ts';
import type { ImageClassifierOptions } from './image-classifier-config.ts';
import { ImageClassifier } from './image-classifier.ts';

const LABELS = ['left', 'right', 'none'];
const SIZE = 8;
/** A light square of 3 × 3 in the left or the right half of a dark picture with noise, or none. */
const picture = (label: string, random: Random): Image => {
  const data = Uint8Array.from(random.uniforms(SIZE * SIZE, 0, 60));
  const [top, left] = [random.integer(SIZE - 3), random.integer(2) + (label === 'right' ? 4 : 0)];
  for (const y of label === 'none' ? [] : [0, 1, 2])
    data.fill(240, (top + y) * SIZE + left, (top + y) * SIZE + left + 3);
  return { width: SIZE, height: SIZE, channels: 1, data };
};
const examplesOf = (count: number, seed: number): LabelledImage[] => {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, i) => ({ image: picture(LABELS[i % 3], random), label: LABELS[i % 3] }));
};
const examples = examplesOf(24, 1);

const elsewise: Image = { width: 11, height: 5, channels: 3, data: new Uint8Array(165).fill(90) };

const made: ImageClassifier[] = [];
const kept = (classifier: ImageClassifier) => {
  made.push(classifier);
  return classifier;
};
afterEach(() => made.splice(0).forEach((classifier) => classifier.dispose()));

const shared = { labels: LABELS, imageSize: [SIZE, SIZE], channels: 1, seed: 3 } as const;
const transformer = { modelWidth: 8, layers: 2, feedForwardWidth: 16 };
const ARCHITECTURES: readonly ImageClassifierOptions[] = [
  { architecture: 'vit', ...shared, ...transformer, patchSize: 2 },
  { architecture: 'cct', ...shared, ...transformer, convolutions: 1 },
  { architecture: 'conv-net', ...shared, widths: [4, 8], attention: 'convolutional-block', reduction: 2 },
];
const [vit, cct, convNet] = ARCHITECTURES;
const create = (options: ImageClassifierOptions = cct) => kept(new ImageClassifier(options));

describe.each(ARCHITECTURES.map((options) => [options.architecture, options] as const))(
  "architecture '%s'",
  (_, options) => {
    describeTaskContract('ImageClassifier', {
      create: () => create(options),
      untrained: () => create(options),
      load: (folder) => ImageClassifier.load(folder),
      folder: memoryFolder,
      fit: (task, fitOptions) =>
        task.fit(examples, {
          batchSize: 8,
          augmentation: { shift: 1, mixup: 0.2 },
          labelSmoothing: 0.1,
          ...fitOptions,
        }),
      fitBadly: (task) => task.fit([...examples, { image: { ...examples[0].image, width: 9 }, label: 'left' }]),
      // pictures of other sizes and kinds are brought to the model's
      inputs: [examples[0].image, examples[1].image, elsewise],
      predict: (task, inputs, predictOptions) => task.predict(inputs, predictOptions),
      outcome: ({ label, probabilities }) => ({ exact: label, numbers: Object.values(probabilities) }),
      tolerance: 1e-5, // batches are convolved in another order
    });
  },
);

describe('ImageClassifier', () => {
  const trained = async (options: ImageClassifierOptions = cct) => {
    const classifier = create(options);
    await classifier.fit(examplesOf(48, 2), { epochs: 20, batchSize: 16, learningRate: 0.02, weightDecay: 0 });
    return classifier;
  };

  it('learns, measures, and says how often its probabilities are right', async () => {
    const classifier = await trained();
    const held = examplesOf(60, 5);
    const { accuracy, loss, expectedCalibrationError, bins, predictions } = await classifier.evaluate(held);
    expect(accuracy).toBeGreaterThan(0.9);
    expect(predictions.length).toBe(60);
    expect(bins.reduce((sum, bin) => sum + bin.examples, 0)).toBe(60);
    expect(expectedCalibrationError).toBeLessThan(0.3);
    const temperature = await classifier.calibrate(held);
    const calibrated = await classifier.evaluate(held);
    expect(calibrated.accuracy).toBe(accuracy);
    expect(calibrated.loss).toBeLessThanOrEqual(loss + 1e-9);
    const folder = memoryFolder();
    await classifier.save(folder);
    const loaded = kept(await ImageClassifier.load(folder));
    expect(await loaded.predict(held[0].image)).toEqual(await classifier.predict(held[0].image));
    await loaded.fit(held, { steps: 1 });
    expect(temperature).not.toBe(1); // which a further fit takes back
    const { probabilities } = await loaded.predict(held[0].image);
    expect(Object.values(probabilities).reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 6);
  });

  it('shows where it looked: layers and heads, one layer alone, all joined, and what speaks for a label', async () => {
    for (const [options, places] of [
      [vit, 16],
      [cct, 16],
    ] as const) {
      const classifier = await trained(options);
      const [{ image }] = examplesOf(1, 9); // a square on the left
      const all = await classifier.explain(image);
      const names = options.architecture === 'vit' ? ['layer 1', 'layer 2'] : ['layer 1', 'layer 2', 'pooling'];
      expect(all.overlays.map(({ name, grid }) => [name, grid])).toEqual(names.map((name) => [name, [4, 4]]));
      expect(all.label).toBe('left');
      const one = await classifier.explain(image, { layers: [2], heads: 'each' });
      expect(one.overlays.slice(0, 2).map(({ name }) => name)).toEqual(['layer 2, head 1', 'layer 2, head 2']);
      const mean = one.overlays[0].weights.map((weight, i) => (weight + one.overlays[1].weights[i]) / 2);
      expect(mean).toBeAllClose(all.overlays[1].weights);
      for (const by of ['rollout', 'gradient'] as const) {
        const { overlays } = await classifier.explain(image, { by });
        expect(overlays.length).toBe(1);
        expect(overlays[0].weights.length).toBe(places);
        expect(overlays[0].weights.every(Number.isFinite)).toBe(true);
      }
      const tensors = tf.memory().numTensors;
      await classifier.explain(image, { by: 'gradient', label: 'right' });
      await expect(classifier.explain(image, { layers: [3] })).rejects.toThrow(
        'layers must be among those of the model, counted from 1, got 3',
      );
      expect(tf.memory().numTensors).toBe(tensors);
    }
  });

  it('shows the gates of places of a convolutional network, and says where there is nothing to show', async () => {
    const classifier = create(convNet);
    await classifier.fit(examples, { steps: 2, batchSize: 8 });
    const { overlays } = await classifier.explain(examples[0].image);
    expect(overlays.map(({ name, grid }) => [name, grid])).toEqual([
      ['places', [8, 8]],
      ['places#2', [4, 4]],
    ]);
    expect((await classifier.explain(examples[0].image, { layers: [2] })).overlays.map(({ name }) => name)).toEqual([
      'places#2',
    ]);
    await expect(classifier.explain(examples[0].image, { by: 'rollout' })).rejects.toThrow(
      'layers must be of self-attention to be joined',
    );
    const plain = create({ ...convNet, attention: 'none' } as ImageClassifierOptions);
    await plain.fit(examples, { steps: 1, batchSize: 8 });
    await expect(plain.explain(examples[0].image)).rejects.toThrow('the model must have attention over places');
  });

  it('measures whether an overlay tells the truth: the square’s place matters most', async () => {
    const classifier = await trained();
    const [{ image }] = examplesOf(1, 9);
    // the truth itself as overlay: the mean brightness of each place
    const weights = Float32Array.from({ length: 16 }, (_, place) => {
      const [row, column] = [2 * Math.floor(place / 4), 2 * (place % 4)];
      const at = (y: number, x: number) => image.data[(row + y) * SIZE + column + x];
      return at(0, 0) + at(0, 1) + at(1, 0) + at(1, 1);
    });
    const { deletion, insertion, chance } = await classifier.faithfulness(image, {
      name: 'light',
      grid: [4, 4],
      weights,
    });
    expect(deletion.area).toBeLessThan(chance.deletion);
    expect(insertion.area).toBeGreaterThan(chance.insertion);
    const misfit = { name: 'light', grid: [4, 5] as const, weights };
    await expect(classifier.faithfulness(image, misfit)).rejects.toThrow(
      'an overlay of 4 × 5 places must have as many numbers, got 16',
    );
  });

  it('keeps classes apart whose names are numbers in falling order', async () => {
    const classifier = create({ ...cct, labels: ['10', '9', '0'] } as ImageClassifierOptions);
    const numbered = examples.map(({ image, label }) => ({ image, label: ['10', '9', '0'][LABELS.indexOf(label)] }));
    await classifier.fit(numbered, { steps: 1, batchSize: 8 });
    const { brier, predictions } = await classifier.evaluate(numbered);
    const byHand = predictions.map(({ probabilities }, i) =>
      Object.entries(probabilities).reduce(
        (sum, [label, p]) => sum + (p - (label === numbered[i].label ? 1 : 0)) ** 2,
        0,
      ),
    );
    expect(brier).toBeCloseTo(byHand.reduce((sum, value) => sum + value, 0) / byHand.length, 8);
  });

  it('is changed by chance in training alone, and the same under the same seed', async () => {
    const losses = async (augmentation: object) => {
      const classifier = create();
      return (await classifier.fit(examples, { steps: 3, batchSize: 8, augmentation })).losses;
    };
    expect(await losses({ flip: true, erase: 0.5, cutMix: 1 })).toEqual(
      await losses({ flip: true, erase: 0.5, cutMix: 1 }),
    );
    expect(await losses({ flip: true })).not.toEqual(await losses({}));
  });

  it.each([
    [[], {}, 'ImageClassifier.fit: at least one picture is needed, got none'],
    [
      [{ image: examples[0].image, label: 'up' }],
      {},
      'ImageClassifier.fit: a label must be one of ["left","right","none"], got "up" at 0',
    ],
    [
      [{ image: { ...examples[0].image, height: 0 }, label: 'left' }],
      {},
      'ImageClassifier.fit: an image must have a width and a height of at least 1',
    ],
    [[{ image: { ...examples[0].image, channels: 4 }, label: 'left' }], {}, 'ImageClassifier.fit: an image must have'],
    [examples, { labelSmoothing: 1 }, 'ImageClassifier.fit: labelSmoothing must be in [0, 1), got 1'],
  ])('refuses data and options that do not fit (%#)', async (data, options, message) => {
    await expect(create().fit(data as LabelledImage[], options)).rejects.toThrow(message);
  });

  it.each([
    [{ ...vit, imageSize: [9, 8] }, 'ImageClassifier: imageSize: must be multiples of patchSize, got [9,8]'],
    [{ ...vit, modelWidth: 9 }, 'ImageClassifier: modelWidth: must be a multiple of heads, got 9'],
    [{ ...cct, labels: ['a', 'a'] }, 'ImageClassifier: labels: must differ'],
    [{ ...cct, mean: [0.1, 0.2] }, 'ImageClassifier: mean: must have a number for each channel'],
    [{ ...cct, channels: 4 }, 'ImageClassifier: channels: '],
    [{ ...cct, patchSize: 2 }, 'ImageClassifier: '],
  ])('refuses the config %j', (config, message) => {
    expect(() => new ImageClassifier(config as ImageClassifierOptions)).toThrow(message);
  });
});

describe('ImageClassifier on a published ViT', () => {
  const VIT = { architecture: 'vit', ...shared, ...transformer, channels: 3, patchSize: 2, pooling: 'token' } as const;
  const publish = async (change: (config: Record<string, unknown>) => object = () => ({})) => {
    const trained = create(VIT);
    await trained.fit(examples, { steps: 2, batchSize: 8 });
    const folder = memoryFolder('published');
    await trained.save(folder);
    const {
      format: _,
      version: __,
      config: ___,
      state: ____,
      files: _____,
      ...config
    } = JSON.parse(new TextDecoder().decode(await folder.read('config.json'))) as Record<string, unknown>;
    await folder.write('config.json', new TextEncoder().encode(JSON.stringify({ ...config, ...change(config) })));
    return { folder, trained };
  };
  const [{ image }] = examples;

  it('has the names, labels and reading that transformers write and read', async () => {
    const { folder, trained } = await publish();
    const opened = kept(await ImageClassifier.fromPretrained(folder));
    expect(opened.config.labels).toEqual(LABELS);
    expect(await opened.predict(image)).toEqual(await trained.predict(image));
    const reading = JSON.parse(new TextDecoder().decode(await folder.read('preprocessor_config.json'))) as object;
    expect(reading).toMatchObject({ size: { height: 8, width: 8 }, resample: 2, image_mean: [0.5, 0.5, 0.5] });
    const names = [...readSafetensors(await folder.read('model.safetensors')).entries.keys()];
    expect(names).toContain('vit.encoder.layer.1.attention.attention.query.weight');
    expect(names).toContain('classifier.bias');
  });

  it('gets a new last layer where labels are given, and low-rank additions where they are asked for', async () => {
    const { folder } = await publish();
    const opened = kept(await ImageClassifier.fromPretrained(folder, { labels: ['a', 'b'], lora: { rank: 2 } }));
    expect(Object.keys((await opened.predict(image)).probabilities)).toEqual(['a', 'b']);
    expect(opened.trainableParameterCount).toBeLessThan(opened.parameterCount / 4);
    const own = examples.map((example, i) => ({ ...example, label: i % 2 === 0 ? 'a' : 'b' }));
    expect((await opened.fit(own, { steps: 2, batchSize: 8 })).steps).toBe(2);
  });

  it('reads larger pictures with its positions resized, also when it was saved', async () => {
    const { folder } = await publish();
    const opened = kept(await ImageClassifier.fromPretrained(folder, { imageSize: [12, 16] }));
    const { overlays } = await opened.explain(image, { layers: [1] });
    expect(overlays[0].grid).toEqual([6, 8]);
    const again = memoryFolder();
    await opened.save(again);
    expect(await kept(await ImageClassifier.load(again)).predict(image)).toEqual(await opened.predict(image));
  });

  it('must be given labels where the files have none, and refuses another model by name', async () => {
    const { folder } = await publish(() => ({ architectures: ['ViTModel'] }));
    await expect(ImageClassifier.fromPretrained(folder)).rejects.toThrow(
      'labels must be given where the files name none, got neither in published',
    );
    const other = await publish(() => ({ model_type: 'swin' }));
    await expect(ImageClassifier.fromPretrained(other.folder)).rejects.toThrow('model_type: ');
  });
});
