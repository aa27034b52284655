import { Adam, AdamW, cosineSchedule, type Schedule } from '@heed/training';
import type { TaggedTokens } from '../datasets/tagged-tokens.ts';
import { fitModel, scheduleOf, UNDECAYED, type FitHistory, type FitRunOptions } from './fit-model.ts';
import type { LabelledRead, TaggerReader } from './tagger-reader.ts';

export interface TokenTaggerFitOptions extends FitRunOptions {
  /** Times that all sentences are seen. Default 30, and 4 on published weights, unless `steps` is given. */
  readonly epochs?: number;
  /** Default 32. */
  readonly batchSize?: number;
  /** How many shapes batches have: more of them pad less and take longer to record. Default 2. */
  readonly buckets?: number;
  /**
   * The highest learning rate, reached after a twentieth of the run, then lowered along a cosine; or a schedule. Default 0.003 with Adam; 0.00005
   * on published weights, with AdamW and a weight decay of 0.01.
   */
  readonly learningRate?: number | Schedule;
  /** Gradients are scaled down to this norm. Default 5. */
  readonly clipNorm?: number;
  /** What becomes of a sentence of more than `maximumTokens` tokens. Default 'error'. */
  readonly truncation?: 'error' | 'end';
  /** Sentences to measure on after every epoch: the history gets their precision, recall and F1 by entity. */
  readonly validation?: readonly TaggedTokens[];
  /** End after so many epochs without a better F1 on the validation sentences. Default: never. */
  readonly patience?: number;
}

export interface TokenTaggerFit {
  readonly reader: TaggerReader;
  readonly sentences: readonly LabelledRead[];
  readonly seed: number;
  /** What the tagger and its data are, for checkpoints. */
  readonly config: object;
  readonly validate:
    (() => Promise<{ readonly precision: number; readonly recall: number; readonly f1: number }>) | undefined;
}

/** Trains a tagger. */
export async function fitTokenTagger(fit: TokenTaggerFit, options: TokenTaggerFitOptions): Promise<FitHistory> {
  const { reader, sentences, seed, validate } = fit;
  const published = reader.begins === 'published';
  const { batchSize = 32, buckets = 2, clipNorm = 5, epochs = published ? 4 : 30 } = options;
  const { learningRate = published ? 5e-5 : 0.003 } = options;
  const batches = reader.batches(sentences, { batchSize, buckets, seed });
  const steps = options.steps ?? epochs * batches.perEpoch;
  const parameters = reader.model.trainableParameters();
  const optimizer = published
    ? new AdamW(parameters, { weightDecay: 0.01, groups: [UNDECAYED] })
    : new Adam(parameters);
  const { schedule, rate } = scheduleOf(learningRate, (highest) =>
    cosineSchedule({ rate: highest, warmupSteps: Math.floor(steps / 20), totalSteps: steps }),
  );
  return fitModel(
    {
      model: reader.model,
      optimizer,
      loss: (batch, { random }) => reader.loss(batch, { random }),
      data: (epoch) => batches.epoch(epoch),
      batchesPerEpoch: batches.perEpoch,
      learningRate: schedule,
      ...(options.steps === undefined ? { epochs } : { steps }), // an epoch that steps end is not evaluated
      seed,
      clipNorm,
      config: { ...fit.config, fit: { steps, batchSize, buckets, learningRate: rate, clipNorm } },
      evaluation: validate && {
        run: async () => {
          const { precision, recall, f1 } = await validate();
          return { precision, recall, f1 };
        },
        monitor: 'f1',
        goal: 'max',
        patience: options.patience,
      },
    },
    options,
  );
}
