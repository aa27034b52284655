import {
  Adam,
  cosine,
  countedPositions,
  crossEntropy,
  openFolder,
  train,
  type EvaluationOptions,
  type Folder,
  type Schedule,
  type TrainingEvent,
} from '@heed/training';
import type { SequenceModel, TeacherForcedBatch } from '../decoding/sequence-model.ts';
import { IGNORED, SequenceBatches, type IndexedPair } from '../preprocessing/sequence-batches.ts';
import { fitHistory, type FitHistory } from './fit-history.ts';

/** How a sequence-to-sequence model is trained. */
export interface FitOptions {
  /** Times that all data are seen. Default 10, unless `steps` is given. */
  readonly epochs?: number;
  /** Updates. */
  readonly steps?: number;
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
  /** Where checkpoints are saved, and from where an interrupted run goes on; a path or a folder. Default: nowhere. */
  readonly checkpoints?: Folder | string;
  /** A checkpoint every so many steps. Default: every epoch. Aborting saves one in any case. */
  readonly checkpointEverySteps?: number;
  /** Ends training after the step that runs. */
  readonly signal?: AbortSignal;
  /** Told everything that happens, e.g. `progressBar()` of @heed/node. */
  readonly onEvent?: (event: TrainingEvent) => void;
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
  const {
    batchSize = 128,
    buckets = 6,
    learningRate = 0.002,
    labelSmoothing = 0.1,
    clipNorm = 2,
    signal,
    onEvent,
  } = options;
  const batches = new SequenceBatches(pairs, { batchSize, seed, start, end, buckets });
  const steps = options.steps ?? (options.epochs ?? 10) * batches.perEpoch;
  const schedule =
    typeof learningRate === 'number'
      ? cosine({ rate: learningRate, warmupSteps: Math.floor(steps / 20), totalSteps: steps })
      : learningRate;
  const optimizer = new Adam(model.trainableParameters());
  try {
    const events = train({
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
          learningRate: typeof learningRate === 'number' ? learningRate : 'schedule',
          labelSmoothing,
          clipNorm,
          data: fingerprint(pairs),
        },
      },
      ...(signal === undefined ? {} : { signal }),
      ...(evaluation === undefined ? {} : { evaluation }),
      ...(options.checkpoints === undefined
        ? {}
        : {
            checkpoints: {
              folder: openFolder(options.checkpoints),
              ...(options.checkpointEverySteps === undefined ? {} : { everySteps: options.checkpointEverySteps }),
            },
          }),
    });
    return await fitHistory(events, onEvent);
  } finally {
    optimizer.dispose();
  }
}

/** Tells data apart: their number and a hash of all indices, so that a checkpoint is not continued on other data. */
function fingerprint(pairs: readonly IndexedPair[]): string {
  let hash = 0x811c9dc5; // FNV-1a
  const add = (value: number) => (hash = Math.imul(hash ^ value, 0x01000193) >>> 0);
  for (const { source, target } of pairs) {
    for (const index of source) add(index);
    add(-1);
    for (const index of target) add(index);
    add(-2);
  }
  return `${pairs.length} pairs, ${hash.toString(16).padStart(8, '0')}`;
}
