import { Module } from '@heed/attention-core';
import type { Batch } from './batch.ts';
import type { TrainOptions } from './options.ts';

/** What a run is, as JSON: a checkpoint of a run that differs is refused. How long it is does not count; schedules cannot be compared. */
export function runConfig<B extends Batch>(options: TrainOptions<B>): Readonly<Record<string, unknown>> {
  const { config, optimizer, average, seed = 0, learningRate, clipNorm, accumulate = 1, evaluation, state } = options;
  return {
    config,
    optimizer: optimizer.config(),
    average: average?.config(),
    seed,
    learningRate: typeof learningRate === 'number' ? learningRate : 'schedule',
    clipNorm,
    accumulate,
    evaluation: evaluation && evaluationConfig(evaluation),
    state: state && Object.fromEntries(Object.entries(state).map(([name, part]) => [name, kindOf(part)])),
  };
}

function evaluationConfig(evaluation: NonNullable<TrainOptions<Batch>['evaluation']>): Record<string, unknown> {
  const { run: _run, monitor = 'loss', goal, everySteps, everyEpochs, ...rest } = evaluation;
  const { ties = false, minimumChange = 0, restoreBest = false, patience } = rest;
  return {
    monitor,
    goal: goal ?? (typeof monitor === 'string' ? 'min' : undefined),
    everySteps,
    everyEpochs: everyEpochs ?? (everySteps === undefined ? 1 : undefined),
    ties,
    minimumChange,
    restoreBest,
    patience,
  };
}

function kindOf(part: object): string {
  return part instanceof Module ? 'module' : 'part';
}
