import type { NamedParameter } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import { checkRange, Optimizer, zeroSlot, type FlatGroup, type ParameterGroup } from './optimizer.ts';

export interface SgdOptions {
  /** Share of the last direction that is kept. Default 0. */
  readonly momentum?: number;
  /** Looks ahead along the momentum. Default false. */
  readonly nesterov?: boolean;
  /** L2 penalty, added to the gradient. Default 0. */
  readonly weightDecay?: number;
  readonly groups?: readonly ParameterGroup[];
}

/**
 * Stochastic gradient descent, as `torch.optim.SGD` computes it.
 *
 * g ← g + λθ, b ← μb + g, θ ← θ − ηb (Nesterov: θ ← θ − η(g + μb)), with learning rate η, momentum μ, weight decay λ.
 *
 * @example
 * ```ts
 * import { Linear, Random } from '@heed/attention-core';
 * import { Sgd } from '@heed/training';
 * const model = new Linear({ inputs: 4, outputs: 2, random: new Random(1) });
 * const optimizer = new Sgd(model.trainableParameters(), { momentum: 0.9 });
 * ```
 */
export class Sgd extends Optimizer {
  private readonly momentum: number;
  private readonly nesterov: boolean;
  readonly momenta: readonly tf.Variable<tf.Rank.R1>[];

  constructor(parameters: readonly NamedParameter[], options: SgdOptions = {}) {
    const { momentum = 0, nesterov = false, weightDecay = 0, groups = [] } = options;
    checkRange('Sgd', 'momentum', momentum, 0, 1);
    checkRange('Sgd', 'weightDecay', weightDecay, 0);
    if (nesterov && momentum === 0) throw new Error('Sgd: nesterov needs a momentum above 0, got momentum=0');
    super(parameters, { kind: 'sgd', momentum, nesterov, weightDecay }, groups);
    this.momentum = momentum;
    this.nesterov = nesterov;
    this.momenta = momentum === 0 ? [] : this.groups.map(zeroSlot);
  }

  protected beginUpdate(): void {
    // Nothing is shared between the groups.
  }

  protected updated(group: FlatGroup, weights: tf.Tensor1D, gradient: tf.Tensor1D, learningRate: tf.Tensor): tf.Tensor {
    const penalised = group.weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(weights, group.weightDecay));
    return tf.sub(weights, tf.mul(this.direction(group, penalised), learningRate));
  }

  private direction(group: FlatGroup, gradient: tf.Tensor): tf.Tensor {
    if (this.momentum === 0) return gradient;
    const momentum = this.momenta[group.index];
    momentum.assign(tf.add(tf.mul(momentum, this.momentum), gradient) as tf.Tensor1D);
    return this.nesterov ? tf.add(gradient, tf.mul(momentum, this.momentum)) : momentum;
  }
}
