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
  type DataLoader,
  type EndEvent,
  type EvaluationOptions,
  type LossFunction,
  type Optimizer,
  type ParameterGroup,
  type Schedule,
  type TrainOptions,
} from '@heed/training';
import type { FitHistory } from './fit-history.ts';
import type { FitOptions } from './fit-options.ts';
import type { Recipe } from './recipe.ts';

/** What a task brings to its training: all input was checked when this is made. */
export interface TrainingPlan<B extends Batch> {
  readonly loss: LossFunction<B>;
  /** The batches of every epoch: a `dataLoader`. */
  readonly data: ((epoch: number) => Batches<B>) & Pick<DataLoader<Batches<B>>, 'perEpoch'>;
  /** What the run is beside config and recipe, as JSON: the data's fingerprint, options of the loss. A checkpoint of another is refused. */
  readonly identity: object;
  /** How the validation data are measured; absent where there are none. */
  readonly evaluation?: Pick<EvaluationOptions, 'run' | 'monitor' | 'goal' | 'ties'> | undefined;
  /** What else changes during the run: saved with checkpoints and restored from them. */
  readonly state?: TrainOptions<B>['state'];
}

export interface ModelFit<B extends Batch> extends TrainingPlan<B> {
  readonly model: Module;
  readonly recipe: Recipe;
  readonly seed: number;
}

/** What AdamW's weight decay leaves alone. */
const UNDECAYED = { match: /(bias|norm\.weight)$/i, weightDecay: 0 } as const satisfies ParameterGroup;

/** Trains a model by a recipe to the end of the run, keeps its history, and frees the optimizer. */
export async function fitModel<B extends Batch>(fit: ModelFit<B>, options: FitOptions): Promise<FitHistory> {
  const { model, recipe, seed, loss, data, identity, evaluation, state } = fit;
  const { checkpoints: folder, checkpointEverySteps, evaluateEverySteps, patience, signal, onEvent } = options;
  const { restoreBest = patience !== undefined } = options;
  const { learningRate, clipNorm, epochs, steps } = recipe;
  const optimizer = optimizerOf(model, recipe);
  const started = performance.now();
  let end: EndEvent | undefined;
  try {
    const events = train({
      model,
      optimizer,
      loss,
      data,
      batchesPerEpoch: data.perEpoch,
      learningRate: scheduleOf(recipe, steps ?? epochs * data.perEpoch),
      ...(steps === undefined ? { epochs } : { steps }),
      seed,
      ...(clipNorm === undefined ? {} : { clipNorm }),
      config: { ...identity, recipe: { ...recipe, learningRate: comparable(learningRate) } },
      evaluation: evaluation && { ...evaluation, everySteps: evaluateEverySteps, patience, restoreBest },
      checkpoints: folder === undefined ? undefined : { folder, everySteps: checkpointEverySteps },
      ...(state && { state }),
      signal,
    });
    for await (const event of events) {
      if (event.type === 'end') end = event;
      onEvent?.(event);
    }
  } finally {
    optimizer.dispose();
  }
  const { reason, step, history } = end!; // a run that does not throw ends with it
  const best = history.evaluations.findLast((measured) => measured.best);
  return {
    reason,
    steps: step,
    losses: history.losses.map((loss, i) => ({ step: i + 1, loss })),
    evaluations: history.evaluations,
    ...(best && { best }),
    seconds: (performance.now() - started) / 1000,
  };
}

function optimizerOf(model: Module, { optimizer, weightDecay, beta2, epsilon }: Recipe): Optimizer {
  const parameters = model.trainableParameters();
  const moments = { ...(beta2 !== undefined && { beta2 }), ...(epsilon !== undefined && { epsilon }) };
  const undecayed = parameters.some(({ name }) => UNDECAYED.match.test(name)); // low-rank additions alone have none
  return optimizer === 'adam'
    ? new Adam(parameters, { weightDecay, ...moments })
    : new AdamW(parameters, { weightDecay, groups: undecayed ? [UNDECAYED] : [], ...moments });
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
