import { Linear, Random } from '@heed/attention-core';
import { Adam, compile, train } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { startBackend } from '../backend/start-backend.ts';
import { profileSteps } from './profile-steps.ts';

const STEPS = 30;

/** Trains a linear layer and gives its weights. */
async function fit(): Promise<number[]> {
  const model = new Linear({ inputs: 3, outputs: 2, random: new Random(1) });
  const optimizer = new Adam(model.trainableParameters());
  const batch = {
    x: { data: new Random(2).normals(12), shape: [4, 3] },
    y: { data: new Random(3).normals(8), shape: [4, 2] },
  };
  const events = train({
    model,
    optimizer,
    loss: ({ x, y }) => tf.mean(tf.squaredDifference(model.forward(x), y)),
    data: () => [batch],
    learningRate: 0.1,
    steps: STEPS,
  });
  for await (const event of events) if (event.type === 'end') break;
  const weights = [...model.weight.dataSync()];
  optimizer.dispose();
  model.dispose();
  return weights;
}

describe('profileSteps', () => {
  it('finds the steps of every training, their parts, and what they hold in memory', async () => {
    const backend = await startBackend({ onMessage: () => undefined });
    const before = tf.memory().numTensors;
    const profiles = await profileSteps(backend, async () => {
      await fit();
      await fit();
    });
    expect(profiles).toHaveLength(2);
    for (const { steps, metered, eager, compiled, memory } of profiles) {
      expect([steps, metered]).toEqual([STEPS, 5]);
      const [forward, backward, update] = eager.phases;
      expect([forward.phase, backward.phase, update.phase]).toEqual(['forward', 'backward', 'update']);
      for (const { operations, milliseconds } of eager.phases) {
        expect(operations).toBeGreaterThan(0);
        expect(milliseconds).toBeGreaterThan(0);
      }
      expect(eager.operations).toBeCloseTo(forward.operations + backward.operations + update.operations, 9);
      expect(eager.outsideMilliseconds).toBeGreaterThan(0);
      const products = (phase: string) =>
        eager.ops
          .filter((row) => row.phase === phase && /MatMul|HeedLinear|HeedProduct/.test(row.op))
          .reduce((sum, { count }) => sum + count, 0);
      expect(products('forward')).toBe(1); // x·W
      expect(products('backward')).toBe(2); // dy·Wᵀ and xᵀ·dy
      expect((compiled?.steps ?? 0) > STEPS / 2).toBe(backend.compiles);
      expect(memory.peakTensors).toBeGreaterThan(memory.tensors);
      expect(memory.peakBytes).toBeGreaterThan(memory.bytes);
    }
    expect(tf.memory().numTensors).toBe(before);
  });

  it('changes nothing that is computed', async () => {
    const backend = await startBackend({ onMessage: () => undefined });
    const plain = await fit();
    let profiled: number[] = [];
    await profileSteps(backend, async () => {
      profiled = await fit();
    });
    profiled.forEach((weight, i) => expect(weight).toBeCloseTo(plain[i], 5));
    expect(profiled).toHaveLength(6);
  });

  it('leaves functions alone that do not train', async () => {
    const backend = await startBackend({ onMessage: () => undefined });
    const values: number[] = [];
    const profiles = await profileSteps(backend, async () => {
      const double = compile((x: tf.Tensor) => tf.mul(x, 2));
      for (let i = 0; i < 10; i++) values.push(double(tf.scalar(i)).dataSync()[0]);
      double.dispose();
    });
    expect(profiles).toEqual([]);
    expect(values).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 16, 18]);
  });
});
