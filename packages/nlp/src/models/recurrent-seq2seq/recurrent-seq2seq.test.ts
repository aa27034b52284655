import { readFileSync } from 'node:fs';
import { RandomStream, readSafetensors } from '@heed/attention-core';
import { describeModelContract, expectGradientsToMatchDifferences } from '@heed/testing';
import { crossEntropy } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { afterAll, describe, expect, it } from 'vitest';
import { createRecurrentSeq2Seq, type RecurrentSeq2SeqConfig } from './recurrent-seq2seq.ts';
import { withParameters } from './with-parameters.test-support.ts';

const base: RecurrentSeq2SeqConfig = {
  sourceSize: 6,
  targetSize: 7,
  cell: 'gru',
  bidirectional: true,
  embeddingWidth: 4,
  hiddenWidth: 6,
  attention: 'bahdanau',
  window: 'global',
  windowRadius: 1,
  contextEveryStep: false,
  dropout: 0,
};

const variants: Record<string, Partial<RecurrentSeq2SeqConfig>> = {
  'without attention': { attention: 'none' },
  'without attention, LSTM, context at every step': { attention: 'none', cell: 'lstm', contextEveryStep: true },
  bahdanau: {},
  'bahdanau, LSTM, local-m': { cell: 'lstm', window: 'local-m' },
  'luong-dot, one direction': { attention: 'luong-dot', bidirectional: false },
  'luong-general, LSTM': { attention: 'luong-general', cell: 'lstm' },
  'luong-general, local-m': { attention: 'luong-general', window: 'local-m' },
  'luong-general, LSTM, local-p': { attention: 'luong-general', cell: 'lstm', window: 'local-p' },
  'luong-concat': { attention: 'luong-concat' },
};

const ints = (values: number[][]) => tf.tensor2d(values, [values.length, values[0].length], 'int32');
const lengths = (...values: number[]) => tf.tensor1d(values, 'int32');

// The second source ends after two symbols.
const makeBatch = (padding = 0) => ({
  source: ints([
    [1, 5, 2, 3],
    [4, 1, padding, padding],
  ]),
  sourceLengths: lengths(4, 2),
  targetInputs: ints([
    [0, 2, 5],
    [0, 6, 3],
  ]),
  targets: ints([
    [2, 5, 1],
    [6, 3, 4],
  ]),
});

for (const [name, variant] of Object.entries(variants)) {
  describeModelContract(`RecurrentSeq2Seq (${name})`, {
    config: { ...base, ...variant },
    create: createRecurrentSeq2Seq,
    batch: () => makeBatch(),
    forward: (model, batch) => model.forward(batch),
    outputShape: [2, 3, 7],
    loss: (model, batch) => crossEntropy(model.forward(batch), batch.targets),
    masked: { change: () => makeBatch(5) },
    overfit: { learningRate: 0.05, steps: 40 },
  });
}

describe('RecurrentSeq2Seq', () => {
  const [plain, fedPlain, additive, additiveLocal, , , , predictive, concat] = Object.entries(variants);
  // Together they hold every part of the model; cells and scores have checks of their own in the core.
  for (const [name, variant] of [plain, fedPlain, additive, additiveLocal, predictive, concat]) {
    it(`has the gradients of finite differences in every weight (${name})`, () => {
      const model = createRecurrentSeq2Seq({ ...base, ...variant, embeddingWidth: 2, hiddenWidth: 4 }, 5);
      const names = model.namedParameters().map((parameter) => parameter.name);
      const values = model.namedParameters().map(({ variable }) => tf.tensor(variable.dataSync(), variable.shape));
      const batch = makeBatch();
      expectGradientsToMatchDifferences(
        (...tensors) =>
          withParameters(model, Object.fromEntries(names.map((parameter, i) => [parameter, tensors[i]])), () =>
            model.forward(batch),
          ),
        values,
        { entries: 3 },
      );
    });
  }

  for (const [name, variant] of Object.entries(variants)) {
    it(`writes step by step what it writes when taught (${name})`, () => {
      const model = createRecurrentSeq2Seq({ ...base, ...variant }, 3);
      const batch = makeBatch();
      const memory = model.encode(batch);
      let state = model.begin(memory);
      const steps = tf.unstack(batch.targetInputs, 1).map((symbols) => {
        const stepped = model.step(symbols as tf.Tensor1D, state, memory);
        state = stepped.state;
        return stepped.logits;
      });
      expect(tf.stack(steps, 1)).toBeAllClose(model.forward(batch));
    });
  }

  it('drops in training alone, and the same under the same seed', () => {
    const model = createRecurrentSeq2Seq({ ...base, dropout: 0.5 }, 1);
    const run = (seed?: number) =>
      model.forward(makeBatch(), seed === undefined ? {} : { random: RandomStream.of(seed, 0) });
    expect(run()).toBeAllClose(run(), { absolute: 0, relative: 0 });
    expect(run(1)).toBeAllClose(run(1), { absolute: 0, relative: 0 });
    expect(run(1)).not.toBeAllClose(run(2));
    expect(run(1)).not.toBeAllClose(run());
  });

  it('looks at real source symbols only, with weights that sum to 1', () => {
    const model = createRecurrentSeq2Seq(base, 1);
    const weights = model.align(makeBatch())!;
    expect(weights.shape).toEqual([2, 3, 4]);
    expect(tf.sum(weights, 2)).toBeAllClose(tf.ones([2, 3]));
    expect(tf.slice(weights, [1, 0, 2], [1, 3, 2])).toBeAllClose(tf.zeros([1, 3, 2]), { absolute: 0 });
  });

  it('keeps to the window around its own step, and at the last symbol of a shorter source (local-m)', () => {
    const model = createRecurrentSeq2Seq({ ...base, attention: 'luong-general', window: 'local-m' }, 1);
    const seen = tf.cast(tf.greater(model.align(makeBatch())!, 0), 'int32');
    expect(seen).toBeAllClose([
      [
        [1, 1, 0, 0],
        [1, 1, 1, 0],
        [0, 1, 1, 1],
      ],
      [
        [1, 1, 0, 0],
        [1, 1, 0, 0],
        [1, 1, 0, 0],
      ],
    ]);
  });

  it('has nothing to show without attention', () => {
    expect(createRecurrentSeq2Seq({ ...base, attention: 'none' }, 1).align(makeBatch())).toBeUndefined();
  });

  it.each([
    [{ hiddenWidth: 7 }, 'RecurrentSeq2Seq: hiddenWidth: must be even where the encoder is bidirectional, got 7'],
    [
      { attention: 'none', window: 'local-m' },
      "RecurrentSeq2Seq: window: must be 'global' where attention is 'none', got \"local-m\"",
    ],
    [{ contextEveryStep: true }, "RecurrentSeq2Seq: contextEveryStep: needs attention 'none', got true"],
    [{ dropout: 1 }, 'RecurrentSeq2Seq: dropout: '],
    [{ embeddingWidth: 0 }, 'RecurrentSeq2Seq: embeddingWidth: '],
    [{ attention: 'luong' }, 'RecurrentSeq2Seq: attention: '],
    [{ layers: 2 }, 'RecurrentSeq2Seq: config: '],
  ])('refuses the config %j', (change, message) => {
    const config = { ...base, ...change } as RecurrentSeq2SeqConfig;
    expect(() => createRecurrentSeq2Seq(config, 1)).toThrow(message);
  });
});

describe('RecurrentSeq2Seq against PyTorch', () => {
  // made by tooling/golden/nlp-recurrent-seq2seq.py
  const file = readSafetensors(readFileSync(new URL('recurrent-seq2seq.golden.safetensors', import.meta.url)));
  const golden = file.tensors();
  afterAll(() => tf.dispose(golden));
  const batch = {
    source: golden.source as tf.Tensor2D,
    sourceLengths: golden.lengths as tf.Tensor1D,
    targetInputs: golden.targetInputs as tf.Tensor2D,
  };
  const under = (prefix: string) =>
    Object.fromEntries(
      Object.entries(golden)
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
    );

  for (const [name, variant] of [
    ['gru-bahdanau', { cell: 'gru', attention: 'bahdanau' }],
    ['lstm-luong-general', { cell: 'lstm', attention: 'luong-general' }],
  ] as const) {
    const model = createRecurrentSeq2Seq(
      { ...base, ...variant, sourceSize: 5, targetSize: 6, embeddingWidth: 3, hiddenWidth: 4 },
      1,
    );
    model.loadStateDict(under(`${name}/weights/`));

    it(`gives its logits and alignments (${name})`, () => {
      expect(model.forward(batch)).toBeAllClose(golden[`${name}/logits`]);
      expect(model.align(batch)!).toBeAllClose(golden[`${name}/alignments`]);
    });

    it(`gives its gradients (${name})`, () => {
      const parameters = model.namedParameters();
      const { grads } = tf.variableGrads(
        () => {
          const logits = model.forward(batch);
          const uneven = tf.reshape(tf.cos(tf.mul(tf.range(0, logits.size), 1.7)), logits.shape);
          return tf.sum(tf.mul(logits, uneven)) as tf.Scalar;
        },
        parameters.map(({ variable }) => variable),
      );
      for (const { name: parameter, variable } of parameters) {
        expect(grads[variable.name]).toBeAllClose(golden[`${name}/gradients/${parameter}`]);
      }
    });
  }
});
