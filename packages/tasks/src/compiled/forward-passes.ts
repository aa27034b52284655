import { compile, type Batch, type BatchTensors, type Compiled } from '@heed/training';
import { tidyRows, type Rows } from './rows.ts';
import type { Run } from './run.ts';
import * as tf from '@tensorflow/tfjs';

/** A forward pass: tensors in, tensors by name out, whose first axis counts examples. */
export type ForwardPass<B extends Batch, Outputs> = (batch: BatchTensors<B>) => Outputs;

interface Pass {
  readonly compiled: Compiled<unknown[], tf.TensorContainer>;
  /** Shapes that were seen. */
  readonly shapes: Set<string>;
}

/** Recordings of one forward pass; the one that was not used for the longest time goes first. */
const LIMIT = 32;
/** Shapes that are remembered as seen once. */
const REMEMBERED = 1024;

/** The forward passes of a task: as written for a shape that is new, recorded and replayed for one that comes again. */
export class ForwardPasses {
  private readonly passes = new Map<string, Pass>();

  /** Number of recordings that there are. */
  get recordings(): number {
    return [...this.passes.values()].reduce((sum, { compiled }) => sum + compiled.recordings, 0);
  }

  /**
   * @param name the same for the same `fn` at every call
   * @param args tensors, in lists and by name
   * @returns tensors that the caller owns
   */
  run<A extends unknown[], R extends Rows>(name: string, fn: (...args: A) => R, ...args: A): R {
    let pass = this.passes.get(name);
    if (pass === undefined) {
      const written = (...tensors: unknown[]) => tidyRows(() => fn(...(tensors as A))) as tf.TensorContainer;
      pass = { compiled: compile(written, { limit: LIMIT }), shapes: new Set() };
      this.passes.set(name, pass);
    }
    const key = shapesOf(args);
    if (pass.shapes.has(key)) return pass.compiled(...args) as R;
    if (pass.shapes.size >= REMEMBERED) pass.shapes.clear();
    pass.shapes.add(key);
    return tidyRows(() => fn(...args));
  }

  /** `run`, for the functions of an owner. */
  named(owner: string): Run {
    return (name, fn, ...args) => this.run(`${owner} ${name}`, fn, ...args);
  }

  dispose(): void {
    for (const { compiled } of this.passes.values()) compiled.dispose();
    this.passes.clear();
  }
}

function shapesOf(value: unknown): string {
  if (value instanceof tf.Tensor) return `${value.dtype} ${value.shape.join('×')}`;
  if (typeof value !== 'object' || value === null) return String(value);
  return `{${Object.entries(value)
    .map(([name, part]) => `${name}: ${shapesOf(part)}`)
    .join(', ')}}`;
}
