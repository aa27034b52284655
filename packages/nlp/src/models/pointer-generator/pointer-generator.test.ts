import { readFileSync } from 'node:fs';
import { RandomStream, readSafetensors } from '@heed/attention-core';
import { describeModelContract } from '@heed/testing';
import * as tf from '@tensorflow/tfjs';
import { afterAll, describe, expect, it } from 'vitest';
import { beamSearch } from '@heed/tasks';
import { createPointerGenerator, type PointerGeneratorConfig } from './pointer-generator.ts';

const base: PointerGeneratorConfig = {
  vocabularySize: 7,
  unknown: 2,
  embeddingWidth: 6,
  hiddenWidth: 8,
  score: 'additive',
  copying: true,
  coverage: true,
  dropout: 0,
};

const variants: Record<string, Partial<PointerGeneratorConfig>> = {
  'additive, copying, coverage': {},
  'additive, copying': { coverage: false },
  'general, copying, coverage': { score: 'general' },
  'scaled-dot, copying, coverage': { score: 'scaled-dot' },
  'scaled-dot alone': { score: 'scaled-dot', copying: false, coverage: false },
};

const ints = (values: number[][]) => tf.tensor2d(values, [values.length, values[0].length], 'int32');

// Words 7 and 8 are outside the vocabulary. The second source ends after two words, its target after two.
const makeBatch = (filler = 0) => ({
  source: ints([
    [3, 7, 5, 8],
    [7, 4, filler, filler],
  ]),
  sourceLengths: tf.tensor1d([4, 2], 'int32'),
  targetInputs: ints([
    [0, 8, 3],
    [0, 7, 1],
  ]),
  targets: ints([
    [8, 3, 1],
    [7, 1, -100],
  ]),
});
const sizeOf = ({ copying }: PointerGeneratorConfig) => (copying ? 7 + 4 : 7);

// Together they hold every part of the model; scores have checks of their own in the core.
for (const name of ['additive, copying, coverage', 'scaled-dot alone']) {
  const config = { ...base, ...variants[name] };
  describeModelContract(`PointerGenerator (${name})`, {
    config,
    create: createPointerGenerator,
    batch: () => makeBatch(),
    forward: (model, batch) => model.forward(batch),
    outputShape: [2, 3, sizeOf(config)],
    loss: (model, batch) => model.loss(batch, { coverageWeight: 0.01 }).loss,
    masked: { change: () => makeBatch(5) },
    overfit: { learningRate: 0.05, steps: 40 },
  });
}

describe('PointerGenerator', () => {
  for (const [name, variant] of Object.entries(variants)) {
    it(`gives probabilities that sum to 1 (${name})`, () => {
      const sums = tf.sum(tf.exp(createPointerGenerator({ ...base, ...variant }, 1).forward(makeBatch())), 2);
      expect(sums).toBeAllClose(tf.ones([2, 3]));
    });

    it(`writes step by step what it writes when taught (${name})`, () => {
      const model = createPointerGenerator({ ...base, ...variant }, 3);
      const batch = makeBatch();
      const memory = model.encode(batch);
      let state = model.begin(memory);
      const steps = tf.unstack(batch.targetInputs, 1).map((symbols) => {
        const stepped = model.step(symbols as tf.Tensor1D, state, memory);
        state = stepped.state;
        return stepped.logits;
      });
      expect(tf.exp(tf.stack(steps, 1))).toBeAllClose(tf.exp(model.forward(batch)));
    });

    it(`takes as loss what its probabilities give the targets (${name})`, () => {
      const config = { ...base, ...variant };
      const model = createPointerGenerator(config, 5);
      const batch = makeBatch();
      const all = model.forward(batch).arraySync();
      // without copying, words outside of the vocabulary are wanted as the unknown one, 2
      const wanted = config.copying ? [8, 3, 1, 7, 1] : [2, 3, 1, 2, 1];
      const rows = [...all[0], ...all[1]];
      const surprise = wanted.reduce((sum, word, i) => sum - rows[i][word], 0) / wanted.length;
      const found = model.loss(batch, { coverageWeight: 0 });
      expect(found.loss.dataSync()[0]).toBeCloseTo(surprise, 5);
      expect(found.weight.dataSync()[0]).toBe(5);
    });
  }

  it('gives a word that only the source has no chance where nothing is copied, and some where it is', () => {
    const copies = createPointerGenerator(base, 1).forward(makeBatch()).arraySync();
    expect(Math.exp(copies[0][0][8])).toBeGreaterThan(0.01);
    expect(Math.exp(copies[1][0][8])).toBeLessThan(1e-15); // a word of the other source
  });

  it('looks at real source words only, with weights that sum to 1', () => {
    for (const variant of Object.values(variants)) {
      const weights = createPointerGenerator({ ...base, ...variant }, 1).align(makeBatch());
      expect(weights.shape).toEqual([2, 3, 4]);
      expect(tf.sum(weights, 2)).toBeAllClose(tf.ones([2, 3]));
      expect(tf.slice(weights, [1, 0, 2], [1, 3, 2])).toBeAllClose(tf.zeros([1, 3, 2]), { absolute: 0 });
    }
  });

  it('drops in training alone, and the same under the same seed', () => {
    const model = createPointerGenerator({ ...base, dropout: 0.5 }, 1);
    const run = (seed?: number) =>
      model.forward(makeBatch(), seed === undefined ? {} : { random: RandomStream.of(seed, 0) });
    expect(run()).toBeAllClose(run(), { absolute: 0, relative: 0 });
    expect(run(1)).toBeAllClose(run(1), { absolute: 0, relative: 0 });
    expect(run(1)).not.toBeAllClose(run());
  });

  it('copies a word that it never saw, by a beam of every source on its own', async () => {
    const model = createPointerGenerator(base, 1);
    const batch = makeBatch();
    const optimizer = tf.train.adam(0.05);
    const variables = model.trainableParameters().map(({ variable }) => variable);
    for (let i = 0; i < 40; i++) optimizer.minimize(() => model.loss(batch).loss, false, variables);
    const found = await beamSearch(model, batch, { start: 0, end: 1, maximumLength: 4, beams: 2 });
    expect(found.map(([best]) => best.symbols)).toEqual([[8, 3], [7]]);
  });

  it.each([
    [{ hiddenWidth: 7 }, 'PointerGenerator: hiddenWidth: '],
    [{ unknown: 7 }, 'PointerGenerator: unknown: must be less than vocabularySize, got 7'],
    [{ score: 'dot' }, 'PointerGenerator: score: '],
    [{ dropout: 1 }, 'PointerGenerator: dropout: '],
    [{ layers: 2 }, 'PointerGenerator: config: '],
  ])('refuses the config %j', (change, message) => {
    expect(() => createPointerGenerator({ ...base, ...change } as PointerGeneratorConfig, 1)).toThrow(message);
  });
});

describe('PointerGenerator against PyTorch', () => {
  // made by tooling/golden/nlp-pointer-generator.py, in float64
  const file = readSafetensors(readFileSync(new URL('pointer-generator.golden.safetensors', import.meta.url)));
  const golden = file.tensors();
  afterAll(() => tf.dispose(golden));
  const batch = {
    source: golden.source as tf.Tensor2D,
    sourceLengths: golden.lengths as tf.Tensor1D,
    targetInputs: golden.targetInputs as tf.Tensor2D,
    targets: golden.targets as tf.Tensor2D,
  };
  const sizes = { ...base, vocabularySize: 6, embeddingWidth: 3, hiddenWidth: 4 };

  for (const [name, variant] of [
    ['additive-copying-coverage', {}],
    ['general-copying', { score: 'general', coverage: false }],
    ['scaled-dot', { score: 'scaled-dot', copying: false, coverage: false }],
  ] as const) {
    const model = createPointerGenerator({ ...sizes, ...variant }, 1);
    const weights = Object.entries(golden).filter(([key]) => key.startsWith(`${name}/weights/`));
    model.loadStateDict(
      Object.fromEntries(weights.map(([key, tensor]) => [key.slice(`${name}/weights/`.length), tensor])),
    );
    const loss = () => model.loss(batch, { coverageWeight: 0.7 });

    it(`gives its probabilities, alignments and losses (${name})`, () => {
      expect(tf.exp(model.forward(batch))).toBeAllClose(golden[`${name}/distribution`]);
      expect(model.align(batch)).toBeAllClose(golden[`${name}/alignments`]);
      const { loss: whole, surprise, repetition } = loss();
      expect(tf.stack([whole, surprise, repetition])).toBeAllClose(golden[`${name}/losses`]);
    });

    it(`gives its gradients (${name})`, () => {
      const parameters = model.namedParameters();
      const { grads } = tf.variableGrads(
        () => loss().loss,
        parameters.map(({ variable }) => variable),
      );
      for (const { name: parameter, variable } of parameters) {
        expect(grads[variable.name]).toBeAllClose(golden[`${name}/gradients/${parameter}`]);
      }
    });
  }
});
