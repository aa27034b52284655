import { AdamW, linearSchedule, type Schedule } from '@heed/training';
import type { AnswerBatch, BertQuestionAnswering } from '../models/bert/bert-question-answering.ts';
import { AnswerBatches, type AnsweredWindow } from '../preprocessing/answer-batches.ts';
import { fitModel, scheduleOf, UNDECAYED, type FitHistory, type FitRunOptions } from './fit-model.ts';

export interface QuestionAnswererFitOptions extends FitRunOptions {
  /** Times that all questions are seen. Default 2, unless `steps` is given. */
  readonly epochs?: number;
  /** Default 16. */
  readonly batchSize?: number;
  /** How many shapes batches have: more of them pad less and take longer to record. Default 2. */
  readonly buckets?: number;
  /** The highest learning rate of AdamW, reached after a tenth of the run, then lowered in a line; or a schedule. Default 0.00003. */
  readonly learningRate?: number | Schedule;
  /** Share of each matrix that is taken away per update, times the learning rate; biases and norms are left alone. Default 0.01. */
  readonly weightDecay?: number;
  /** Gradients are scaled down to this norm. Default 1. */
  readonly clipNorm?: number;
  /** As in `AnswerOptions`. Default 128, and at most half of the room. */
  readonly stride?: number;
}

export interface QuestionAnswererFit {
  readonly model: BertQuestionAnswering;
  readonly windows: readonly AnsweredWindow[];
  readonly seed: number;
  /** What the model and its data are, for checkpoints. */
  readonly config: object;
}

/** Trains a model to point at answers. */
export async function fitQuestionAnswerer(
  { model, windows, seed, config }: QuestionAnswererFit,
  options: QuestionAnswererFitOptions,
): Promise<FitHistory> {
  const { batchSize = 16, buckets = 2, learningRate = 3e-5, weightDecay = 0.01, clipNorm = 1 } = options;
  const batches = new AnswerBatches(windows, { batchSize, buckets, seed });
  const steps = options.steps ?? (options.epochs ?? 2) * batches.perEpoch;
  const { schedule, rate } = scheduleOf(learningRate, (highest) =>
    linearSchedule({ rate: highest, warmupSteps: Math.floor(steps / 10), totalSteps: steps }),
  );
  return fitModel(
    {
      model,
      optimizer: new AdamW(model.trainableParameters(), { weightDecay, groups: [UNDECAYED] }),
      loss: (batch, { random }) => model.loss(batch as unknown as AnswerBatch, { random }),
      data: (epoch) => batches.epoch(epoch),
      batchesPerEpoch: batches.perEpoch,
      learningRate: schedule,
      steps,
      seed,
      clipNorm,
      config: { ...config, fit: { steps, batchSize, buckets, learningRate: rate, weightDecay, clipNorm } },
    },
    options,
  );
}
