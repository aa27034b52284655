import { buffer, Module } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import type { Moments } from '../wrappers/running-moments.ts';

/**
 * Observations less their mean, divided by their deviation, at most 10 from 0. Mean and variance are buffers: saved with the weights, changed by
 * `set` alone, and so the same in every evaluation.
 */
export class ObservationNormaliser extends Module {
  readonly mean: tf.Variable<tf.Rank.R1>;
  readonly variance: tf.Variable<tf.Rank.R1>;

  constructor(size: number) {
    super();
    this.mean = buffer<tf.Rank.R1>(new Float32Array(size), [size]);
    this.variance = buffer<tf.Rank.R1>(new Float32Array(size).fill(1), [size]);
  }

  set({ mean, variance }: Moments): void {
    tf.tidy(() => {
      this.mean.assign(tf.tensor1d([...mean]));
      this.variance.assign(tf.tensor1d([...variance]));
    });
  }

  /** @param x [..., size] */
  forward(x: tf.Tensor): tf.Tensor {
    const scaled = tf.div(tf.sub(x, this.mean), tf.sqrt(tf.add(this.variance, 1e-8)));
    return tf.clipByValue(scaled, -10, 10);
  }
}
