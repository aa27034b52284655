import * as tf from '@tensorflow/tfjs';

import { disposeCaptures } from './graph-builder.ts';
import type { Graph } from './graph.ts';
import { nativeBackend } from './native-backend.ts';
import { isRecording, record, type Recording } from './record.ts';
import { Replay } from './replay.ts';
import { findDifference } from './same-graph.ts';
import { describeArguments, type Described } from './structure.ts';

export interface CompileOptions {
  /** The function's name in errors and events. Default: its own. */
  readonly name?: string;
  /** Whether XLA compiles the function: slower to start (seconds, more for long loops), sometimes faster to run. */
  readonly xla?: boolean;
  /** How many recordings are kept; the one that was not used for the longest time goes first. Default: 32. */
  readonly limit?: number;
  /**
   * Whether the second call records once more and compares. It finds numbers, flags and random values from JavaScript that
   * change between calls, which a recording cannot follow, and costs one recording per function. Default: true.
   */
  readonly check?: boolean;
  /** Is told of every recording; it is made before the call returns. */
  readonly onRecord?: (event: RecordEvent) => void;
}

/** Why a function was recorded. */
export type RecordReason =
  /** It was called for the first time. */
  | 'first call'
  /** An argument has another shape, dtype, structure or plain value than in any call before. */
  | 'new arguments'
  /** The recording before made variables or kept tensors, as optimizers do in their first step, so it could not be used. */
  | 'made variables'
  /** The second call, which checks the first. */
  | 'check'
  /** There was a recording for these arguments, but too many came after it (`limit`). */
  | 'forgotten';

export interface RecordEvent {
  readonly name: string;
  readonly reason: RecordReason;
  readonly milliseconds: number;
  /** How many ops the function consists of. */
  readonly nodes: number;
  /** Whether the recording will be replayed. */
  readonly kept: boolean;
}

/** A function that runs as one TensorFlow function, and what else can be done with it. */
export interface Compiled<Args extends readonly unknown[], Result> {
  (...args: Args): Result;
  /** Lets go of all recordings, and of the tensors they hold. The function cannot be called after it. */
  dispose(): void;
  /** How many recordings there are now. */
  readonly recordings: number;
}

const attemptsBeforeGivingUp = 4;

/**
 * Makes a function of tfjs ops run as one TensorFlow function: about three times faster for a training step.
 *
 * The first call with arguments of certain shapes runs `fn` as it is and records its ops; later calls replay them without
 * running any JavaScript of `fn`. Every call gives what `fn` itself would give, as long as `fn` keeps to this:
 *
 * - Tensors and variables may be used freely. Variables are read and assigned at every call, arguments are inputs, other
 *   tensors from outside are constants; disposing them later does no harm.
 * - Numbers, flags and strings are fixed when recorded. A learning rate or a step count that changes must be a tensor or a
 *   variable; as an argument a plain value is part of the key, so each new one is recorded anew.
 * - Values cannot be read (`dataSync`, `print`), random numbers cannot be drawn in JavaScript, `fn` cannot be async.
 * - Tensors leave `fn` through its result; what it leaves undisposed is disposed. Arguments are never disposed.
 *
 * Inside `tf.grad` and its like, and inside another compiled function, it runs as ordinary code, so gradients flow and
 * the outermost function is the one that is compiled. A step therefore is compiled whole, gradients and optimizer included.
 *
 * @param fn takes and returns tensors and plain values, in arrays and plain objects.
 * @throws when called: with an error that names `fn`, the rule and the line, for all that was said above.
 * @example
 * ```ts
 * import { compile, loadTensorflow } from '@heed/tensorflow';
 * import type { Tensor } from '@tensorflow/tfjs';
 *
 * const tf = await loadTensorflow();
 * const slope = tf.variable(tf.scalar(0));
 * const optimizer = tf.train.sgd(0.1);
 * const step = compile((x: Tensor, y: Tensor) =>
 *   tf.tidy(() => optimizer.minimize(() => x.mul(slope).sub(y).square().mean(), true, [slope])!),
 * );
 * const [x, y] = [tf.tensor1d([1, 2, 3]), tf.tensor1d([2, 4, 6])];
 * for (let i = 0; i < 20; i++) step(x, y).dispose();
 * slope.print(); // 2
 * step.dispose();
 * ```
 */
export function compile<Args extends readonly unknown[], Result>(
  fn: (...args: Args) => Result,
  options: CompileOptions = {},
): Compiled<Args, Result> {
  const cache = new Recordings(fn, options);
  const compiled = (...args: Args): Result => cache.call(args);
  return Object.defineProperties(compiled, {
    dispose: { value: () => cache.dispose() },
    recordings: { get: () => cache.size },
  }) as Compiled<Args, Result>;
}

interface Entry<Result> {
  readonly replay: Replay<Result>;
  /** What the check compares with; let go of once that is done. */
  graph: Graph | undefined;
}

class Recordings<Args extends readonly unknown[], Result> {
  readonly #fn: (...args: Args) => Result;
  readonly #options: { readonly name: string; readonly xla: boolean };
  readonly #limit: number;
  readonly #onRecord: (event: RecordEvent) => void;
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry<Result>>();
  readonly #forgotten = new Set<string>();
  #unchecked: boolean;
  #attempts = 0;
  #calledBefore = false;
  #disposed = false;

  constructor(fn: (...args: Args) => Result, options: CompileOptions) {
    this.#fn = fn;
    this.#options = { name: options.name ?? (fn.name || 'the function'), xla: options.xla ?? false };
    this.#limit = options.limit ?? 32;
    this.#onRecord = options.onRecord ?? (() => {});
    this.#unchecked = options.check ?? true;
    if (!Number.isInteger(this.#limit) || this.#limit < 1) {
      throw new Error(`compile: limit must be a whole number of at least 1, got ${this.#limit}`);
    }
  }

  get size(): number {
    return this.#entries.size;
  }

  call(args: Args): Result {
    const { name } = this.#options;
    if (this.#disposed) throw new Error(`compile: ${name} must not be called after dispose()`);
    if (isRecording() || tapeIsOn()) return this.#fn(...args);
    nativeBackend();
    const described = describeArguments(args);
    const entry = this.#entries.get(described.key);
    if (!entry) return this.#recordNew(args, described);
    if (this.#unchecked && entry.graph) return this.#check(args, described, entry.replay, entry.graph);
    this.#entries.delete(described.key);
    this.#entries.set(described.key, entry);
    return entry.replay.run(described.tensors);
  }

  dispose(): void {
    this.#disposed = true;
    for (const { replay } of this.#entries.values()) replay.dispose();
    this.#entries.clear();
  }

  #recordNew(args: Args, { key }: Described): Result {
    const reason = this.#reasonFor(key);
    const { recording, milliseconds } = this.#record(args);
    const kept = recording.created.length === 0;
    this.#report(reason, milliseconds, recording, kept);
    if (!kept) {
      this.#giveUpAfterTooMany(recording);
      disposeCaptures(recording.graph.inputs, nativeBackend().binding);
      return recording.result;
    }
    this.#attempts = 0;
    const graph = this.#unchecked ? recording.graph : undefined;
    this.#entries.set(key, { replay: new Replay(recording, this.#options), graph });
    this.#forgotten.delete(key);
    if (this.#entries.size > this.#limit) this.#forgetOldest();
    return recording.result;
  }

  #check(args: Args, { key }: Described, replay: Replay<Result>, graph: Graph): Result {
    const { binding } = nativeBackend();
    const { recording, milliseconds } = this.#record(args);
    if (recording.created.length > 0) {
      // It was not yet in its final state: this recording and the one before are of no use.
      replay.dispose();
      this.#entries.delete(key);
      this.#report('check', milliseconds, recording, false);
      this.#giveUpAfterTooMany(recording);
      disposeCaptures(recording.graph.inputs, binding);
      return recording.result;
    }
    const difference = findDifference(graph, recording.graph, binding);
    disposeCaptures(recording.graph.inputs, binding);
    this.#report('check', milliseconds, recording, false);
    if (difference) {
      throw new Error(
        `compile: ${this.#options.name} must do the same at every call, got ${difference}; ` +
          'what changes must be a tensor: an argument or a variable',
      );
    }
    this.#unchecked = false;
    for (const entry of this.#entries.values()) entry.graph = undefined;
    return recording.result;
  }

  #record(args: Args): { recording: Recording<Result>; milliseconds: number } {
    const start = performance.now();
    const recording = record(this.#fn, args, this.#options);
    this.#calledBefore = true;
    return { recording, milliseconds: performance.now() - start };
  }

  #report(reason: RecordReason, milliseconds: number, { graph }: Recording<Result>, kept: boolean): void {
    this.#onRecord({ name: this.#options.name, reason, milliseconds, nodes: graph.nodes.length, kept });
  }

  #reasonFor(key: string): RecordReason {
    if (!this.#calledBefore) return 'first call';
    if (this.#attempts > 0) return 'made variables';
    return this.#forgotten.has(key) ? 'forgotten' : 'new arguments';
  }

  #giveUpAfterTooMany({ created }: Recording<Result>): void {
    if (++this.#attempts < attemptsBeforeGivingUp) return;
    throw new Error(
      `compile: ${this.#options.name} must stop making variables and kept tensors after its first calls, ` +
        `got ${created[0]} at call ${this.#attempts}`,
    );
  }

  #forgetOldest(): void {
    const [key, entry] = this.#entries.entries().next().value!;
    this.#entries.delete(key);
    entry.replay.dispose();
    this.#forgotten.add(key);
    if (this.#forgotten.size > 1000) this.#forgotten.clear();
  }
}

/** Whether a gradient is being computed, so that every op has to be seen by it. */
function tapeIsOn(): boolean {
  const { gradientDepth, kernelDepth } = tf.engine().state;
  return gradientDepth > 0 && kernelDepth === 0;
}
