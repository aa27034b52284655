import { requireIntegers } from '../arguments/require-integers.ts';
import * as tf from '@tensorflow/tfjs';
import { isDifferentiating } from '../autodiff/captured.ts';
import { withGradient } from '../autodiff/with-gradient.ts';
import { fused, hasFused } from '../kernels/fused-ops.ts';
import { addBias, sumRows } from '../kernels/native-ops.ts';
import { Module } from '../module/module.ts';
import type { Random } from '../random/random.ts';

export interface LinearConfig {
  /** Width of the input's last dimension. */
  readonly inputs: number;
  /** Width of the output's last dimension. */
  readonly outputs: number;
  /** Whether a bias is added. Default true. */
  readonly bias?: boolean;
  /** Where the initial weights come from: uniform in ±1/√inputs, as torch.nn.Linear. */
  readonly random: Random;
}

/**
 * y = x·W + b over the last dimension.
 *
 * The weight is stored [inputs, outputs], the transpose of torch's, so that no matrix is transposed on the way forward.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { Linear, Random } from '@heed/attention-core';
 * const layer = new Linear({ inputs: 4, outputs: 2, random: new Random(7) });
 * layer.forward(tf.ones([3, 5, 4])).shape; // [3, 5, 2]
 * ```
 */
export class Linear extends Module {
  readonly weight: tf.Variable<tf.Rank.R2>;
  readonly bias: tf.Variable<tf.Rank.R1> | undefined;

  constructor({ inputs, outputs, bias = true, random }: LinearConfig) {
    super();
    requireIntegers('Linear', { inputs, outputs });
    const bound = 1 / Math.sqrt(inputs);
    this.weight = weight(random.uniforms(inputs * outputs, -bound, bound), [inputs, outputs]);
    this.bias = bias ? weight(random.uniforms(outputs, -bound, bound), [outputs]) : undefined;
  }

  /** @param x [..., inputs] @returns [..., outputs] */
  forward(x: tf.Tensor): tf.Tensor {
    return linear(x, this.weight, this.bias);
  }
}

/** A trainable weight that starts with `values`. */
export function weight<R extends tf.Rank>(values: Float32Array, shape: tf.ShapeMap[R]): tf.Variable<R> {
  const initial = tf.tensor<R>(values, shape, 'float32');
  const variable = tf.variable<R>(initial);
  initial.dispose();
  return variable;
}

/**
 * x·W + b over the last dimension, with one fused gradient.
 *
 * @param x [..., I]
 * @param w [I, O]
 * @param b [O]
 * @returns [..., O]
 * @throws if the last dimension of x is not I
 */
export function linear(x: tf.Tensor, w: tf.Tensor2D, b?: tf.Tensor1D): tf.Tensor {
  const [inputs, outputs] = w.shape;
  if (x.shape[x.rank - 1] !== inputs) {
    throw new Error(`linear: x must end in the weight's ${inputs} inputs, got [${x.shape}]`);
  }
  if (hasFusedLinear(x, outputs)) return inOnePass(x, w, b);
  const outputShape = [...x.shape.slice(0, -1), outputs];
  return withGradient(
    b === undefined ? [x, w] : [x, w, b],
    (x, w, b) => {
      const xRows = rowsOf(x, inputs); // [N, I]
      const y = tf.matMul(xRows, w); // [N, O]
      const value = b === undefined ? y : addBias(y, b);
      return { value: x.rank === 2 ? value : tf.reshape(value, outputShape), saved: [xRows, w] };
    },
    (dy, [xRows, w]) => {
      const dyRows = rowsOf(dy, outputs); // [N, O]
      const dx = tf.matMul(dyRows, w, false, true); // [N, I]
      const gradients = [x.rank === 2 ? dx : tf.reshape(dx, x.shape), tf.matMul(xRows, dyRows, true)];
      return b === undefined ? gradients : [...gradients, sumRows(dyRows)];
    },
  );
}

/**
 * Layers of one input and of equal width in one op, without a gradient: undefined where the backend has none, it would not pay, or a layer
 * is another than this one (adapters stand in the place of some) or has no bias.
 *
 * @param x [..., inputs]
 * @returns [..., outputs] each
 */
export function fusedLinear(
  x: tf.Tensor,
  layers: readonly Linear[],
  { gelu }: { readonly gelu: boolean },
): tf.Tensor[] | undefined {
  const plain = layers.every((layer) => layer instanceof Linear && layer.bias !== undefined);
  if (!plain || !hasFusedLinear(x, layers[0].weight.shape[1])) return undefined;
  const parameters = [...layers.map(({ weight }) => weight), ...layers.map(({ bias }) => bias!)];
  return fused('HeedLinear', [x, ...parameters], { again: true, gelu });
}

/** Products of numbers up to which our own op is faster than TensorFlow's; beyond, both are at what the processor can do. */
const SMALL = 2 ** 24;

/** Whether `HeedLinear` is there and the best for x [..., I] and a weight [I, outputs]. */
function hasFusedLinear(x: tf.Tensor, outputs: number): boolean {
  return x.size * outputs <= SMALL && hasFused('HeedLinear');
}

function inOnePass(x: tf.Tensor, w: tf.Tensor2D, b?: tf.Tensor1D): tf.Tensor {
  const again = !isDifferentiating(); // no step that would change the weights follows
  return withGradient(
    b === undefined ? [x, w] : [x, w, b],
    (x, w, b) => {
      const value = b === undefined ? wideProduct(x, w) : fused('HeedLinear', [x, w, b], { again, gelu: false })[0];
      return { value, saved: [x, w] };
    },
    (dy, [x, w]) => {
      const [dw, db] = fused('HeedLinearGradient', [dy, x]);
      const dx = wideProduct(dy, w, true);
      return b === undefined ? [dx, dw] : [dx, dw, db];
    },
  );
}

/** Every row times one matrix. @param x [..., K] @param w [K, N], or [N, K] where it is transposed @returns [..., N] */
function wideProduct(x: tf.Tensor, w: tf.Tensor, transposed = false): tf.Tensor {
  return fused('HeedProduct', [x, w], { transpose_a: false, transpose_b: transposed })[0];
}

function rowsOf(x: tf.Tensor, width: number): tf.Tensor2D {
  return x.rank === 2 ? (x as tf.Tensor2D) : tf.reshape(x, [-1, width]);
}
