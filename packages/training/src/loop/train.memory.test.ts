import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { memoryFolder } from '../folders/memory-folder.ts';
import { WeightAverage } from '../optimizers/weight-average.ts';
import { setUp } from './train.test-support.ts';
import { train } from './train.ts';

describe('memory', () => {
  it('stays flat over 500 steps with evaluation, averaging and checkpoints', async () => {
    const { model, options } = setUp({ epochs: 100, clipNorm: 1 });
    const average = new WeightAverage(model.trainableParameters());
    const before = tf.memory();
    const tensors = new Set<number>();
    const resident: number[] = [];
    const events = train({
      ...options,
      average,
      evaluation: { run: () => ({ loss: tf.tidy(() => tf.sum(model.hidden).dataSync()[0]) }), everySteps: 10 },
      checkpoints: { folder: memoryFolder(), everySteps: 10, keepBest: true },
    });
    for await (const event of events) {
      if (event.type !== 'step') continue;
      tensors.add(tf.memory().numTensors);
      if (event.step % 100 === 0) resident.push(process.memoryUsage.rss());
    }
    expect(tensors.size).toBe(1);
    expect(tf.memory().numTensors).toBe(before.numTensors);
    expect(tf.memory().numBytes).toBe(before.numBytes);
    // Garbage that is not yet collected comes and goes by a few MB; 4,000 steps measured apart, with forced collections, grew by 3 MB at first and
    // then stayed.
    expect(resident[4] - resident[0]).toBeLessThan(24e6);
  });
});
