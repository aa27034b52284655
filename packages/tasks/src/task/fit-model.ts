import type { Module } from '@heed/attention-core';
import {
  Adam,
  AdamW,
  constantSchedule,
  cosineSchedule,
  linearSchedule,
  train,
  type Batch,
  type Batches,
  type EvaluationOptions,
  type LossFunction,
  type Optimizer,
  type ParameterGroup,
  type Schedule,
} from '@heed/training';
import type { Evaluation, FitHistory } from './fit-history.ts';
import type { FitOptions } from './fit-options.ts';
import type { Recipe } from './recipe.ts';

/** What a task brings to its training: all input was checked when this is made. */
export interface TrainingPlan<B extends Batch> {
  readonly loss: LossFunction<B>;
  /** The batches of an epoch, counted from 0. */
  readonly data: (epoch: number) => Batches<B>;
  /** Number of batches in an epoch. */
  readonly batchesPerEpoch: number;
  /** What the run is beside config and recipe, as JSON: the data's fingerprint, options of the loss. A checkpoint of another is refused. */
  readonly identity: object;
  /** How the validation data are measured; absent where there are none. */
  readonly evaluation?: Pick<EvaluationOptions, 'run' | 'monitor' | 'goal'> | undefined;
}

export interface ModelFit<B extends Batch> extends TrainingPlan<B> {
  readonly model: Module;
  readonly recipe: Recipe;
  readonly seed: number;
}

/** What AdamW's weight decay leaves alone. */
const UNDECAYED: ParameterGroup = { match: /(bias|norm\.weight)$/i, weightDecay: 0 };

/** Trains a model by a recipe to the end of the run, keeps its history, and frees the optimizer. */
export async function fitModel<B extends Batch>(fit: ModelFit<B>, options: FitOptions): Promise<FitHistory> {
  const { model, recipe, seed, loss, data, batchesPerEpoch, identity, evaluation } = fit;
  const { checkpoints: folder, checkpointEverySteps, evaluateEverySteps, patience, signal, onEvent } = options;
  const { restoreBest = patience !== undefined } = options;
  const { learningRate, clipNorm, epochs, steps } = recipe;
  const optimizer = optimizerOf(model, recipe);
  const losses: FitHistory['losses'][number][] = [];
  const evaluations: Evaluation[] = [];
  const started = performance.now();
  let best: Evaluation | undefined;
  let end: Pick<FitHistory, 'reason' | 'steps'> = { reason: 'finished', steps: 0 };
  try {
    const events = train({
      model,
      optimizer,
      loss,
      data,
      batchesPerEpoch,
      learningRate: scheduleOf(recipe, steps ?? epochs * batchesPerEpoch),
      ...(steps === undefined ? { epochs } : { steps }),
      seed,
      ...(clipNorm === undefined ? {} : { clipNorm }),
      config: { ...identity, recipe: { ...recipe, learningRate: comparable(learningRate) } },
      evaluation: evaluation && { ...evaluation, everySteps: evaluateEverySteps, patience, restoreBest },
      checkpoints: folder === undefined ? undefined : { folder, everySteps: checkpointEverySteps },
      signal,
    });
    for await (const event of events) {
      if (event.type === 'start') {
        // SHIM
      }
      if (event.type === 'step') losses.push({ step: event.step, loss: event.loss });
      if (event.type === 'evaluation') {
        const { step, epoch, metrics } = event;
        evaluations.push({ step, epoch, metrics });
        if (event.best) best = { step, epoch, metrics };
      }
      if (event.type === 'end') end = { reason: event.reason, steps: event.step };
      onEvent?.(event);
    }
  } finally {
    optimizer.dispose();
  }
  return { ...end, losses, evaluations, ...(best && { best }), seconds: (performance.now() - started) / 1000 };
}

function optimizerOf(model: Module, { optimizer, weightDecay, beta2 }: Recipe): Optimizer {
  const parameters = model.trainableParameters();
  const moments = beta2 === undefined ? {} : { beta2 };
  return optimizer === 'adam'
    ? new Adam(parameters, { weightDecay, ...moments })
    : new AdamW(parameters, { weightDecay, groups: [UNDECAYED], ...moments });
}

function scheduleOf({ learningRate, schedule, warmup, finalRate = 0 }: Recipe, totalSteps: number): Schedule {
  if (typeof learningRate === 'function') return learningRate;
  const shape = {
    rate: learningRate,
    warmupSteps: Math.floor(warmup * totalSteps),
    totalSteps,
    finalRate: finalRate * learningRate,
  };
  if (schedule === 'linear') return linearSchedule(shape);
  return schedule === 'cosine' ? cosineSchedule(shape) : constantSchedule(shape);
}

/** Schedules cannot be compared with those of a checkpoint. */
function comparable(learningRate: number | Schedule): number | 'schedule' {
  return typeof learningRate === 'number' ? learningRate : 'schedule';
}
