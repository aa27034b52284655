import { compile, type Batch, type BatchTensors, type Compiled } from '@heed/training';
import * as tf from '@tensorflow/tfjs';

/** A forward pass: tensors in, tensors by name out, whose first axis counts examples. */
export type ForwardPass<B extends Batch, Outputs> = (batch: BatchTensors<B>) => Outputs;

interface Pass {
  readonly compiled: Compiled<[BatchTensors<Batch>], tf.NamedTensorMap>;
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

  /** @param name the same for the same `forward` at every call @returns tensors that the caller owns */
  run<B extends Batch, Outputs extends Readonly<Record<string, tf.Tensor>>>(
    name: string,
    forward: ForwardPass<B, Outputs>,
    batch: BatchTensors<B>,
  ): Outputs {
    let pass = this.passes.get(name);
    if (pass === undefined) {
      const written = (tensors: BatchTensors<Batch>) => tf.tidy(() => ({ ...forward(tensors as BatchTensors<B>) }));
      const compiled = compile(written, { limit: LIMIT });
      pass = { compiled, shapes: new Set() };
      this.passes.set(name, pass);
    }
    const key = Object.entries<tf.Tensor>(batch)
      .map(([field, { shape, dtype }]) => `${field} ${dtype} ${shape.join('×')}`)
      .join(', ');
    if (pass.shapes.has(key)) return pass.compiled(batch) as unknown as Outputs;
    if (pass.shapes.size >= REMEMBERED) pass.shapes.clear();
    pass.shapes.add(key);
    return tf.tidy(() => ({ ...forward(batch) }));
  }

  dispose(): void {
    for (const { compiled } of this.passes.values()) compiled.dispose();
    this.passes.clear();
  }
}
