import type { TrainingHistory } from '../loop/events.ts';
import type { MonitorState } from '../loop/monitor.ts';

/** Where a run stands, beside its tensors. All randomness follows from the seed and these counts. */
export interface Progress {
  readonly step: number;
  readonly epoch: number;
  /** Batches of the epoch that were used. */
  readonly batch: number;
  /** Batches used since the beginning: the number of the next draw. */
  readonly draws: number;
  /** The epoch's losses so far, summed with their weights. */
  readonly epochLoss: { readonly sum: number; readonly weight: number };
  readonly evaluation: EvaluationProgress | null;
}

/** Where the evaluations of a run stand. */
export interface EvaluationProgress {
  /** The step of the last one, 0 before the first. */
  readonly lastStep: number;
  readonly monitor: MonitorState;
}

/** Where a run stood when a checkpoint was made. */
export interface SavedRun {
  readonly progress: Progress;
  readonly history: TrainingHistory;
}
