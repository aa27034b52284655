import type { NamedParameter } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import { adamMomentOptions, AdamMoments, type AdamMomentOptions } from './adam-moments.ts';
import { checkRange, Optimizer, type FlatGroup, type ParameterGroup } from './optimizer.ts';

export interface AdamWOptions extends AdamMomentOptions {
  /** Share of a weight that is taken away per update, times the learning rate. Default 0.01. */
  readonly weightDecay?: number;
  readonly groups?: readonly ParameterGroup[];
}

/**
 * Adam with weight decay apart from the gradient (Loshchilov & Hutter 2019), as `torch.optim.AdamW` computes it.
 *
 * θ ← (1 − ηλ)θ, then Adam's update without penalty.
 *
 * @example
 * ```ts
 * import { Linear, Random } from '@heed/attention-core';
 * import { AdamW } from '@heed/training';
 * const model = new Linear({ inputs: 4, outputs: 2, random: new Random(1) });
 * const optimizer = new AdamW(model.trainableParameters(), {
 *   weightDecay: 0.1,
 *   groups: [{ match: /bias$/, weightDecay: 0 }],
 * });
 * ```
 */
export class AdamW extends Optimizer {
  readonly moments: AdamMoments;

  constructor(parameters: readonly NamedParameter[], options: AdamWOptions = {}) {
    const { weightDecay = 0.01, groups = [] } = options;
    const moments = adamMomentOptions('AdamW', options);
    checkRange('AdamW', 'weightDecay', weightDecay, 0);
    super(parameters, { kind: 'adamw', ...moments, weightDecay }, groups);
    this.moments = new AdamMoments(this.groups, moments);
  }

  protected beginUpdate(): void {
    this.moments.beginUpdate();
  }

  protected updated(group: FlatGroup, weights: tf.Tensor1D, gradient: tf.Tensor1D, learningRate: tf.Tensor): tf.Tensor {
    const kept =
      group.weightDecay === 0 ? weights : tf.mul(weights, tf.sub(1, tf.mul(learningRate, group.weightDecay)));
    return this.moments.update(group, kept, gradient, learningRate);
  }
}
