import {
  train,
  type Batch,
  type Folder,
  type ParameterGroup,
  type Schedule,
  type TrainingEvent,
  type TrainOptions,
} from '@heed/training';

/** What every `fit` takes. */
export interface FitRunOptions {
  /** Updates. */
  readonly steps?: number;
  /** Where checkpoints are saved, and from where an interrupted run goes on; a path or a folder. Default: nowhere. */
  readonly checkpoints?: Folder | string;
  /** A checkpoint every so many steps. Default: every epoch. Aborting saves one in any case. */
  readonly checkpointEverySteps?: number;
  /** Ends training after the step that runs. */
  readonly signal?: AbortSignal;
  /** Told everything that happens, e.g. `progressBar()` of @heed/node. */
  readonly onEvent?: (event: TrainingEvent) => void;
}

/** How a training went. */
export interface FitHistory {
  /** Why it ended: all steps were done, the signal aborted, or the validation did not improve. */
  readonly reason: 'finished' | 'aborted' | 'stopped-early';
  /** Updates since the beginning, those before a resume included. */
  readonly steps: number;
  /** The loss of every step of this run. */
  readonly losses: readonly { readonly step: number; readonly loss: number }[];
  readonly evaluations: readonly { readonly step: number; readonly metrics: Readonly<Record<string, number>> }[];
  /** Of this run. */
  readonly seconds: number;
}

/** What AdamW's weight decay leaves alone. */
export const UNDECAYED: ParameterGroup = { match: /(bias|norm\.weight)$/i, weightDecay: 0 };

/**
 * A highest learning rate as the schedule that leads up to it and down again, or a schedule as it is; and what a checkpoint's config says of it,
 * where schedules cannot be compared.
 */
export function scheduleOf(
  learningRate: number | Schedule,
  around: (rate: number) => Schedule,
): { readonly schedule: Schedule; readonly rate: number | 'schedule' } {
  return typeof learningRate === 'number'
    ? { schedule: around(learningRate), rate: learningRate }
    : { schedule: learningRate, rate: 'schedule' };
}

/** Runs a training to its end and keeps what it was like; every event is passed on, and the optimizer is disposed of. */
export async function fitModel<B extends Batch>(
  training: Omit<TrainOptions<B>, 'checkpoints' | 'signal'>,
  { checkpoints: folder, checkpointEverySteps: everySteps, signal, onEvent }: FitRunOptions,
): Promise<FitHistory> {
  const started = performance.now();
  const losses: FitHistory['losses'][number][] = [];
  const evaluations: FitHistory['evaluations'][number][] = [];
  let end: Pick<FitHistory, 'reason' | 'steps'> = { reason: 'finished', steps: 0 };
  const checkpoints = folder === undefined ? undefined : { folder, everySteps };
  try {
    for await (const event of train({ ...training, checkpoints, signal })) {
      if (event.type === 'step') losses.push({ step: event.step, loss: event.loss });
      if (event.type === 'evaluation') evaluations.push({ step: event.step, metrics: event.metrics });
      if (event.type === 'end') end = { reason: event.reason, steps: event.step };
      onEvent?.(event);
    }
  } finally {
    training.optimizer.dispose();
  }
  return { ...end, losses, evaluations, seconds: (performance.now() - started) / 1000 };
}
