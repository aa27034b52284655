import type { Module } from '@heed/attention-core';
import { Adam, train, type Batch, type Batches, type LossFunction, type TrainingEvent } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { ValidationWatch, type Measures } from './validation-watch.ts';

/** How a task is trained. */
export interface TaskFitOptions {
  /** Most passes over the data. Default 1000. */
  readonly epochs?: number;
  /** Where there is something to validate on: stop after so many epochs without a new best (`ValidationWatch`). Default 100. */
  readonly patience?: number;
  /** Of Adam. Default 0.005. */
  readonly learningRate?: number;
  /** L2 penalty. Default 5e-4. */
  readonly weightDecay?: number;
  /** Ends the training after the current step; what was learned stays. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: TrainingEvent) => void;
}

/** What a training was like. */
export interface TaskHistory<M extends Measures> {
  /** Of each whole epoch. */
  readonly epochs: ReadonlyArray<{ readonly loss: number; readonly validation?: M }>;
  /** The epoch whose weights were kept, counted from 0. */
  readonly bestEpoch: number;
}

export interface TaskFit<B extends Batch, M extends Measures> {
  readonly model: Module;
  readonly loss: LossFunction<B>;
  readonly data: (epoch: number) => Batches<B>;
  readonly seed: number;
  /** Absent where there is nothing to validate on; the last weights are kept then. */
  readonly validate?: (() => Promise<M>) | undefined;
  /** Which of the validation's measures is the score. */
  readonly score: keyof M & string;
}

/** Trains with Adam, validates after each epoch, and leaves the best weights in the model. */
export async function fitTask<B extends Batch, M extends Measures>(
  { model, loss, data, seed, validate, score }: TaskFit<B, M>,
  options: TaskFitOptions,
): Promise<TaskHistory<M>> {
  const { epochs = 1000, patience = 100, learningRate = 0.005, weightDecay = 5e-4, signal, onEvent } = options;
  const optimizer = new Adam(model.trainableParameters(), { weightDecay });
  const watch = new ValidationWatch(patience, score);
  const history: Array<{ loss: number; validation?: M }> = [];
  let best: { epoch: number; weights: Record<string, tf.Tensor> } | undefined;
  try {
    const events = train({ model, optimizer, loss, data, learningRate, epochs, seed, signal });
    for await (const event of events) {
      onEvent?.(event);
      if (event.type !== 'epoch') continue;
      const validation = await validate?.();
      history.push({ loss: event.loss, ...(validation && { validation }) });
      if (validation === undefined) continue;
      if (watch.observe(validation)) {
        tf.dispose(best?.weights ?? []);
        best = { epoch: event.epoch, weights: copyWeights(model) };
      }
      const { epoch, step } = event;
      onEvent?.({ type: 'evaluation', step, epoch, metrics: validation, best: best?.epoch === epoch });
      if (watch.exhausted) {
        onEvent?.({ type: 'end', step, reason: 'stopped-early' });
        break;
      }
    }
    if (best !== undefined) model.loadStateDict(best.weights);
    return { epochs: history, bestEpoch: best?.epoch ?? history.length - 1 };
  } finally {
    tf.dispose(best?.weights ?? []);
    optimizer.dispose();
  }
}

function copyWeights(model: Module): Record<string, tf.Tensor> {
  return Object.fromEntries(
    Object.entries(model.stateDict()).map(([name, variable]) => [name, tf.tidy(() => tf.add(variable, 0))]),
  );
}
