import { AdamW, cosineSchedule, countedPositions, type EvaluationOptions, type Schedule } from '@heed/training';
import type { Gpt, NextTokenBatch } from '../models/gpt/gpt.ts';
import type { NextTokenBatches } from '../preprocessing/text-windows.ts';
import { fitModel, scheduleOf, UNDECAYED, type FitHistory, type FitRunOptions } from './fit-model.ts';

/** How a language model is trained; the defaults are nanoGPT's for characters. */
export interface FitLanguageModelOptions extends FitRunOptions {
  /** Times that as much is seen as there is. Default 1, unless `steps` is given. */
  readonly epochs?: number;
  /**
   * The highest learning rate of AdamW, reached after 100 steps or a twentieth of the run, whichever is less, then lowered to a tenth along a
   * cosine; or a schedule. Default 0.001.
   */
  readonly learningRate?: number | Schedule;
  /** Weight decay of all matrices. Default 0.1. */
  readonly weightDecay?: number;
  /** Gradients are scaled down to this norm. Default 1. */
  readonly clipNorm?: number;
}

export interface LanguageModelFit {
  readonly model: Gpt;
  readonly batches: NextTokenBatches;
  /** Of dropout. */
  readonly seed: number;
  /** What the model is, for checkpoints. */
  readonly config?: object;
  /** What is measured meanwhile. */
  readonly evaluation?: EvaluationOptions | undefined;
}

/**
 * Trains a GPT to tell the next token.
 *
 * @throws if a checkpoint is of another config or other data
 *
 * @example
 * ```ts
 * import { createGpt, fitLanguageModel, gptPresets, QuestionBatches, sortingProblems } from '@heed/nlp';
 * const model = createGpt({ ...gptPresets['shakespeare-char'], vocabularySize: 3, maximumLength: 11, layers: 1 }, 7);
 * const batches = new QuestionBatches(sortingProblems({ seed: 1 }).train, { batchSize: 32, seed: 1 });
 * const { losses } = await fitLanguageModel({ model, batches, seed: 1 }, { steps: 5 });
 * losses.length; // 5
 * ```
 */
export async function fitLanguageModel(fit: LanguageModelFit, options: FitLanguageModelOptions): Promise<FitHistory> {
  const { model, batches, seed, evaluation } = fit;
  const { learningRate = 0.001, weightDecay = 0.1, clipNorm = 1 } = options;
  const steps = options.steps ?? (options.epochs ?? 1) * batches.perEpoch;
  const warmupSteps = Math.min(100, Math.floor(steps / 20));
  const { schedule, rate } = scheduleOf(learningRate, (highest) =>
    cosineSchedule({ rate: highest, warmupSteps, totalSteps: steps, finalRate: highest / 10 }),
  );
  const optimizer = new AdamW(model.trainableParameters(), {
    beta2: 0.99,
    weightDecay,
    groups: [UNDECAYED],
  });
  return fitModel(
    {
      model,
      optimizer,
      loss: (batch, { random }) => ({
        loss: model.loss(batch as unknown as NextTokenBatch, { random }),
        weight: countedPositions(batch.targets),
      }),
      data: (epoch) => batches.epoch(epoch),
      batchesPerEpoch: batches.perEpoch,
      learningRate: schedule,
      steps,
      seed,
      clipNorm,
      config: {
        ...fit.config,
        fit: {
          steps,
          learningRate: rate,
          weightDecay,
          clipNorm,
          data: batches.fingerprint,
        },
      },
      evaluation,
    },
    options,
  );
}
