/** What `train()` yields. Progress bars, logs, plots and histories are consumers of these; the library itself prints nothing. */
export type TrainingEvent =
  | StartEvent
  | RecordingEvent
  | StepEvent
  | EvaluationEvent
  | EpochEvent
  | CheckpointEvent
  | CheckpointFailedEvent
  | EndEvent;

export interface StartEvent {
  readonly type: 'start';
  /** The step from which training goes on: 0, or the checkpoint's. */
  readonly step: number;
  /** Absent where the data's length is not known. */
  readonly totalSteps?: number;
  /** Number of scalar weights that are trained. */
  readonly parameters: number;
  /** Name of the checkpoint from which training goes on; absent at a fresh start. */
  readonly resumedFrom?: string;
  /** Checkpoints that were passed over because they are damaged, with the reason. */
  readonly damaged: Readonly<Record<string, string>>;
  /** What the run was like up to here; empty at a fresh start. */
  readonly history: TrainingHistory;
}

/** A compiled step was recorded: the next call with the same shapes replays it. */
export interface RecordingEvent {
  readonly type: 'recording';
  readonly step: number;
  readonly milliseconds: number;
  /** The TensorFlow operations in one recorded step. */
  readonly operations: number;
}

export interface StepEvent {
  readonly type: 'step';
  /** Steps done, counted from 1. */
  readonly step: number;
  readonly totalSteps?: number;
  readonly epoch: number;
  readonly loss: number;
  /** What the loss function gave beside the loss. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly learningRate: number;
  /** Global norm of the gradients, before clipping. */
  readonly gradientNorm: number;
  /** Examples in this batch (words, images, …). */
  readonly examples: number;
  readonly milliseconds: number;
}

export interface EvaluationEvent {
  readonly type: 'evaluation';
  readonly step: number;
  readonly epoch: number;
  readonly metrics: Readonly<Record<string, number>>;
  /** Whether the monitored metrics are the best so far. */
  readonly best: boolean;
}

export interface EpochEvent {
  readonly type: 'epoch';
  readonly epoch: number;
  readonly step: number;
  /** Mean loss over the epoch's batches, weighted where the loss function gives weights. */
  readonly loss: number;
}

export interface CheckpointEvent {
  readonly type: 'checkpoint';
  readonly step: number;
  readonly name: string;
}

/** A save failed and training goes on, as `checkpoints.onError: 'continue'` asks. */
export interface CheckpointFailedEvent {
  readonly type: 'checkpoint-failed';
  readonly step: number;
  readonly error: Error;
}

export interface EndEvent {
  readonly type: 'end';
  readonly step: number;
  readonly reason: 'finished' | 'aborted' | 'stopped-early';
  /** What the run was like, from its first step on. */
  readonly history: TrainingHistory;
}

/** What a run was like from its first step on, the parts before a resume included. */
export interface TrainingHistory {
  /** The loss of every step, the first step's first. */
  readonly losses: readonly number[];
  /** Of every whole epoch. */
  readonly epochs: ReadonlyArray<Omit<EpochEvent, 'type'>>;
  readonly evaluations: ReadonlyArray<Omit<EvaluationEvent, 'type'>>;
}
