import { readFileSync } from 'node:fs';
import { readSafetensors } from '@heed/attention-core';
import { describeModelContract, expectGradientsToMatchDifferences } from '@heed/testing';
import { crossEntropy } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { beamSearch } from '@heed/tasks';
import { createTransformer, type TransformerConfig } from './transformer.ts';

const base: TransformerConfig = {
  sourceSize: 7,
  targetSize: 6,
  modelWidth: 8,
  heads: 2,
  encoderLayers: 1,
  decoderLayers: 2,
  feedForwardWidth: 12,
  arithmetic: 'original',
  activation: 'relu',
  placement: 'pre',
  positions: 'sinusoidal',
  maximumLength: 5,
  embeddings: 'separate',
  dropout: 0,
};

const variants: Record<string, Partial<TransformerConfig>> = {
  'pre-norm, sinusoidal': {},
  'post-norm, learned positions, tied': { placement: 'post', positions: 'learned', embeddings: 'tied' },
  't5 bias, shared': { positions: 't5', embeddings: 'shared', sourceSize: 6 },
  'all of t5': { arithmetic: 't5', positions: 't5', embeddings: 'shared', sourceSize: 6 },
  'gated, wide heads, few buckets, unscaled': {
    arithmetic: 't5',
    positions: 't5',
    embeddings: 'shared-inputs',
    sourceSize: 6,
    headWidth: 3,
    gated: true,
    activation: 'gelu-tanh',
    buckets: 4,
    maximumDistance: 3,
    epsilon: 1e-3,
  },
  't5 arithmetic, an output layer of its own': { arithmetic: 't5', positions: 'learned' },
};

const ints = (values: number[][]) => tf.tensor2d(values, [values.length, values[0].length], 'int32');

// The second source ends after two symbols.
const makeBatch = (padding = 0) => ({
  source: ints([
    [1, 5, 2, 3],
    [4, 1, padding, padding],
  ]),
  sourceLengths: tf.tensor1d([4, 2], 'int32'),
  targetInputs: ints([
    [0, 2, 5],
    [0, 4, 3],
  ]),
  targets: ints([
    [2, 5, 1],
    [4, 3, 1],
  ]),
});

for (const [name, variant] of Object.entries(variants)) {
  describeModelContract(`Transformer (${name})`, {
    config: { ...base, ...variant },
    create: createTransformer,
    batch: () => makeBatch(),
    forward: (model, batch) => model.forward(batch),
    outputShape: [2, 3, 6],
    loss: (model, batch) => crossEntropy(model.forward(batch), batch.targets),
    masked: { change: () => makeBatch(5) },
    overfit: { learningRate: 0.02, steps: 60 },
    // softmax does not see what is added to all scores of a row
    withoutGradient: (parameter) => parameter.endsWith('key.bias'),
  });
}

describe('Transformer', () => {
  for (const [name, variant] of Object.entries(variants)) {
    const model = createTransformer({ ...base, ...variant }, 3);

    it(`writes step by step what it writes when taught (${name})`, () => {
      const batch = makeBatch();
      const memory = model.encode(batch);
      let state = model.begin(memory, batch.targetInputs.shape[1]);
      const steps = tf.unstack(batch.targetInputs, 1).map((symbols) => {
        const stepped = model.step(symbols as tf.Tensor1D, state, memory);
        state = stepped.state;
        return stepped.logits;
      });
      expect(tf.stack(steps, 1)).toBeAllClose(model.forward(batch));
    });

    it(`follows its beams: hypotheses have the log-probability that teacher forcing gives (${name})`, async () => {
      const { targetInputs: _, targets: __, ...sources } = makeBatch();
      const found = await beamSearch(model, sources, { start: 0, end: 1, maximumLength: 4, beams: 3 });
      for (const [i, hypotheses] of found.entries()) {
        for (const { symbols, logProbability, ended } of hypotheses) {
          const written = ended ? [...symbols, 1] : [...symbols];
          const targetInputs = ints([[0, ...written.slice(0, -1)]]);
          const source = tf.slice(sources.source, [i, 0], [1, -1]) as tf.Tensor2D;
          const sourceLengths = tf.slice(sources.sourceLengths, [i], [1]) as tf.Tensor1D;
          const [given] = tf
            .logSoftmax(model.forward({ source, sourceLengths, targetInputs }))
            .arraySync() as number[][][];
          expect(logProbability).toBeCloseTo(
            written.reduce((sum, symbol, step) => sum + given[step][symbol], 0),
            4,
          );
        }
      }
    });
  }

  it('has the gradients of finite differences by what it embeds', () => {
    const model = createTransformer(base, 5);
    const table = tf.tensor(model.source.symbols.weight.dataSync(), [7, 8]);
    expectGradientsToMatchDifferences(
      (embedding) => {
        const { weight } = model.source.symbols;
        Object.assign(model.source.symbols, { weight: embedding });
        try {
          return model.forward(makeBatch());
        } finally {
          Object.assign(model.source.symbols, { weight });
        }
      },
      [table],
      { entries: 12 },
    );
  });

  it('does not let a symbol see later ones', () => {
    const model = createTransformer(base, 1);
    const batch = makeBatch();
    const changed = {
      ...batch,
      targetInputs: tf.add(
        batch.targetInputs,
        ints([
          [0, 0, -1],
          [0, 0, 1],
        ]),
      ) as tf.Tensor2D,
    };
    const firstTwo = (logits: tf.Tensor3D) => tf.slice(logits, [0, 0, 0], [2, 2, -1]);
    expect(firstTwo(model.forward(changed))).toBeAllClose(firstTwo(model.forward(batch)));
  });

  it('shows how much each step looks at each source symbol', () => {
    const weights = createTransformer(base, 1).align(makeBatch());
    expect(weights.shape).toEqual([2, 3, 4]);
    expect(tf.sum(weights, 2)).toBeAllClose(tf.ones([2, 3]));
    expect(tf.slice(weights, [1, 0, 2], [1, 3, 2])).toBeAllClose(tf.zeros([1, 3, 2]), { absolute: 0 });
  });

  it.each([
    [{ heads: 3 }, 'Transformer: heads: must be a divisor of modelWidth, got 3'],
    [{ modelWidth: 7, heads: 1 }, 'Transformer: modelWidth: must be even with sinusoidal positions, got 7'],
    [{ embeddings: 'shared' }, 'Transformer: targetSize: must be sourceSize where embeddings are shared, got 6'],
    [{ dropout: -0.1 }, 'Transformer: dropout: '],
  ])('refuses the config %j', (change, message) => {
    expect(() => createTransformer({ ...base, ...change } as TransformerConfig, 1)).toThrow(message);
  });

  it('says when a sequence is longer than its learned positions', () => {
    const model = createTransformer({ ...base, positions: 'learned', maximumLength: 3 }, 1);
    expect(() => model.forward(makeBatch())).toThrow('LearnedPositions: positions must be in [0, 3), got 0 to 3');
  });
});

describe('Transformer against PyTorch', () => {
  // made by tooling/golden/nlp-transformer.py
  for (const [name, variant] of [
    ['transformer-post', { placement: 'post', activation: 'relu', embeddings: 'separate', positions: 'sinusoidal' }],
    [
      'transformer-pre',
      { placement: 'pre', activation: 'gelu', embeddings: 'shared', positions: 'learned', sourceSize: 6 },
    ],
  ] as const) {
    const golden = readSafetensors(readFileSync(new URL(`${name}.golden.safetensors`, import.meta.url))).tensors();
    const model = createTransformer({ ...base, ...variant, encoderLayers: 2 }, 1);
    const batch = {
      source: golden['input.source'] as tf.Tensor2D,
      sourceLengths: golden['input.sourceLengths'] as tf.Tensor1D,
      targetInputs: golden['input.targetInputs'] as tf.Tensor2D,
    };
    const weights = Object.entries(golden).filter(([key]) => key.startsWith('weight.'));
    model.loadStateDict(Object.fromEntries(weights.map(([key, value]) => [key.slice('weight.'.length), value])));

    it(`gives its logits and gradients (${name})`, () => {
      const parameters = model.namedParameters();
      const { grads } = tf.variableGrads(
        () => {
          const logits = model.forward(batch);
          const uneven = tf.reshape(tf.cos(tf.mul(tf.range(0, logits.size), 1.7)), logits.shape);
          return tf.sum(tf.mul(logits, uneven)) as tf.Scalar;
        },
        parameters.map(({ variable }) => variable),
      );
      // float32 against float64, through four layers
      const tolerance = { absolute: 3e-5, relative: 3e-5 };
      expect(model.forward(batch)).toBeAllClose(golden['output.logits'], tolerance);
      for (const { name: parameter, variable } of parameters) {
        expect(grads[variable.name]).toBeAllClose(golden[`gradient.weight.${parameter}`], tolerance);
      }
    });
  }
});
