import * as tf from '@tensorflow/tfjs';
import { philoxUniform } from '../kernels/philox-uniform.ts';

/**
 * Where `forward` draws its randomness from: dropout, sampled attention, any noise. Passing one is what training mode means;
 * without one a model is deterministic.
 *
 * The n-th draw at step t under a seed always gives the same bits, on every backend, recorded or not, because seed and step are
 * tensors and the rest of the counter is the draw's number. A stream is made anew for each step.
 *
 * @example
 * ```ts
 * import { RandomStream } from '@heed/attention-core';
 * const stream = RandomStream.of(7, 0);
 * const noise = stream.uniform([2, 3]); // [2, 3], values in [0, 1)
 * stream.dispose();
 * ```
 */
export class RandomStream {
  private draws = 0;

  /**
   * @param key int32 [1, 2]: the seed's low and high word
   * @param step int32 scalar
   */
  constructor(
    private readonly key: tf.Tensor2D,
    private readonly step: tf.Scalar,
  ) {}

  /** A stream for plain numbers. The caller disposes it. */
  static of(seed: number, step: number): RandomStream {
    return new RandomStream(seedKey(seed), tf.scalar(step, 'int32'));
  }

  /** The next draw: uniforms in [0, 1). */
  uniform(shape: readonly number[]): tf.Tensor {
    return this.draw(shape, this.next());
  }

  /**
   * Reserves a draw and gives the function that makes it, as often as it is called: a backward pass makes a dropout mask
   * again instead of keeping it.
   */
  reserve(): (shape: readonly number[]) => tf.Tensor {
    const draw = this.next();
    return (shape) => this.draw(shape, draw);
  }

  /** The next draw: integers in [0, below), each a float32 uniform scaled, so `below` is at most 2^23. */
  integers(shape: readonly number[], below: number): tf.Tensor {
    if (!Number.isInteger(below) || below < 1 || below > 2 ** 23) {
      throw new Error(`RandomStream.integers: below must be an integer in [1, 2^23], got ${below}`);
    }
    return tf.tidy(() => tf.cast(tf.floor(tf.mul(this.uniform(shape), below)), 'int32'));
  }

  /** The next two draws: standard normals (Box–Muller). */
  normal(shape: readonly number[]): tf.Tensor {
    return tf.tidy(() => {
      const radius = tf.sqrt(tf.mul(tf.log(tf.maximum(this.uniform(shape), 1e-7)), -2));
      return tf.mul(radius, tf.sin(tf.mul(this.uniform(shape), 2 * Math.PI)));
    });
  }

  dispose(): void {
    tf.dispose([this.key, this.step]);
  }

  private next(): number {
    return this.draws++;
  }

  private draw(shape: readonly number[], draw: number): tf.Tensor {
    return tf.tidy(() => {
      const zero = tf.scalar(0, 'int32');
      const counter = tf.stack([zero, tf.scalar(draw, 'int32'), this.step, zero]);
      return philoxUniform(this.key, tf.reshape(counter, [2, 2]) as tf.Tensor2D, shape);
    });
  }
}

/** A seed as the tensor that `RandomStream` takes: int32 [1, 2]. */
export function seedKey(seed: number): tf.Tensor2D {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new Error(`RandomStream: seed must be a non-negative safe integer, got ${seed}`);
  }
  return tf.tensor2d([[seed | 0, Math.floor(seed / 2 ** 32) | 0]], [1, 2], 'int32');
}
