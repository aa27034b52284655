import { Module, type Random, stopGradient, weight } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';

/** What a linear-chain CRF knows of labels, as plain numbers, for decoding: see `bestPath`. */
export interface ChainScores {
  /** [from][to] */
  readonly transitions: readonly (readonly number[])[];
  /** Of a label at the beginning. */
  readonly starts: readonly number[];
  /** Of a label at the end. */
  readonly ends: readonly number[];
}

/**
 * A conditional random field over a sequence of labels (Lafferty et al. 2001; Lample et al. 2016 for tagging): labels are judged together, by
 * how well each fits its token and the label before it.
 *
 *     score(y) = start[y₁] + Σₜ emission[t, yₜ] + Σₜ transition[yₜ₋₁, yₜ] + end[y_T],   p(y) = exp score(y) / Σ_y' exp score(y')
 *
 * Equal to torchcrf's `CRF`.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { Random } from '@heed/attention-core';
 * import { LinearChainCrf } from '@heed/nlp';
 * const crf = new LinearChainCrf({ labels: 3, random: new Random(7) });
 * const labels = tf.tensor2d([[0, 2]], [1, 2], 'int32');
 * crf.negativeLogLikelihood(tf.zeros([1, 2, 3]), labels, tf.tensor1d([2], 'int32')).shape; // [1]
 * ```
 */
export class LinearChainCrf extends Module {
  /** [K, K], from × to. */
  readonly transitions: tf.Variable<tf.Rank.R2>;
  /** [K] */
  readonly starts: tf.Variable<tf.Rank.R1>;
  /** [K] */
  readonly ends: tf.Variable<tf.Rank.R1>;

  constructor({ labels, random }: { readonly labels: number; readonly random: Random }) {
    super();
    this.transitions = weight(random.uniforms(labels * labels, -0.1, 0.1), [labels, labels]);
    this.starts = weight(random.uniforms(labels, -0.1, 0.1), [labels]);
    this.ends = weight(random.uniforms(labels, -0.1, 0.1), [labels]);
  }

  /**
   * −ln p(labels) of each sequence.
   *
   * @param emissions [B, T, K]
   * @param labels int32 [B, T], each in [0, K); those from the sequence's length on are not looked at
   * @param lengths int32 [B], each at least 1
   * @returns [B], in nats
   */
  negativeLogLikelihood(emissions: tf.Tensor3D, labels: tf.Tensor2D, lengths: tf.Tensor1D): tf.Tensor1D {
    return tf.tidy(() => {
      const [, steps] = emissions.shape;
      const positions = tf.range(0, steps, 1, 'int32');
      const column = tf.expandDims(lengths, 1); // [B, 1]
      const real = tf.cast(tf.less(positions, column), 'float32'); // [B, T]
      const last = tf.cast(tf.equal(positions, tf.sub(column, tf.scalar(1, 'int32'))), 'float32'); // [B, T]
      const score = this.score(emissions, labels, real, last);
      return tf.sub(this.logNormaliser(emissions, real), score) as tf.Tensor1D;
    });
  }

  /** The scores as numbers. */
  scores(): ChainScores {
    return {
      transitions: this.transitions.arraySync(),
      starts: this.starts.arraySync(),
      ends: this.ends.arraySync(),
    };
  }

  private score(emissions: tf.Tensor3D, labels: tf.Tensor2D, real: tf.Tensor, last: tf.Tensor): tf.Tensor {
    const [, steps, classes] = emissions.shape;
    const chosen = tf.cast(tf.oneHot(labels, classes), 'float32') as tf.Tensor3D; // [B, T, K]
    const emitted = tf.sum(tf.mul(tf.sum(tf.mul(emissions, chosen), 2), real), 1); // [B]
    const first = tf.squeeze(tf.slice(chosen, [0, 0, 0], [-1, 1, -1]), [1]); // [B, K]
    const ending = tf.sum(tf.mul(chosen, tf.expandDims(last, 2)), 1); // [B, K]
    const edges = tf.add(tf.sum(tf.mul(first, this.starts), 1), tf.sum(tf.mul(ending, this.ends), 1)); // [B]
    if (steps === 1) return tf.add(emitted, edges);
    const from = tf.reshape(tf.slice(chosen, [0, 0, 0], [-1, steps - 1, -1]), [-1, classes]) as tf.Tensor2D;
    const expected = tf.reshape(tf.matMul(from, this.transitions), [-1, steps - 1, classes]); // [B, T−1, K]
    const moved = tf.sum(tf.mul(expected, tf.slice(chosen, [0, 1, 0], [-1, -1, -1])), 2); // [B, T−1]
    return tf.addN([emitted, edges, tf.sum(tf.mul(moved, tf.slice(real, [0, 1], [-1, -1])), 1)]);
  }

  /** ln Σ exp score over all sequences of labels, by the forward algorithm. */
  private logNormaliser(emissions: tf.Tensor3D, real: tf.Tensor): tf.Tensor {
    const moves = tf.exp(this.transitions); // a sum over labels before is then a product of matrices
    const [first, ...others] = tf.unstack(emissions, 1); // T × [B, K]
    const mask = tf.unstack(tf.expandDims(real, 2), 1); // T × [B, 1]
    let forward = tf.add(first, this.starts); // [B, K]
    for (const [i, emission] of others.entries()) {
      const highest = stopGradient(tf.max(forward, 1, true)); // [B, 1]
      const reached = tf.matMul(tf.exp(tf.sub(forward, highest)) as tf.Tensor2D, moves as tf.Tensor2D);
      const next = tf.addN([tf.log(reached), emission, tf.mul(highest, tf.onesLike(emission))]);
      forward = tf.add(forward, tf.mul(mask[i + 1], tf.sub(next, forward)));
    }
    return tf.logSumExp(tf.add(forward, this.ends), 1); // [B]
  }
}
