import { Module, withGradient, type Linear, type Random } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';

/** A frozen `Linear` with a trained low-rank addition: y = x·W + b + (α/r)·(x·A)·B (Hu et al. 2021, equation 3). */
export class LoraLinear extends Module {
  readonly base: Linear;
  /** A: float32 [inputs, rank]. */
  readonly down: tf.Variable<tf.Rank.R2>;
  /** B: float32 [rank, outputs], zeros at first, so that the model begins as it was. */
  readonly up: tf.Variable<tf.Rank.R2>;
  /** α / r. */
  readonly scale: number;

  constructor(
    base: Linear,
    { rank, scale, random }: { readonly rank: number; readonly scale: number; readonly random: Random },
  ) {
    super();
    const [inputs, outputs] = base.weight.shape;
    const bound = 1 / Math.sqrt(inputs);
    this.base = base;
    this.down = tf.tidy(() => tf.variable(tf.tensor2d(random.uniforms(inputs * rank, -bound, bound), [inputs, rank])));
    this.up = tf.tidy(() => tf.variable(tf.zeros<tf.Rank.R2>([rank, outputs])));
    this.scale = scale;
  }

  /** @param x [..., inputs] @returns [..., outputs] */
  forward(x: tf.Tensor): tf.Tensor {
    const [inputs, outputs] = this.base.weight.shape;
    return tf.tidy(() => {
      const rows = tf.reshape(x, [-1, inputs]); // [N, inputs]
      const y = withGradient([rows, this.down, this.up], this.project, this.projectBack); // [N, outputs]
      return tf.reshape(y, [...x.shape.slice(0, -1), outputs]);
    });
  }

  /** What the adapter adds to the base's weight: (α/r)·A·B, [inputs, outputs]. */
  delta(): tf.Tensor2D {
    return tf.tidy(() => tf.mul(tf.matMul(this.down, this.up), this.scale));
  }

  private readonly project = (x: tf.Tensor, down: tf.Tensor, up: tf.Tensor) => {
    const { weight, bias } = this.base;
    const inner = tf.mul(tf.matMul(x as tf.Tensor2D, down as tf.Tensor2D), this.scale); // [N, rank]
    const y = tf.add(tf.matMul(x as tf.Tensor2D, weight), tf.matMul(inner as tf.Tensor2D, up as tf.Tensor2D)); // [N, outputs]
    return { value: bias === undefined ? y : tf.add(y, bias), saved: [x, inner, down, up] };
  };

  /** The base is frozen: the gradient of its weight, the most expensive one, is not computed. */
  private readonly projectBack = (dy: tf.Tensor, [x, inner, down, up]: tf.Tensor[]) => {
    const rows = dy as tf.Tensor2D;
    const dInner = tf.mul(tf.matMul(rows, up as tf.Tensor2D, false, true), this.scale) as tf.Tensor2D; // [N, rank]
    const dx = tf.add(
      tf.matMul(rows, this.base.weight, false, true),
      tf.matMul(dInner, down as tf.Tensor2D, false, true),
    );
    return [dx, tf.matMul(x as tf.Tensor2D, dInner, true), tf.matMul(inner as tf.Tensor2D, rows, true)];
  };
}
