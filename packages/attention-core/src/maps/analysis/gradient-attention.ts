import * as tf from '@tensorflow/tfjs';
import { capture, type AttentionMap } from '../capture.ts';
import { intervene } from '../intervene.ts';
import { requireSelfAttention } from './rollout.ts';

/** Maps and, in the same order, how the objective changes with each of their weights. */
export interface MapsWithGradients {
  readonly maps: AttentionMap[];
  /** ∂objective/∂weights, of the shapes of `maps`. */
  readonly gradients: AttentionMap[];
}

/**
 * Runs `objective` and gives the weights of every attention inside it together with the objective's gradient by them. It runs
 * `objective` twice, which must compute the same both times (no `random`).
 *
 * @param objective a scalar: the logit of a class, the log-probability of a token
 * @returns maps and gradients; the caller disposes both
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { attention, captureGradients, gradientAttention } from '@heed/attention-core';
 * const x = tf.tensor3d([[[1], [5]]]);
 * const { maps, gradients } = captureGradients(() => tf.sum(attention({ query: x, key: x, value: x })));
 * gradients[0].weights.print(); // d Σ w·v / dw = v: [[1, 5], [1, 5]]
 * gradientAttention(maps[0], gradients[0]).weights.print();
 * ```
 */
export function captureGradients(objective: () => tf.Tensor): MapsWithGradients {
  const { result, maps } = capture(() => tf.tidy(objective));
  result.dispose();
  const indexOf = new Map(maps.map(({ name }, i) => [name, i]));
  const gradients = tf.tidy(() => {
    const probes = maps.map(({ weights }) => tf.zerosLike(weights));
    if (probes.length === 0) return [];
    return tf.grads((...probes: tf.Tensor[]) =>
      intervene(objective, (name, weights) => tf.add(weights, probes[indexOf.get(name)!])),
    )(probes) as tf.Tensor4D[];
  });
  return { maps, gradients: maps.map(({ name }, i) => ({ name, weights: gradients[i] })) };
}

/**
 * Gradient × attention, averaged over the heads: E_h[(∂y/∂A ∘ A)⁺], the weights that matter to the objective (Chefer et al. 2021,
 * eq. 5; Barkan et al. 2021 for the plain product).
 *
 * @param map [B, H, L, S] @param gradient of the same shape
 * @param options.positive whether what speaks against the objective counts as 0. Default true
 * @returns a map [B, 1, L, S]; the caller disposes it
 */
export function gradientAttention(
  map: AttentionMap,
  gradient: AttentionMap,
  { positive = true }: { readonly positive?: boolean } = {},
): AttentionMap {
  if (String(map.weights.shape) !== String(gradient.weights.shape)) {
    throw new Error(
      `gradientAttention: map and gradient must have one shape, got [${map.weights.shape}] and [${gradient.weights.shape}]`,
    );
  }
  const weights = tf.tidy(() => {
    const product = tf.mul(map.weights, gradient.weights);
    return tf.mean(positive ? tf.relu(product) : product, 1, true) as tf.Tensor4D; // [B, 1, L, S]
  });
  return { name: `gradient × ${map.name}`, weights };
}

/**
 * Relevance of each input token for each top token by the self-attention rule of Chefer et al. 2021 ("Generic attention-model
 * explainability"): R = I, then for every layer from the bottom R ← R + E_h[(∂y/∂A ∘ A)⁺]·R.
 *
 * @param layers maps [B, H, L, L] and gradients from the bottom layer to the top
 * @returns a map [B, 1, L, L] called `relevance`, of which the row of a classifying token explains the class; the caller disposes it
 */
export function relevance({ maps, gradients }: MapsWithGradients): AttentionMap {
  requireSelfAttention('relevance', maps);
  const weights = tf.tidy(() => {
    const [batch, , length] = maps[0].weights.shape;
    const identity: tf.Tensor = tf.tile(tf.expandDims(tf.eye(length), 0), [batch, 1, 1]);
    const total = maps.reduce((below, map, i) => {
      const layer = tf.squeeze(gradientAttention(map, gradients[i]).weights, [1]); // [B, L, L]
      return tf.add(below, tf.matMul(layer, below));
    }, identity);
    return tf.expandDims(total, 1) as tf.Tensor4D; // [B, 1, L, L]
  });
  return { name: 'relevance', weights };
}
