import {
  Adam,
  cosineSchedule,
  countedPositions,
  crossEntropy,
  type EvaluationOptions,
  type Schedule,
} from '@heed/training';
import type { SequenceModel, TeacherForcedBatch } from '@heed/tasks';
import { hashOf } from '../preprocessing/hash-of.ts';
import { IGNORED, SequenceBatches, type IndexedPair } from '../preprocessing/sequence-batches.ts';
import { fitModel, scheduleOf, type FitHistory, type FitRunOptions } from './fit-model.ts';

/** How a sequence-to-sequence model is trained. */
export interface FitOptions extends FitRunOptions {
  /** Times that all data are seen. Default 10, unless `steps` is given. */
  readonly epochs?: number;
  /** Default 128. */
  readonly batchSize?: number;
  /** How many shapes batches have: more of them pad less and take longer to record. Default 6. */
  readonly buckets?: number;
  /** The highest learning rate of Adam, reached after a twentieth of the run, then lowered along a cosine; or a schedule. Default 0.002. */
  readonly learningRate?: number | Schedule;
  /** Share of each label that is spread over all. Default 0.1. */
  readonly labelSmoothing?: number;
  /** Gradients are scaled down to this norm. Default 2. */
  readonly clipNorm?: number;
}

export interface SequenceFit {
  readonly model: SequenceModel;
  readonly pairs: readonly IndexedPair[];
  readonly start: number;
  readonly end: number;
  readonly seed: number;
  /** What the model is, for checkpoints. */
  readonly config: unknown;
  readonly evaluation?: EvaluationOptions | undefined;
}

/** Trains a sequence-to-sequence model by teacher forcing. */
export async function fitSequenceModel(fit: SequenceFit, options: FitOptions): Promise<FitHistory> {
  const { model, pairs, start, end, seed, evaluation } = fit;
  const { batchSize = 128, buckets = 6, learningRate = 0.002, labelSmoothing = 0.1, clipNorm = 2 } = options;
  const batches = new SequenceBatches(pairs, { batchSize, seed, start, end, buckets });
  const steps = options.steps ?? (options.epochs ?? 10) * batches.perEpoch;
  const { schedule, rate } = scheduleOf(learningRate, (highest) =>
    cosineSchedule({ rate: highest, warmupSteps: Math.floor(steps / 20), totalSteps: steps }),
  );
  const optimizer = new Adam(model.trainableParameters());
  return fitModel(
    {
      model,
      optimizer,
      loss: ({ targets, ...batch }, { random }) => ({
        loss: crossEntropy(model.forward(batch as unknown as TeacherForcedBatch, { random }), targets, {
          labelSmoothing,
          ignoreIndex: IGNORED,
        }),
        weight: countedPositions(targets, IGNORED),
      }),
      data: (epoch) => batches.epoch(epoch),
      batchesPerEpoch: batches.perEpoch,
      learningRate: schedule,
      steps,
      seed,
      clipNorm,
      config: {
        ...(fit.config as object),
        fit: {
          steps,
          batchSize,
          buckets,
          learningRate: rate,
          labelSmoothing,
          clipNorm,
          data: `${pairs.length} pairs, ${hashOf(numbersOf(pairs))}`,
        },
      },
      evaluation,
    },
    options,
  );
}

/** What tells one set of pairs from another, for `hashOf`. */
export function* numbersOf(pairs: readonly IndexedPair[]): Generator<number> {
  for (const { source, target } of pairs) {
    yield* source;
    yield -1;
    yield* target;
    yield -2;
  }
}
