import type { Module } from '@heed/attention-core';
import { Adam, train, type Batch, type Batches, type LossFunction, type TrainingEvent } from '@heed/training';

/** What validation gives after an epoch: a loss, and a score of which more is better. */
export type Measures = { readonly loss: number } & Readonly<Record<string, number>>;

/** How a task is trained. */
export interface TaskFitOptions {
  /** Most passes over the data. Default 1000. */
  readonly epochs?: number;
  /** Where there is something to validate on: stop after so many epochs without a new best loss or score. Default 100. */
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

/**
 * Trains with Adam, validates after each epoch, and leaves the best weights in the model. As GAT's authors have it, training goes on while the
 * validation's loss or its score reaches a new best (ties count), and the weights kept are those of the last epoch in which both did.
 */
export async function fitTask<B extends Batch, M extends Measures>(
  { model, loss, data, seed, validate, score }: TaskFit<B, M>,
  options: TaskFitOptions,
): Promise<TaskHistory<M>> {
  const { epochs = 1000, patience = 100, learningRate = 0.005, weightDecay = 5e-4, signal, onEvent } = options;
  const optimizer = new Adam(model.trainableParameters(), { weightDecay });
  const history: Array<{ loss: number; validation?: M }> = [];
  let bestEpoch: number | undefined;
  const evaluation = validate && {
    run: validate,
    monitor: [
      { metric: 'loss', goal: 'min' },
      { metric: score, goal: 'max' },
    ] as const,
    ties: true,
    patience,
    restoreBest: true,
  };
  try {
    const events = train({ model, optimizer, loss, data, learningRate, epochs, seed, signal, evaluation });
    for await (const event of events) {
      if (event.type === 'epoch') history.push({ loss: event.loss });
      if (event.type === 'evaluation') {
        history[event.epoch].validation = event.metrics as M;
        if (event.best) bestEpoch = event.epoch;
      }
      onEvent?.(event);
    }
    return { epochs: history, bestEpoch: bestEpoch ?? history.length - 1 };
  } finally {
    optimizer.dispose();
  }
}
