import { requireIntegers, type Module, type RandomStream } from '@heed/attention-core';
import type * as tf from '@tensorflow/tfjs';
import { OWN_FILES } from '../checkpoints/own-files.ts';
import type { StatefulPart } from '../checkpoints/stateful-part.ts';
import type { Folder } from '../folders/folder.ts';
import type { Optimizer } from '../optimizers/optimizer.ts';
import type { WeightAverage } from '../optimizers/weight-average.ts';
import type { Schedule } from '../schedules/schedule.ts';
import type { Batch, Batches, BatchTensors } from './batch.ts';

/** What a loss function is given beside the batch. */
export interface LossContext {
  /** Dropout and sampling draw from it: other numbers at every step, the same ones in every run under the same seed. */
  readonly random: RandomStream;
}

/**
 * A scalar; or the scalar with others by name, which appear in the step events. `weight`, e.g. a number of tokens, is how much a batch counts
 * in a mean over several: with gradient accumulation and in the epoch's mean loss.
 */
export type LossResult =
  tf.Tensor | ({ readonly loss: tf.Tensor; readonly weight?: tf.Tensor } & { readonly [metric: string]: tf.Tensor });

/** The loss of a batch, from tensor operations only (it is recorded and replayed where the backend can). */
export type LossFunction<B extends Batch> = (batch: BatchTensors<B>, context: LossContext) => LossResult;

/** A metric that decides which state is the best, and whether less of it is better or more. */
export interface MonitoredMetric {
  readonly metric: string;
  readonly goal: 'min' | 'max';
}

export interface EvaluationOptions {
  /**
   * Measures the model, e.g. on held-out data. It is called as the options below say, and once more after the last step where that was not
   * measured yet.
   */
  readonly run: (context: {
    readonly step: number;
    /** The epoch in which, or after which, the evaluation takes place. */
    readonly epoch: number;
  }) => Readonly<Record<string, number>> | Promise<Readonly<Record<string, number>>>;
  /** Evaluate after every so many steps. */
  readonly everySteps?: number | undefined;
  /** Evaluate after every so many epochs. Default 1, unless `everySteps` is given. */
  readonly everyEpochs?: number;
  /**
   * The metric that decides which state is the best. Of several metrics, a new best of any keeps early stopping away, and the best state is
   * the last in which all of them reached one. Default 'loss'.
   */
  readonly monitor?: string | readonly MonitoredMetric[];
  /** Whether less of the one monitored metric is better or more. Default 'min'. */
  readonly goal?: 'min' | 'max' | undefined;
  /** Whether a value equal to the best counts as a new best. Default false. */
  readonly ties?: boolean;
  /** Stop after so many evaluations in a row without a new best. Default: never. */
  readonly patience?: number | undefined;
  /** A new best must be better by more than this (with `ties`, by at least this). Default 0. */
  readonly minimumChange?: number;
  /**
   * Put the weights and buffers of the best evaluation back into the model when training ends. After an abort with checkpoints, the run being
   * unfinished, the model keeps its last weights, and the resumed run ends with the best ones. Default false.
   */
  readonly restoreBest?: boolean;
}

export interface CheckpointOptions {
  /** A path string works where something understands paths: see `openFolder`. */
  readonly folder: Folder | string;
  /** Save after every so many steps. */
  readonly everySteps?: number | undefined;
  /** Save after every so many epochs. Default 1, unless `everySteps` is given. */
  readonly everyEpochs?: number;
  /** How many of the newest checkpoints are kept. Default 2. */
  readonly keepLast?: number;
  /** Save at a new best evaluation too, and keep that one. Default false. */
  readonly keepBest?: boolean;
  /** Go on from the newest whole checkpoint in the folder, if there is one. Default true. */
  readonly resume?: boolean;
  /** Further files of every checkpoint, texts or bytes by name: config.json, a tokenizer. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** What a failed save does: end the training with its error, or only a `checkpoint-failed` event. Default 'throw'. */
  readonly onError?: 'throw' | 'continue';
}

export interface TrainOptions<B extends Batch> {
  readonly model: Module;
  /** Made by the caller over the model's parameters, and the caller's to dispose. */
  readonly optimizer: Optimizer;
  readonly loss: LossFunction<B>;
  /** The batches of an epoch, counted from 0. The same epoch must give the same batches again, or resuming cannot be exact. */
  readonly data: (epoch: number) => Batches<B> | Promise<Batches<B>>;
  /** Averages the weights over the steps; evaluations use the average. Made by the caller, and the caller's to dispose. */
  readonly average?: WeightAverage;
  /** A constant, or a schedule over steps. */
  readonly learningRate: number | Schedule;
  /** Stop after so many epochs. One of `epochs` and `steps` must be given. */
  readonly epochs?: number;
  /** Stop after so many steps (updates). */
  readonly steps?: number;
  /** How many batches an epoch has, where that is known: lets events tell the total. Found out by itself where what `data` gives has a length. */
  readonly batchesPerEpoch?: number;
  /** Seeds all randomness of the loss function. Default 0. */
  readonly seed?: number;
  /** Scale gradients down to this global norm where they exceed it. Default: no clipping. */
  readonly clipNorm?: number;
  /** Batches per update. Default 1. */
  readonly accumulate?: number;
  readonly evaluation?: EvaluationOptions | undefined;
  readonly checkpoints?: CheckpointOptions | undefined;
  /**
   * What the run is, as JSON (the model's config …): saved with checkpoints; one made under another is refused, but for more `epochs` or
   * `steps` in `config`, `config.fit` or `config.recipe`.
   */
  readonly config?: unknown;
  /** What else changes during the run, by name: saved with checkpoints and restored from them. */
  readonly state?: Readonly<Record<string, StatefulPart | Module>>;
  /** Ends the training after the current step, with a checkpoint if there are any. */
  readonly signal?: AbortSignal | undefined;
  /** Let XLA compile the step: slower to start, sometimes faster. Default false. */
  readonly xla?: boolean;
}

/** @throws if an option is out of range, naming it and its value */
export function checkTrainOptions<B extends Batch>(options: TrainOptions<B>): void {
  const { evaluation, checkpoints } = options;
  if (options.epochs === undefined && options.steps === undefined) {
    throw new Error('train: one of epochs and steps must be given, got neither');
  }
  const counts = {
    epochs: options.epochs,
    steps: options.steps,
    batchesPerEpoch: options.batchesPerEpoch,
    accumulate: options.accumulate,
    'evaluation.everySteps': evaluation?.everySteps,
    'evaluation.everyEpochs': evaluation?.everyEpochs,
    'evaluation.patience': evaluation?.patience,
    'checkpoints.everySteps': checkpoints?.everySteps,
    'checkpoints.everyEpochs': checkpoints?.everyEpochs,
    'checkpoints.keepLast': checkpoints?.keepLast,
  };
  for (const [name, count] of Object.entries(counts)) {
    if (count !== undefined) requireIntegers('train', { [name]: count });
  }
  if (options.clipNorm !== undefined && !(options.clipNorm > 0)) {
    throw new Error(`train: clipNorm must be positive, got ${options.clipNorm}`);
  }
  if (typeof options.learningRate === 'number' && !(options.learningRate >= 0 && options.learningRate < Infinity)) {
    throw new Error(`train: learningRate must be a number of at least 0, got ${options.learningRate}`);
  }
  for (const name of Object.keys(options.state ?? {})) {
    if (!/^[\w-]+$/.test(name))
      throw new Error(`train: the names in state must be of letters, digits, _ and -, got "${name}"`);
  }
  const reserved = Object.keys(checkpoints?.files ?? {}).find((name) => isOwnFile(name));
  if (reserved !== undefined)
    throw new Error(`train: checkpoints.files must not be called as a checkpoint's own, got ${reserved}`);
  if (checkpoints?.keepBest === true && evaluation === undefined) {
    throw new Error('train: checkpoints.keepBest needs an evaluation, got none');
  }
}

/** Whether a checkpoint writes a file of that name itself: some file systems do not tell upper case from lower. */
function isOwnFile(name: string): boolean {
  const lower = name.toLowerCase();
  const ownFiles: readonly string[] = Object.values(OWN_FILES);
  return (
    ownFiles.includes(lower) ||
    /^(model|optimizer|average|best|state\.[^/]*)(-\d{5}-of-\d{5})?\.safetensors(\.index\.json)?$/.test(lower)
  );
}
