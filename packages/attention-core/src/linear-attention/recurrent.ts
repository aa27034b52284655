import * as tf from '@tensorflow/tfjs';
import type { StatefulOutput } from './linear-attention.ts';
import { zerosFor } from './zeros-for.ts';

export interface RecurrentLinearAttentionOptions {
  /** [B, H, T, D] with H a multiple of K: query heads that share a state. */
  readonly query: tf.Tensor;
  /** [B, K, T, D]. With `beta` they should have length 1. */
  readonly key: tf.Tensor;
  /** [B, K, T, Dv] */
  readonly value: tf.Tensor;
  /** g, logarithms of what is kept of the state, at most 0: [B, K, T, D], or [B, K, T, 1] for one a head. Given, the rule is gated. */
  readonly decay?: tf.Tensor | undefined;
  /**
   * β, how much of what a key held is replaced, in [0, 1]: [B, K, T, 1], or
   * [B, 1, T, 1] for all heads alike. Given, the delta rule is used.
   */
  readonly beta?: tf.Tensor | undefined;
  /** What the steps before these left: [B, K, D, Dv]. Default: zeros. */
  readonly state?: tf.Tensor | undefined;
  /** What queries are multiplied by. Default 1/√D. */
  readonly scale?: number;
}

/**
 * Attention as a recurrent memory, step by step, without normalisation; which rule updates the memory S [D, Dv] follows from what
 * is given:
 *
 *     linear         S ← S + k·vᵀ                              (Katharopoulos et al. 2020)
 *     decay          S ← e^g ∘ S + k·vᵀ                        (gated: Yang et al. 2024)
 *     beta           S ← S + β·k·(v − Sᵀk)ᵀ                    (delta rule: Schlag et al. 2021)
 *     decay, beta    S ← e^g ∘ S + β·k·(v − (e^g ∘ S)ᵀk)ᵀ      (gated delta rule: Yang et al. 2025)
 *     out = scale · Sᵀq
 *
 * These are the rules and shapes of ONNX LinearAttention-27, apart from its packing of heads.
 *
 * @returns output [B, H, T, Dv] and state [B, K, D, Dv]
 * @throws if the shapes do not agree
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { recurrentLinearAttention } from '@heed/attention-core';
 * const x = tf.ones([1, 2, 5, 8]);
 * const { output, state } = recurrentLinearAttention({ query: x, key: x, value: x });
 * output.shape; // [1, 2, 5, 8]
 * state.shape; // [1, 2, 8, 8]
 * ```
 */
export function recurrentLinearAttention(options: RecurrentLinearAttentionOptions): StatefulOutput {
  requireShapes(options);
  const { query, key, value, decay, beta, state: before } = options;
  const [batch, heads, steps, width] = query.shape as [number, number, number, number];
  const [states, valueWidth] = [key.shape[1]!, value.shape[3]!];
  if (query.size === 0) {
    const memory = before === undefined ? tf.zeros([batch, states, width, valueWidth]) : tf.clone(before);
    return { output: zerosFor([query, key, value], [batch, heads, steps, valueWidth]), state: memory };
  }
  return tf.tidy(() => {
    const scaled = tf.mul(query, options.scale ?? width ** -0.5);
    const queries = byStep(tf.reshape(scaled, [batch * states, heads / states, steps, width]), 2); // [B · K, H/K, D]
    const inSteps = (x: tf.Tensor) => byStep(tf.reshape(x, [batch * states, steps, x.shape[3]!, 1]), 1); // [B · K, ·, 1]
    const keys = inSteps(key);
    const values = inSteps(value).map((v) => tf.reshape(v, [-1, 1, valueWidth])); // [B · K, 1, Dv]
    const kept = decay === undefined ? undefined : inSteps(tf.exp(decay)); // [B · K, D or 1, 1]
    const shared = beta !== undefined && beta.shape[1] !== states;
    const rates = beta && inSteps(shared ? tf.tile(beta, [1, states, 1, 1]) : beta); // [B · K, 1, 1]

    let state: tf.Tensor =
      before === undefined
        ? tf.zeros([batch * states, width, valueWidth])
        : tf.reshape(before, [batch * states, width, valueWidth]);
    const outputs: tf.Tensor[] = [];
    for (let t = 0; t < steps; t++) {
      if (kept !== undefined) state = tf.mul(state, kept[t]);
      const held = rates === undefined ? undefined : tf.matMul(keys[t], state, true, false); // [B · K, 1, Dv]
      const written = held === undefined ? values[t] : tf.mul(tf.sub(values[t], held), rates![t]);
      state = tf.add(state, tf.mul(keys[t], written)); // [B · K, D, Dv]
      outputs.push(tf.matMul(queries[t], state)); // [B · K, H/K, Dv]
    }
    return {
      output: tf.reshape(tf.stack(outputs, 2), [batch, heads, steps, valueWidth]),
      state: tf.reshape(state, [batch, states, width, valueWidth]),
    };
  });
}

function byStep(x: tf.Tensor, axis: number): tf.Tensor[] {
  return tf.unstack(x, axis);
}

function requireShapes({ query, key, value, decay, beta, state }: RecurrentLinearAttentionOptions): void {
  const [batch, heads, steps, width] = query.shape as [number, number, number, number];
  const states = key.shape[1]!;
  const is = (x: tf.Tensor | undefined, ...shapes: (number | undefined)[][]) =>
    x === undefined || shapes.some((shape) => String(shape) === String(x.shape));
  const agree =
    query.rank === 4 &&
    heads % states === 0 &&
    is(key, [batch, states, steps, width]) &&
    is(value, [batch, states, steps, value.shape[3]]) &&
    is(decay, [batch, states, steps, width], [batch, states, steps, 1]) &&
    is(beta, [batch, states, steps, 1], [batch, 1, steps, 1]) &&
    is(state, [batch, states, width, value.shape[3]]);
  if (agree) return;
  const received = Object.entries({ query, key, value, decay, beta, state })
    .flatMap(([name, x]) => (x === undefined ? [] : [`${name}=[${x.shape}]`]))
    .join(', ');
  throw new Error(
    'recurrentLinearAttention: shapes must be query [B, H, T, D], key [B, K, T, D], value [B, K, T, Dv], ' +
      `decay [B, K, T, D or 1], beta [B, K or 1, T, 1] and state [B, K, D, Dv], got ${received}`,
  );
}
