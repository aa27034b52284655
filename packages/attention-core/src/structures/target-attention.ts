import * as tf from '@tensorflow/tfjs';
import { attention } from '../attention/attention.ts';
import { Linear, weight } from '../layers/linear.ts';
import type { Mask } from '../masks/mask.ts';
import { Module } from '../module/module.ts';
import type { Normaliser } from '../normalisers/normaliser.ts';
import { unnormalised } from '../normalisers/sigmoid.ts';
import type { Random } from '../random/random.ts';
import type { Score } from '../scores/score.ts';

export interface ActivationUnitConfig {
  /** D: width of target and history alike. */
  readonly width: number;
  /** Widths of the layers between [q, k, q − k, q ∘ k] and the score. Default [80, 40]. */
  readonly hiddenWidths?: readonly number[];
  /** `sigmoid` (default), as in the authors' code, or `prelu` with a learned slope per unit, as in the paper. */
  readonly activation?: 'sigmoid' | 'prelu';
  readonly random: Random;
}

/** A small network as score: how much the past event k says about the target q (Zhou et al. 2018, DIN's activation unit). */
export class ActivationUnit extends Module implements Score {
  readonly name = 'activation-unit';
  readonly layers: readonly Linear[];
  /** [width] of each hidden layer, for `prelu`. */
  readonly slopes: ReadonlyArray<tf.Variable<tf.Rank.R1>>;
  readonly output: Linear;

  constructor({ width, hiddenWidths = [80, 40], activation = 'sigmoid', random }: ActivationUnitConfig) {
    super();
    const widths = [4 * width, ...hiddenWidths];
    this.layers = hiddenWidths.map((outputs, i) => new Linear({ inputs: widths[i], outputs, random }));
    const slopeWidths = activation === 'prelu' ? hiddenWidths : [];
    this.slopes = slopeWidths.map((size) => weight(new Float32Array(size).fill(0.25), [size]));
    this.output = new Linear({ inputs: widths[widths.length - 1], outputs: 1, random });
  }

  /** @param query [..., L, D] @param key [..., S, D] @returns [..., L, S] */
  scores(query: tf.Tensor, key: tf.Tensor): tf.Tensor {
    const [queries, keys] = [tf.expandDims(query, -2), tf.expandDims(key, -3)];
    const product = tf.mul(queries, keys); // [..., L, S, D]
    const all = tf.onesLike(product);
    const pairs = tf.concat([tf.mul(queries, all), tf.mul(keys, all), tf.sub(queries, keys), product], -1); // [..., L, S, 4D]
    const hidden = this.layers.reduce((x, layer, i) => this.activate(layer.forward(x), i), pairs);
    return tf.squeeze(this.output.forward(hidden), [-1]);
  }

  private activate(x: tf.Tensor, layer: number): tf.Tensor {
    const slope = this.slopes[layer];
    return slope === undefined ? tf.sigmoid(x) : tf.add(tf.relu(x), tf.mul(tf.minimum(x, 0), slope));
  }
}

export interface TargetAttentionConfig extends ActivationUnitConfig {
  /** Default `unnormalised()`: the sum of weights tells how strong the interest is. The authors' code uses a softmax. */
  readonly normaliser?: Normaliser;
  /** How captured maps call this attention. Default `target`. */
  readonly name?: string;
}

/**
 * Target attention (Zhou et al. 2018, "Deep interest network for click-through rate prediction"): a history as one vector that
 * depends on what it is asked about, the candidate.
 *
 *     result = Σ a(q, k_i)·k_i,   a = MLP([q, k, q − k, q ∘ k])
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { padding, Random, TargetAttention } from '@heed/attention-core';
 * const layer = new TargetAttention({ width: 8, random: new Random(7) });
 * const history = tf.ones([2, 20, 8]);
 * layer.forward(tf.ones([2, 8]), history, { mask: padding([20, 3]) }).shape; // [2, 8]
 * ```
 */
export class TargetAttention extends Module {
  readonly unit: ActivationUnit;
  private readonly normaliser: Normaliser;
  private readonly mapName: string;

  constructor({ normaliser = unnormalised(), name = 'target', ...unit }: TargetAttentionConfig) {
    super();
    this.unit = new ActivationUnit(unit);
    this.normaliser = normaliser;
    this.mapName = name;
  }

  /**
   * @param target [B, D], or [B, L, D] for L candidates
   * @param history [B, S, D]
   * @returns of the target's shape
   */
  forward(target: tf.Tensor, history: tf.Tensor, { mask }: { readonly mask?: Mask | undefined } = {}): tf.Tensor {
    return tf.tidy(() => {
      const query = target.rank === 2 ? tf.expandDims(target, 1) : target; // [B, L, D]
      const { unit: score, normaliser, mapName: name } = this;
      const interest = attention({ query, key: history, value: history, score, normaliser, mask, name });
      return target.rank === 2 ? tf.squeeze(interest, [1]) : interest;
    });
  }
}
