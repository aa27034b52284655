/**
 * DLinear: a window is divided into its moving average and the rest, and each is forecast by a linear map of time.
 *
 * - Zeng et al. 2023, "Are Transformers effective for time series forecasting?": the model, with one pair of maps for all series.
 *
 * Deviation: series stand before time, [B, C, T]. Ends are repeated for the moving average, as its authors have it.
 */
import { Linear, Module, Random } from '@heed/attention-core';
import { parseConfig } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { WindowBatch } from '../window-batch.ts';

export interface DLinearConfig {
  /** T: steps that are looked back at. */
  readonly lookBack: number;
  /** H: steps that are forecast. */
  readonly horizon: number;
  /** Steps of the moving average; odd. */
  readonly average: number;
}

const count = z.number().int().min(1);
const odd = count.refine((value) => value % 2 === 1, { message: 'must be odd' });
const schema = z.strictObject({ lookBack: count, horizon: count, average: odd });

/**
 * ŷ = W₁ · (x − average(x)) + b₁ + W₂ · average(x) + b₂ for each series.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { createDLinear } from '@heed/timeseries';
 * createDLinear({ lookBack: 8, horizon: 3, average: 5 }, 7).forward({ past: tf.ones([2, 5, 8]) }).shape; // [2, 5, 3]
 * ```
 */
export class DLinear extends Module {
  readonly config: Readonly<DLinearConfig>;
  readonly seasonal: Linear;
  readonly trend: Linear;

  /** @throws if a field of the config is out of range, naming it and its value */
  constructor(config: DLinearConfig, random: Random) {
    super();
    this.config = parseConfig('DLinear', schema, config);
    const { lookBack: inputs, horizon: outputs } = this.config;
    this.seasonal = new Linear({ inputs, outputs, random });
    this.trend = new Linear({ inputs, outputs, random });
  }

  /** @returns [B, C, H] */
  forward({ past }: Pick<WindowBatch, 'past'>): tf.Tensor3D {
    return tf.tidy(() => {
      const { lookBack, average } = this.config;
      const rows = tf.reshape(past, [-1, lookBack]); // [B · C, T]
      const trend = tf.matMul(rows, averaging(lookBack, average));
      const forecast = tf.add(this.seasonal.forward(tf.sub(rows, trend)), this.trend.forward(trend)); // [B · C, H]
      return tf.reshape(forecast, [past.shape[0], past.shape[1], -1]);
    });
  }
}

/** The moving average as a matrix: column t has the share of each step in the average around t. [T, T] */
function averaging(length: number, average: number): tf.Tensor2D {
  const matrix = new Float32Array(length * length);
  for (let t = 0; t < length; t++) {
    for (let offset = -(average - 1) / 2; offset <= (average - 1) / 2; offset++) {
      const step = Math.min(length - 1, Math.max(0, t + offset)); // ends are repeated
      matrix[step * length + t] += 1 / average;
    }
  }
  return tf.tensor2d(matrix, [length, length]);
}

/** A new model, the same for the same config and seed. @throws if a field of the config is out of range, naming it and its value */
export function createDLinear(config: DLinearConfig, seed: number): DLinear {
  return new DLinear(config, new Random(seed));
}
