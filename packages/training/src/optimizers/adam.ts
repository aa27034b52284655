import type { NamedParameter } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import { adamMomentOptions, AdamMoments, type AdamMomentOptions } from './adam-moments.ts';
import { checkRange, Optimizer, type FlatGroup, type ParameterGroup } from './optimizer.ts';

export interface AdamOptions extends AdamMomentOptions {
  /** L2 penalty, added to the gradient. Default 0. */
  readonly weightDecay?: number;
  readonly groups?: readonly ParameterGroup[];
}

/**
 * Adam (Kingma & Ba 2015), as `torch.optim.Adam` computes it.
 *
 * g ← g + λθ, m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², θ ← θ − η · m/(1−β₁ᵗ) / (√(v/(1−β₂ᵗ)) + ε).
 *
 * @example
 * ```ts
 * import { Linear, Random } from '@heed/attention-core';
 * import { Adam } from '@heed/training';
 * const model = new Linear({ inputs: 4, outputs: 2, random: new Random(1) });
 * const optimizer = new Adam(model.trainableParameters(), { beta2: 0.98 });
 * ```
 */
export class Adam extends Optimizer {
  readonly moments: AdamMoments;

  constructor(parameters: readonly NamedParameter[], options: AdamOptions = {}) {
    const { weightDecay = 0, groups = [] } = options;
    const moments = adamMomentOptions('Adam', options);
    checkRange('Adam', 'weightDecay', weightDecay, 0);
    super(parameters, { kind: 'adam', ...moments, weightDecay }, groups);
    this.moments = new AdamMoments(this.groups, moments);
  }

  protected beginUpdate(): void {
    this.moments.beginUpdate();
  }

  protected updated(group: FlatGroup, weights: tf.Tensor1D, gradient: tf.Tensor1D, learningRate: tf.Tensor): tf.Tensor {
    const penalised = group.weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(weights, group.weightDecay));
    return this.moments.update(group, weights, penalised, learningRate);
  }
}
