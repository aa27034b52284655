import * as tf from '@tensorflow/tfjs';
import { Module } from '../module/module.ts';
import type { RandomStream } from '../random/random-stream.ts';
import type { Random } from '../random/random.ts';
import { activateLinear, type Activation } from './activations.ts';
import { dropout } from './dropout.ts';
import { Linear } from './linear.ts';

export interface FeedForwardConfig {
  readonly modelWidth: number;
  /** Width between the two layers; 4 × modelWidth in most papers. */
  readonly hiddenWidth: number;
  /** Default `relu`, as in Vaswani et al. 2017. */
  readonly activation?: Activation;
  /** Whether a third layer gates the hidden ones: activation(W_g·x) ⊙ W₁·x (Shazeer 2020; T5 1.1, Llama). Default false. */
  readonly gated?: boolean;
  /** Whether the layers add a bias. Default true. */
  readonly bias?: boolean;
  /** Dropout after the activation. Default 0. */
  readonly dropout?: number;
  readonly random: Random;
}

/**
 * Two linear layers with an activation between them, applied at each position: W₂·activation(W₁·x + b₁) + b₂. Gated, it is
 * W₂·(activation(W_g·x + b_g) ⊙ (W₁·x + b₁)) + b₂.
 */
export class FeedForward extends Module {
  readonly gate: Linear | undefined;
  readonly hidden: Linear;
  readonly output: Linear;
  private readonly activation: Activation;
  private readonly dropoutRate: number;

  constructor(config: FeedForwardConfig) {
    super();
    const { modelWidth, hiddenWidth, activation = 'relu', gated = false, bias = true, dropout = 0, random } = config;
    this.gate = gated ? new Linear({ inputs: modelWidth, outputs: hiddenWidth, bias, random }) : undefined;
    this.hidden = new Linear({ inputs: modelWidth, outputs: hiddenWidth, bias, random });
    this.output = new Linear({ inputs: hiddenWidth, outputs: modelWidth, bias, random });
    this.activation = activation;
    this.dropoutRate = dropout;
  }

  /** @param x [..., M] @returns [..., M] */
  forward(x: tf.Tensor, { random }: { random?: RandomStream | undefined } = {}): tf.Tensor {
    return tf.tidy(() => {
      const rows = tf.reshape(x, [-1, x.shape[x.rank - 1]]); // [N, M]: each layer on its own would reshape
      const hidden = this.hide(rows); // [N, hiddenWidth]
      return tf.reshape(this.output.forward(dropout(hidden, this.dropoutRate, random)), x.shape);
    });
  }
  private hide(rows: tf.Tensor): tf.Tensor {
    const { gate, hidden, activation } = this;
    if (gate === undefined) return activateLinear(rows, hidden, activation);
    return tf.mul(activateLinear(rows, gate, activation), hidden.forward(rows));
  }
}
