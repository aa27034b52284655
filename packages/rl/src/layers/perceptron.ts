import { Module, type Linear, type Random } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import { orthogonalLinear } from './orthogonal-linear.ts';

/** Layers with tanh between them; they begin orthogonal with gain √2. */
export class Perceptron extends Module {
  readonly layers: readonly Linear[];

  constructor({
    inputs,
    widths,
    random,
  }: {
    readonly inputs: number;
    readonly widths: readonly number[];
    readonly random: Random;
  }) {
    super();
    this.layers = widths.map((outputs, i) =>
      orthogonalLinear({ inputs: i === 0 ? inputs : widths[i - 1], outputs, gain: Math.SQRT2, random }),
    );
  }

  /** @param x [N, inputs] @returns [N, last width] */
  forward(x: tf.Tensor): tf.Tensor {
    return this.layers.reduce((hidden, layer) => tf.tanh(layer.forward(hidden)), x);
  }
}
