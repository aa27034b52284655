import {
  causal,
  Embedding,
  EncoderBlock,
  hasNativeOps,
  LayerNorm,
  Module,
  Random,
  seedKey,
} from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { crossEntropy } from '../losses/cross-entropy.ts';
import { Adam } from '../optimizers/adam.ts';
import type { HostArray } from './batch.ts';
import { GradientStep } from './gradient-step.ts';

if (!hasNativeOps()) process.stdout.write('skipped: the ops of a step, tfjs-node is not the backend\n');

/** The shape of GPT-2: four blocks, 128 wide, that end in a norm and the embedding's own table. */
class SmallGpt extends Module {
  private readonly random = new Random(5);
  readonly tokens = new Embedding({ size: 65, width: 128, deviation: 0.02, random: this.random });
  readonly positions = new Embedding({ size: 64, width: 128, deviation: 0.02, random: this.random });
  readonly blocks = Array.from(
    { length: 4 },
    () => new EncoderBlock({ modelWidth: 128, heads: 4, activation: 'gelu-tanh', random: this.random }),
  );
  readonly norm = new LayerNorm({ width: 128 });

  forward(tokens: tf.Tensor): tf.Tensor {
    let x = tf.add(this.tokens.forward(tokens), this.positions.weight); // [B, L, M]
    for (const block of this.blocks) x = block.forward(x, { mask: causal() });
    return tf.matMul(tf.reshape(this.norm.forward(x), [-1, 128]), this.tokens.weight, false, true); // [B·L, V]
  }
}

/** How many ops TensorFlow is asked to run, one by one. */
function countOps(run: () => void): number {
  const backend = tf.backend() as unknown as { binding: { executeOp(...given: unknown[]): unknown } };
  const { binding } = backend;
  let count = 0;
  const executeOp = (...given: unknown[]) => {
    count++;
    return binding.executeOp(...given);
  };
  backend.binding = Object.create(binding, { executeOp: { value: executeOp } }) as typeof binding;
  try {
    run();
  } finally {
    backend.binding = binding;
  }
  return count;
}

describe.runIf(hasNativeOps())('a step of a 4-layer GPT, not compiled,', () => {
  it('takes fewer than 700 ops, forward, backward and Adam', () => {
    const model = new SmallGpt();
    const optimizer = new Adam(model.trainableParameters());
    const gradientStep = new GradientStep<Record<'tokens' | 'next', HostArray>>(
      ({ tokens, next }) => crossEntropy(model.forward(tokens), tf.reshape(next, [-1])),
      optimizer,
    );
    const tokens = tf.zeros([12, 64], 'int32');
    const step = () =>
      tf.tidy(() => {
        const { gradients } = gradientStep.run({ tokens, next: tokens }, seedKey(1), tf.scalar(0, 'int32'));
        optimizer.apply(gradients, tf.scalar(1e-3));
      });
    expect(countOps(step)).toBeLessThan(700);
    expect(countOps(step)).toBeGreaterThan(200); // it did count
    tf.dispose([tokens]);
    model.dispose();
    optimizer.dispose();
  });
});
