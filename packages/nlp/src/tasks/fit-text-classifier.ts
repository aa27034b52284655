import { AdamW, crossEntropy, linearSchedule, type Schedule } from '@heed/training';
import type { LabelledText } from '../datasets/labelled-text.ts';
import { BucketGroups } from '../preprocessing/bucket-groups.ts';
import type { ClassifierModel } from './classifier-model.ts';
import type { ReadText } from './document-encoder.ts';
import { fitModel, scheduleOf, UNDECAYED, type FitHistory, type FitRunOptions } from './fit-model.ts';

export interface TextClassifierFitOptions extends FitRunOptions {
  /** Times that all texts are seen. Default 3, unless `steps` is given. */
  readonly epochs?: number;
  /** Default 32. */
  readonly batchSize?: number;
  /** How many shapes batches have: more of them pad less and take longer to record. Default 4. */
  readonly buckets?: number;
  /**
   * The highest learning rate of AdamW, reached after a tenth of the run, then lowered in a line; or a schedule. Default 0.00005 for published
   * weights, 0.001 for additions to them and for what begins anew.
   */
  readonly learningRate?: number | Schedule;
  /** Share of each matrix that is taken away per update, times the learning rate; biases and norms are left alone. Default 0.01. */
  readonly weightDecay?: number;
  /** Gradients are scaled down to this norm. Default 1. */
  readonly clipNorm?: number;
  /** What becomes of a text of more than `maximumTokens` tokens, as in `PredictOptions`. Default 'error'. */
  readonly truncation?: 'error' | 'end' | 'middle';
  /** Texts to measure on after every epoch: the history gets their loss and accuracy. */
  readonly validation?: readonly LabelledText[];
  /** End after so many epochs without a better accuracy on the validation texts. Default: never. */
  readonly patience?: number;
}

export interface TextClassifierFit {
  readonly model: ClassifierModel;
  readonly texts: readonly ReadText[];
  /** The index of each text's label. */
  readonly labels: readonly number[];
  readonly seed: number;
  /** Whether the trained weights are published ones, which are changed with care. */
  readonly begins: 'published' | 'anew';
  /** What the classifier and its data are, for checkpoints. */
  readonly config: object;
  readonly validate: (() => Promise<{ readonly loss: number; readonly accuracy: number }>) | undefined;
}

/** Trains a classifier by cross-entropy. */
export async function fitTextClassifier(
  fit: TextClassifierFit,
  options: TextClassifierFitOptions,
): Promise<FitHistory> {
  const { model, texts, labels, seed, validate } = fit;
  const { batchSize = 32, buckets = 4, weightDecay = 0.01, clipNorm = 1 } = options;
  const { learningRate = fit.begins === 'published' ? 5e-5 : 1e-3 } = options;
  const groups = new BucketGroups(
    'TextClassifier.fit',
    texts.map(({ size }) => size),
    { batchSize, seed, buckets },
  );
  const steps = options.steps ?? (options.epochs ?? 3) * groups.perEpoch;
  const optimizer = new AdamW(model.trainableParameters(), { weightDecay, groups: [UNDECAYED] });
  const { schedule, rate } = scheduleOf(learningRate, (highest) =>
    linearSchedule({ rate: highest, warmupSteps: Math.floor(steps / 10), totalSteps: steps }),
  );
  return fitModel(
    {
      model,
      optimizer,
      loss: ({ labels: expected, ...batch }, { random }) => crossEntropy(model.forward(batch, { random }), expected),
      data: (epoch) =>
        groups.batches(epoch, ({ members, bucket }) => ({
          ...model.encoder.batch(
            members.map((index) => texts[index]),
            groups.bounds[bucket],
          ),
          labels: { data: Int32Array.from(members, (index) => labels[index]), shape: [members.length] },
        })),
      learningRate: schedule,
      steps,
      seed,
      clipNorm,
      config: { ...fit.config, fit: { steps, batchSize, buckets, learningRate: rate, weightDecay, clipNorm } },
      evaluation: validate && {
        run: async () => {
          const { loss, accuracy } = await validate();
          return { loss, accuracy };
        },
        monitor: 'accuracy',
        goal: 'max',
        patience: options.patience,
      },
    },
    options,
  );
}
