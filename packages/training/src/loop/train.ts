import type { Batch } from './batch.ts';
import type { TrainingEvent } from './events.ts';
import { checkTrainOptions, type TrainOptions } from './options.ts';
import { TrainingRun } from './training-run.ts';

/**
 * Trains a model, as a generator of events; the caller decides what to do with them. Timers, signals and other events get their turn
 * after every step.
 *
 * Each step takes `accumulate` batches, computes loss and gradients, and updates the weights. Both halves are passed through `compile`.
 * Breaking out of the loop ends the training at once; an `AbortSignal` ends it after the step, with a checkpoint.
 *
 * A run that is interrupted and resumed from a checkpoint ends with the same weights, bit for bit, as one that was not, on the same
 * backend and provided that `data` gives the same batches again.
 *
 * @throws if an option is out of range; if another run has the folder of the checkpoints; if a checkpoint is of another config; `DivergedError` if a loss or gradient is not finite, naming the first
 * tensor that is not: the weights are then those of the step before
 *
 * @example
 * ```ts
 * import { Linear, Random } from '@heed/attention-core';
 * import { Adam, train } from '@heed/training';
 * import * as tf from '@tensorflow/tfjs';
 *
 * const model = new Linear({ inputs: 1, outputs: 1, random: new Random(1) });
 * const batch = {
 *   x: { data: Float32Array.of(0, 1, 2), shape: [3, 1] },
 *   y: { data: Float32Array.of(1, 3, 5), shape: [3, 1] },
 * };
 * const events = train({
 *   model,
 *   optimizer: new Adam(model.trainableParameters()),
 *   loss: ({ x, y }) => tf.mean(tf.squaredDifference(model.forward(x), y)),
 *   data: () => [batch],
 *   learningRate: 0.1,
 *   steps: 200,
 * });
 * for await (const event of events) {
 *   if (event.type === 'step' && event.step % 50 === 0) console.log(event.step, event.loss);
 * }
 * ```
 */
export async function* train<B extends Batch>(
  options: TrainOptions<B>,
): AsyncGenerator<TrainingEvent, void, undefined> {
  checkTrainOptions(options);
  const run = new TrainingRun(options);
  try {
    yield* run.events();
  } finally {
    await run.dispose();
  }
}
