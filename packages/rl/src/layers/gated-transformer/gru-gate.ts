import { Linear, Module, weight, type Random } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';

/**
 * Joins a branch y to a stream x by a GRU's gates instead of a sum (Parisotto et al. 2020):
 *
 *     r = σ(W_r·y + U_r·x), z = σ(W_z·y + U_z·x − b), h = tanh(W_h·y + U_h·(r ∘ x)), (1 − z) ∘ x + z ∘ h
 *
 * The bias b begins at 2, so that a layer hardly changes anything at first and a policy can learn to react before it learns to remember.
 */
export class GruGate extends Module {
  /** W of r, z and h side by side. */
  readonly branch: Linear;
  /** U of r and z side by side. */
  readonly stream: Linear;
  /** U of h. */
  readonly candidate: Linear;
  /** b, [M]. */
  readonly bias: tf.Variable<tf.Rank.R1>;

  constructor({ width, random }: { readonly width: number; readonly random: Random }) {
    super();
    this.branch = new Linear({ inputs: width, outputs: 3 * width, bias: false, random });
    this.stream = new Linear({ inputs: width, outputs: 2 * width, bias: false, random });
    this.candidate = new Linear({ inputs: width, outputs: width, bias: false, random });
    this.bias = weight<tf.Rank.R1>(new Float32Array(width).fill(2), [width]);
  }

  /** @param x [..., M] @param y [..., M] @returns [..., M] */
  forward(x: tf.Tensor, y: tf.Tensor): tf.Tensor {
    return tf.tidy(() => {
      const [branchReset, branchUpdate, branchCandidate] = tf.split(this.branch.forward(y), 3, -1);
      const [streamReset, streamUpdate] = tf.split(this.stream.forward(x), 2, -1);
      const reset = tf.sigmoid(tf.add(branchReset, streamReset));
      const update = tf.sigmoid(tf.sub(tf.add(branchUpdate, streamUpdate), this.bias));
      const candidate = tf.tanh(tf.add(branchCandidate, this.candidate.forward(tf.mul(reset, x))));
      return tf.add(x, tf.mul(update, tf.sub(candidate, x)));
    });
  }
}
