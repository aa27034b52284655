import { Module, Random } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import { AdamW } from '../optimizers/adamw.ts';
import type { Batch } from './batch.ts';
import type { TrainingEvent } from './events.ts';
import type { LossFunction, TrainOptions } from './options.ts';
import { train } from './train.ts';

/** Two layers, dropout between them. */
export class Network extends Module {
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

export type Numbers = { x: { data: Float32Array; shape: number[] }; y: { data: Float32Array; shape: number[] } };

export function lossOf(model: Network, dropout = 0.1): LossFunction<Numbers> {
  return ({ x, y }, { random }) => {
    const hidden = tf.tanh(tf.matMul(x as tf.Tensor2D, model.hidden));
    const kept = tf.cast(tf.greaterEqual(random.uniform(hidden.shape), dropout), 'float32');
    return tf.mean(tf.squaredDifference(tf.matMul(tf.mul(hidden, kept) as tf.Tensor2D, model.output), y));
  };
}

/** `count` batches of six examples, others in every epoch. */
export function batches(epoch: number, count = 5): Numbers[] {
  const random = new Random(100 + epoch);
  return Array.from({ length: count }, () => {
    const x = random.normals(24);
    const y = Float32Array.from({ length: 6 }, (_, i) => x[i * 4] - x[i * 4 + 1]);
    return { x: { data: x, shape: [6, 4] }, y: { data: y, shape: [6, 1] } };
  });
}

export function setUp(options: Partial<TrainOptions<Numbers>> = {}) {
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

export async function collect<B extends Batch>(options: TrainOptions<B>): Promise<TrainingEvent[]> {
  const events: TrainingEvent[] = [];
  for await (const event of train(options)) events.push(event);
  return events;
}

export function ofType<T extends TrainingEvent['type']>(events: readonly TrainingEvent[], type: T) {
  return events.filter((event): event is Extract<TrainingEvent, { type: T }> => event.type === type);
}

export const weights = (model: Network) => [...model.hidden.dataSync(), ...model.output.dataSync()];
