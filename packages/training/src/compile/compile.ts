import type * as tf from '@tensorflow/tfjs';
import { isCapturing } from '@heed/attention-core';

export interface CompileOptions {
  /** Let XLA compile the recorded function: slower to build, sometimes faster to run. Default false. */
  readonly xla?: boolean;
  /** Number of recordings that are kept; the one that was not used for the longest time goes first. Default 32. */
  readonly limit?: number;
  /** Called when a recording was made. */
  readonly onRecord?: (recording: { milliseconds: number; operations: number }) => void;
}

/** A compiled function: called like the original, freed by `dispose`. */
export interface Compiled<A extends unknown[], R> {
  (...args: A): R;
  dispose(): void;
  /** Number of recordings that there are; 0 where nothing is recorded. */
  readonly recordings: number;
}

/** What turns a function of tensors into a recorded one. `@heed/node`'s `startBackend()` installs the native one. */
export type Compiler = <A extends unknown[], R extends tf.TensorContainer>(
  fn: (...args: A) => R,
  options?: CompileOptions,
) => Compiled<A, R>;

let installed: Compiler | undefined;

/** Makes `compile` use `compiler`; `undefined` makes it the identity again. */
export function installCompiler(compiler: Compiler | undefined): void {
  installed = compiler;
}

/**
 * Records `fn` once per shapes, dtypes and non-tensor arguments, and replays it as one operation, where the backend can;
 * elsewhere it is `fn` itself.
 *
 * Inside, only tensor operations are allowed: no reading of values, no JavaScript numbers that change between calls.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { compile } from '@heed/training';
 * const normalise = compile((x: tf.Tensor) => tf.div(x, tf.norm(x)));
 * normalise(tf.tensor1d([3, 4])).print(); // [0.6, 0.8]
 * normalise.dispose();
 * ```
 */
export function compile<A extends unknown[], R extends tf.TensorContainer>(
  fn: (...args: A) => R,
  options?: CompileOptions,
): Compiled<A, R> {
  const plain = (...args: A) => fn(...args);
  if (installed === undefined) return Object.assign(plain, { dispose: () => undefined, recordings: 0 });
  const compiled = installed(fn, options);
  // A replay runs no JavaScript, so that maps could not be recorded: captured calls run as written.
  const call = (...args: A) => (isCapturing() ? plain(...args) : compiled(...args));
  return Object.defineProperties(call, {
    dispose: { value: () => compiled.dispose() },
    recordings: { get: () => compiled.recordings },
  }) as Compiled<A, R>;
}

/** Whether `compile` records functions: it does on native TensorFlow. */
export function compiles(): boolean {
  return installed !== undefined;
}
