import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';

import { compile } from './compile.ts';

const native = tf.getBackend() === 'tensorflow';
if (!native) process.stdout.write('skipped: the memory of gradients that are recorded, there is no native library\n');

/** The most tensors that were held at once, beyond those that were there; clones are one. */
function peakOf(run: () => tf.Tensor): number {
  const engine = tf.engine() as unknown as { state: { numDataBuffers: number }; trackTensor(...args: unknown[]): void };
  const { trackTensor } = engine;
  const before = engine.state.numDataBuffers;
  let peak = before;
  engine.trackTensor = (...args) => {
    trackTensor.apply(engine, args);
    peak = Math.max(peak, engine.state.numDataBuffers);
  };
  try {
    run().dispose();
  } finally {
    engine.trackTensor = trackTensor;
  }
  return peak - before;
}

/** What a function gives: eagerly, recorded, checked and replayed. */
function results(fn: (x: tf.Tensor1D) => tf.Tensor): { eager: number[]; compiled: number[][] } {
  const x = tf.tensor1d([0.5, -1, 2]);
  const values = (result: tf.Tensor) => Array.from(result.dataSync());
  const eager = values(fn(x));
  const recorded = compile(fn);
  const compiled = [1, 2, 3].map(() => values(recorded(x)));
  recorded.dispose();
  return { eager, compiled };
}

describe.runIf(native)('gradients that are recorded', () => {
  it('hold what ops saved only until their gradients are there', () => {
    const count = 20;
    const chain = (x: tf.Tensor) => Array.from({ length: count }).reduce<tf.Tensor>((y) => tf.square(y), x);
    const gradient = (x: tf.Tensor) => tf.tidy(() => tf.grad(chain)(x));
    const x = tf.ones([3]);
    // tfjs holds what each op saved and the gradient of each; then one of the two, and what the gradient at hand is made of
    expect(peakOf(() => gradient(x))).toBeGreaterThan(2 * count);
    const compiled = compile(gradient);
    expect(peakOf(() => compiled(x))).toBeLessThan(count + 8);
    compiled.dispose();
  });

  it('may be handed on as they are to several inputs', () => {
    const sum = tf.customGrad((a, b) => ({
      value: tf.add(a as tf.Tensor, b as tf.Tensor),
      gradFunc: (dy: tf.Tensor) => [dy, dy],
    }));
    const branches = (x: tf.Tensor) => sum(tf.square(sum(tf.sin(x), x)), tf.exp(tf.cos(x)));
    const { eager, compiled } = results((x) => tf.tidy(() => tf.grad(branches)(x)));
    expect(compiled).toEqual([eager, eager, eager]);
  });

  it('leave the gradient alone that the caller gave, and what was saved where it is the gradient', () => {
    const scaled = tf.customGrad((x, save) => {
      const doubled = tf.mul(x as tf.Tensor, 2);
      (save as tf.GradSaveFunc)([doubled]);
      return { value: tf.sum(tf.square(x as tf.Tensor)), gradFunc: (_: tf.Tensor, [slope]: tf.Tensor[]) => slope! };
    });
    const saved = results((x) => tf.tidy(() => tf.add(tf.grad((y: tf.Tensor) => scaled(tf.sin(y)))(x), x)));
    expect(saved.compiled).toEqual([saved.eager, saved.eager, saved.eager]);
    const given = results((x) =>
      tf.tidy(() => {
        const dy = tf.cos(x);
        return tf.add(tf.grad((y: tf.Tensor) => tf.sin(tf.square(y)))(x, dy), dy);
      }),
    );
    expect(given.compiled).toEqual([given.eager, given.eager, given.eager]);
  });

  it('may be differentiated once more', () => {
    const slope = (x: tf.Tensor) => tf.grad((y: tf.Tensor) => tf.mul(tf.square(y), tf.sin(y)))(x);
    const { eager, compiled } = results((x) => tf.tidy(() => tf.grad(slope)(x)));
    expect(compiled).toEqual([eager, eager, eager]);
  });
});
