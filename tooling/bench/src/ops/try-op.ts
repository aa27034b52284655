import * as tf from '@tensorflow/tfjs';
import type { OpCase } from './cases/op-case.ts';

export interface Outcome {
  /** Absent where the op does not run. */
  readonly value?: Float32Array;
  /** One per input; absent where the op has no gradient. */
  readonly gradients?: readonly Float32Array[];
  /** Kernels that ran, sorted. */
  readonly kernels: readonly string[];
  /** First line of the first error. */
  readonly error?: string;
}

/** Runs a case and its gradient on the current backend; the gradient is that of Σ f ∘ cos(1.7·i). */
export async function tryOp({ inputs, f }: OpCase): Promise<Outcome> {
  const outcome: { -readonly [Field in keyof Outcome]: Outcome[Field] } = { kernels: [] };
  tf.engine().startScope();
  try {
    const args = inputs();
    const { kernels } = await quietly(() =>
      tf.profile(() => {
        try {
          outcome.value = Float32Array.from(f(...args).dataSync());
          const objective = (...xs: tf.Tensor[]) => {
            const y = f(...xs);
            return tf.sum(tf.mul(y, tf.reshape(tf.cos(tf.mul(tf.range(0, y.size), 1.7)), y.shape))) as tf.Scalar;
          };
          outcome.gradients = tf
            .grads(objective)(args)
            .map((gradient) => Float32Array.from(gradient.dataSync()));
        } catch (error) {
          outcome.error = (error instanceof Error ? error.message : String(error)).split('\n')[0];
        }
        return tf.scalar(0);
      }),
    );
    outcome.kernels = [...new Set(kernels.map((kernel) => kernel.name))].sort();
  } finally {
    tf.engine().endScope();
  }
  return outcome;
}

/** The gradients by central differences on the current backend. */
export function differences({ inputs, f }: OpCase, step = 1e-2): Float32Array[] {
  return tf.tidy(() => {
    const args = inputs();
    const objective = (...xs: tf.Tensor[]) => {
      const y = f(...xs).dataSync() as Float32Array;
      return y.reduce((sum, value, i) => sum + value * Math.cos(1.7 * i), 0);
    };
    return args.map((input, which) => {
      const values = input.dataSync();
      return Float32Array.from(values, (_, i) => {
        const at = (shift: number) => {
          const moved = Float32Array.from(values);
          moved[i] += shift;
          return objective(...args.map((x, j) => (j === which ? tf.tensor(moved, input.shape) : x)));
        };
        return (at(step) - at(-step)) / (2 * step);
      });
    });
  });
}

/** Largest difference, relative to the largest expected magnitude (at least 1); NaN where a number is. */
export function distance(actual: Float32Array, expected: Float32Array): number {
  if (actual.length !== expected.length) return Infinity;
  const scale = expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1);
  return actual.reduce((largest, value, i) => Math.max(largest, Math.abs(value - expected[i])), 0) / scale;
}

/** tfjs warns of its profile's own overhead on some backends. */
async function quietly<T>(run: () => Promise<T>): Promise<T> {
  const { warn } = console;
  console.warn = () => undefined;
  try {
    return await run();
  } finally {
    console.warn = warn;
  }
}
