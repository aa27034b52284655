/** A whole training as a task's `fit` does it, the making of the model included: what its memory is measured by. */
import type { Module } from '@heed/attention-core';
import { sameIntegers } from '@heed/bench/same-values';
import { createTransformer } from '@heed/nlp';
import { Adam, crossEntropy, train, type Batch, type LossFunction } from '@heed/training';
import type * as tf from '@tensorflow/tfjs';
import { Gpt, type GptSizes } from './gpt.heed.ts';
import { giveSameWeights } from './heed-step.ts';

interface GptFit extends GptSizes {
  readonly model: 'gpt';
  readonly batch: number;
  readonly steps: number;
}

interface TransformerFit {
  readonly model: 'transformer';
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly inner: number;
  readonly vocabulary: number;
  readonly dropout: number;
  readonly labelSmoothing: number;
  readonly batch: number;
  /** Lengths of sources and targets in the buckets, which take turns. */
  readonly lengths: readonly (readonly [source: number, target: number])[];
  readonly steps: number;
}

const ids = (name: string, shape: readonly number[], below: number) => ({
  data: sameIntegers(name, shape, below),
  shape,
});

/** @returns the run, which gives the loss of every step */
export function prepare(given: GptFit | TransformerFit): () => Promise<Float32Array> {
  return given.model === 'gpt' ? () => fitGpt(given) : () => fitTransformer(given);
}

function fitGpt(sizes: GptFit): Promise<Float32Array> {
  const { batch, length, vocabulary, steps } = sizes;
  const model = new Gpt(sizes);
  const batches = Array.from({ length: steps }, (_, i) => ({
    inputs: ids(`inputs ${i}`, [batch, length], vocabulary),
    targets: ids(`targets ${i}`, [batch, length], vocabulary),
  }));
  return fit(model, batches, ({ inputs, targets }, { random }) =>
    crossEntropy(model.forward(inputs as tf.Tensor2D, random), targets),
  );
}

function fitTransformer(sizes: TransformerFit): Promise<Float32Array> {
  const { layers, width, heads, inner, vocabulary, dropout, labelSmoothing, batch, lengths, steps } = sizes;
  const model = createTransformer(
    {
      sourceSize: vocabulary,
      targetSize: vocabulary,
      modelWidth: width,
      heads,
      encoderLayers: layers,
      decoderLayers: layers,
      feedForwardWidth: inner,
      arithmetic: 'original',
      activation: 'relu',
      placement: 'pre',
      positions: 'sinusoidal',
      maximumLength: 512,
      embeddings: 'shared',
      dropout,
    },
    7,
  );
  const batches = Array.from({ length: steps }, (_, i) => {
    const [source, target] = lengths[i % lengths.length];
    return {
      source: ids(`source ${i}`, [batch, source], vocabulary),
      sourceLengths: { data: new Int32Array(batch).fill(source), shape: [batch] },
      targetInputs: ids(`inputs ${i}`, [batch, target], vocabulary),
      targets: ids(`targets ${i}`, [batch, target], vocabulary),
    };
  });
  return fit(model, batches, ({ targets, ...inputs }, { random }) =>
    crossEntropy(model.forward(inputs as Parameters<typeof model.forward>[0], { random }), targets, { labelSmoothing }),
  );
}

async function fit<B extends Batch>(
  model: Module,
  batches: readonly B[],
  loss: LossFunction<B>,
): Promise<Float32Array> {
  giveSameWeights(model);
  const optimizer = new Adam(model.trainableParameters());
  const losses: number[] = [];
  const options = {
    model,
    optimizer,
    loss,
    data: () => batches,
    learningRate: 1e-3,
    steps: batches.length,
    clipNorm: 2,
  };
  for await (const event of train(options)) {
    if (event.type === 'step') losses.push(event.loss);
  }
  return Float32Array.from(losses);
}
