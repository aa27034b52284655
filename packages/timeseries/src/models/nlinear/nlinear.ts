/**
 * NLinear: what a window's last value is away from zero is taken off, a linear map of time forecasts, and it is put back.
 *
 * - Zeng et al. 2023, "Are Transformers effective for time series forecasting?": the model, with one map for all series.
 *
 * Deviation: series stand before time, [B, C, T].
 */
import { Linear, Module, Random } from '@heed/attention-core';
import { parseConfig } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { WindowBatch } from '../window-batch.ts';

export interface NLinearConfig {
  /** T: steps that are looked back at. */
  readonly lookBack: number;
  /** H: steps that are forecast. */
  readonly horizon: number;
}

const count = z.number().int().min(1);
const schema = z.strictObject({ lookBack: count, horizon: count });

/**
 * ŷ = W · (x − x_T) + b + x_T for each series.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { createNLinear } from '@heed/timeseries';
 * createNLinear({ lookBack: 8, horizon: 3 }, 7).forward({ past: tf.ones([2, 5, 8]) }).shape; // [2, 5, 3]
 * ```
 */
export class NLinear extends Module {
  readonly config: Readonly<NLinearConfig>;
  readonly linear: Linear;

  /** @throws if a field of the config is out of range, naming it and its value */
  constructor(config: NLinearConfig, random: Random) {
    super();
    this.config = parseConfig('NLinear', schema, config);
    this.linear = new Linear({ inputs: this.config.lookBack, outputs: this.config.horizon, random });
  }

  /** @returns [B, C, H] */
  forward({ past }: Pick<WindowBatch, 'past'>): tf.Tensor3D {
    return tf.tidy(() => {
      const last = tf.slice(past, [0, 0, this.config.lookBack - 1], [-1, -1, 1]); // [B, C, 1]
      return tf.add(this.linear.forward(tf.sub(past, last)), last);
    });
  }
}

/** A new model, the same for the same config and seed. @throws if a field of the config is out of range, naming it and its value */
export function createNLinear(config: NLinearConfig, seed: number): NLinear {
  return new NLinear(config, new Random(seed));
}
