import { Module, type NamedParameter } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import { flattenTensors, splitFlat } from './flat.ts';

export interface WeightAverageOptions {
  /** Share of the average that is kept at an update. Default 0.999. */
  readonly decay?: number;
  /** Use at most (1 + t) / (10 + t) at update t, so that the first weights are soon forgotten. Default false. */
  readonly warmUp?: boolean;
}

/**
 * An exponential moving average of weights, which often generalises better than the weights themselves (Polyak & Juditsky 1992).
 *
 * a ← d·a + (1 − d)·θ after every update, beginning with the weights at construction. Give it to `train({ average })`, which updates it and keeps
 * it in checkpoints; all weights are one vector, as in the optimizers.
 *
 * @example
 * ```ts
 * import { Linear, Random } from '@heed/attention-core';
 * import { WeightAverage } from '@heed/training';
 * const model = new Linear({ inputs: 4, outputs: 2, random: new Random(1) });
 * const average = new WeightAverage(model.trainableParameters(), { decay: 0.999 });
 * average.update(); // what train({ average }) does after every step
 * const score = await average.during(() => model.parameterCount()); // sees the averaged weights
 * ```
 */
export class WeightAverage extends Module {
  /** float32 [P]: the averages, laid end to end. */
  readonly average: tf.Variable<tf.Rank.R1>;
  /** int32 scalar: updates done. */
  readonly updates: tf.Variable<tf.Rank.R0>;
  private readonly parameters: readonly NamedParameter[];
  private readonly decay: number;
  private readonly warmUp: boolean;

  /** @throws if there are no parameters or `decay` is out of range */
  constructor(parameters: readonly NamedParameter[], { decay = 0.999, warmUp = false }: WeightAverageOptions = {}) {
    super();
    if (parameters.length === 0) throw new Error('WeightAverage: there must be a parameter to average, got none');
    if (!(decay >= 0 && decay < 1)) throw new Error(`WeightAverage: decay must be in [0, 1), got ${decay}`);
    this.parameters = parameters;
    this.decay = decay;
    this.warmUp = warmUp;
    this.average = tf.tidy(() => tf.variable(this.currentWeights(), false));
    this.updates = tf.tidy(() => tf.variable(tf.scalar(0, 'int32'), false));
  }

  /** Takes the current weights into the average. Tensor operations only, so that it can be recorded. */
  update(): void {
    tf.tidy(() => {
      this.updates.assign(tf.add(this.updates, tf.scalar(1, 'int32')) as tf.Scalar);
      const rest = tf.mul(tf.sub(this.currentWeights(), this.average), this.currentRate());
      this.average.assign(tf.add(this.average, rest) as tf.Tensor1D);
    });
  }

  /** Runs `action` with the averaged weights in the model, and puts the others back, whatever happens. */
  async during<T>(action: () => T | Promise<T>): Promise<T> {
    const own = this.parameters.map(({ variable }) => tf.clone(variable));
    this.copyToModel();
    try {
      return await action();
    } finally {
      for (const [i, { variable }] of this.parameters.entries()) variable.assign(own[i]);
      tf.dispose(own);
    }
  }

  /** Replaces the model's weights by their averages for good. */
  copyToModel(): void {
    tf.tidy(() => {
      const variables = this.parameters.map(({ variable }) => variable);
      const parts = splitFlat(this.average, variables);
      for (const [i, variable] of variables.entries()) variable.assign(parts[i]);
    });
  }

  /** What defines this average, as JSON. */
  config(): Record<string, unknown> {
    const parameters = this.parameters.map(({ name, variable }) => `${name} [${variable.shape}]`);
    return { decay: this.decay, warmUp: this.warmUp, parameters };
  }

  private currentWeights(): tf.Tensor1D {
    return flattenTensors(this.parameters.map(({ variable }) => variable)); // [P]
  }

  /** 1 − d. */
  private currentRate(): tf.Tensor | number {
    if (!this.warmUp) return 1 - this.decay;
    const updates = tf.cast(this.updates, 'float32');
    return tf.maximum(1 - this.decay, tf.div(9, tf.add(updates, 10))); // 1 − (1 + t)/(10 + t)
  }
}
