import { Module, weight, type Linear, type Random } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import type { ActionKind } from '../distributions/action-distribution.ts';
import { orthogonalLinear } from './orthogonal-linear.ts';

/**
 * From what a policy knows to the parameters of its actions' distribution: logits, or means beside log-deviations that do not depend on what is seen.
 * It begins with gain 0.01: all actions nearly alike.
 */
export class ActionHead extends Module {
  readonly output: Linear;
  /** [actions], of Gaussian actions. */
  readonly logDeviation: tf.Variable<tf.Rank.R1> | undefined;

  constructor({ inputs, actions, random }: { inputs: number; actions: ActionKind; random: Random }) {
    super();
    this.output = orthogonalLinear({ inputs, outputs: actions.size, gain: 0.01, random });
    this.logDeviation =
      actions.kind === 'gaussian' ? weight<tf.Rank.R1>(new Float32Array(actions.size), [actions.size]) : undefined;
  }

  /** @param hidden [N, inputs] @returns [N, P] */
  forward(hidden: tf.Tensor): tf.Tensor2D {
    const output = this.output.forward(hidden) as tf.Tensor2D;
    if (this.logDeviation === undefined) return output;
    return tf.concat([output, tf.add(tf.zerosLike(output), this.logDeviation)], 1); // [N, 2 · actions]
  }
}
