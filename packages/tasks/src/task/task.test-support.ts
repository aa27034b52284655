import { Linear, Module, Random } from '@heed/attention-core';
import { crossEntropy, dataLoader, type BatchTensors, type HostMatrix, type HostVector } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { FitHistory } from './fit-history.ts';
import type { FitOptions } from './fit-options.ts';
import type { SavedFiles } from './task-folder.ts';
import { Task, type TaskParts } from './task.ts';

/** Rows of numbers, of any length, and whether their mean is above 0. */
export interface Row {
  readonly numbers: readonly number[];
  readonly above: boolean;
}

export interface RowClassifierConfig {
  readonly width: number;
  readonly seed: number;
}

const kind = {
  name: 'RowClassifier',
  schema: z.strictObject({ width: z.number().int().min(1).default(4), seed: z.number().int().min(0).default(1) }),
};

type RowBatch = { readonly numbers: HostMatrix; readonly lengths: HostVector };

class RowModel extends Module {
  readonly hidden: Linear;
  readonly output: Linear;

  constructor(width: number, random: Random) {
    super();
    this.hidden = new Linear({ inputs: 1, outputs: width, random });
    this.output = new Linear({ inputs: width, outputs: 2, random });
  }

  /** The mean over the numbers of each row. @returns logits [B, 2] */
  forward({ numbers, lengths }: BatchTensors<RowBatch>): tf.Tensor2D {
    return tf.tidy(() => {
      const hidden = tf.tanh(this.hidden.forward(tf.expandDims(numbers, 2))); // [B, L, width]
      const real = tf.less(tf.range(0, numbers.shape[1], 1, 'int32'), tf.expandDims(lengths, 1)); // [B, L]
      const sum = tf.sum(tf.mul(hidden, tf.expandDims(tf.cast(real, 'float32'), 2)), 1); // [B, width]
      return this.output.forward(tf.div(sum, tf.expandDims(tf.cast(lengths, 'float32'), 1))) as tf.Tensor2D;
    });
  }
}

interface RowParts extends TaskParts {
  readonly model: RowModel;
  readonly scale: number;
}

/** The smallest task that has all that a task can have: it tells rows of numbers whose mean is above 0 from others. */
export class RowClassifier extends Task<RowClassifierConfig, RowParts> {
  static readonly kind = kind;

  constructor(config: Partial<RowClassifierConfig> = {}) {
    super(kind, config);
  }

  fit(rows: readonly Row[], options: FitOptions & { readonly validation?: readonly Row[] } = {}): Promise<FitHistory> {
    const { validation } = options;
    const recipe = {
      optimizer: 'adam',
      learningRate: 0.05,
      schedule: 'linear',
      warmup: 0,
      epochs: 2,
      batchSize: 4,
      weightDecay: 0,
    } as const;
    const create = () => this.create(Math.max(1, ...rows.flatMap(({ numbers }) => numbers.map(Math.abs))));
    return this.train<RowBatch & { readonly labels: HostVector }>(
      options,
      recipe,
      create,
      ({ model, scale }, { batchSize }) => {
        const empty = rows.findIndex(({ numbers }) => numbers.length === 0);
        if (empty >= 0) throw new Error(`RowClassifier.fit: a row must have a number, got none in row ${empty}`);
        return {
          loss: ({ labels, ...batch }) => crossEntropy(model.forward(batch), labels),
          data: dataLoader({
            examples: rows.length,
            batchSize,
            make: (indices) => {
              const chosen = indices.map((index) => rows[index]);
              const labels = Int32Array.from(chosen, ({ above }) => (above ? 1 : 0));
              return { ...rowBatch(chosen, 6, scale), labels: { data: labels, shape: [chosen.length] } };
            },
          }),
          identity: { rows: rows.length },
          evaluation: validation && { run: () => this.evaluate(validation), monitor: 'loss' },
        };
      },
    );
  }

  async predict(
    rows: readonly (readonly number[])[],
    options: { readonly batchSize?: number; readonly signal?: AbortSignal } = {},
  ): Promise<{ above: boolean; probability: number }[]> {
    const { batchSize = 32, signal } = options;
    const { model, scale } = this.require('predict');
    return this.predictInBatches(
      'predict',
      rows.map((numbers) => ({ numbers })),
      {
        size: ({ numbers }) => numbers.length,
        batch: (chosen, size) => rowBatch(chosen, size, scale),
        forward: (batch) => ({ probabilities: tf.softmax(model.forward(batch)) }),
        result: ({ probabilities: { data } }) => ({ above: data[1] > data[0], probability: data[1] }),
      },
      { batchSize, signal },
    );
  }

  async evaluate(rows: readonly Row[]): Promise<{ loss: number; accuracy: number }> {
    const predictions = await this.predict(rows.map(({ numbers }) => numbers));
    const surprises = predictions.map(({ probability }, i) => -Math.log(rows[i].above ? probability : 1 - probability));
    const right = predictions.filter(({ above }, i) => above === rows[i].above);
    return {
      loss: surprises.reduce((sum, value) => sum + value, 0) / rows.length,
      accuracy: right.length / rows.length,
    };
  }

  protected describe({ scale }: RowParts) {
    return { state: { scale }, files: { 'notes.txt': 'rows of numbers' } };
  }

  protected restore({ state }: SavedFiles): RowParts {
    return this.create((state as { scale: number }).scale);
  }

  private create(scale: number): RowParts {
    return { model: new RowModel(this.config.width, new Random(this.config.seed)), scale };
  }
}

function rowBatch(rows: readonly Pick<Row, 'numbers'>[], size: number, scale: number): RowBatch {
  const data = new Float32Array(rows.length * size);
  for (const [i, { numbers }] of rows.entries())
    data.set(
      numbers.map((number) => number / scale),
      i * size,
    );
  return {
    numbers: { data, shape: [rows.length, size] },
    lengths: { data: Int32Array.from(rows, ({ numbers }) => numbers.length), shape: [rows.length] },
  };
}

/** Twelve rows of up to six numbers. */
export const rows: readonly Row[] = Array.from({ length: 12 }, (_, i) => {
  const sign = i % 2 === 0 ? 1 : -1;
  const numbers = [...new Random(i).normals(1 + (i % 6))].map((deviation) => sign + deviation / 4);
  return { numbers, above: sign > 0 };
});
