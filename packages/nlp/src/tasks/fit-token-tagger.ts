import { Adam, cosine, type Schedule } from '@heed/training';
import type * as tf from '@tensorflow/tfjs';
import type { TaggedTokens } from '../datasets/tagged-tokens.ts';
import type { BiLstmCrf, SentenceBatch } from '../models/bilstm-crf/bilstm-crf.ts';
import { hashOf } from '../preprocessing/hash-of.ts';
import { SentenceBatches, type IndexedSentence } from '../preprocessing/sentence-batches.ts';
import { fitModel, type FitHistory, type FitRunOptions } from './fit-model.ts';

export interface TokenTaggerFitOptions extends FitRunOptions {
  /** Times that all sentences are seen. Default 30, unless `steps` is given. */
  readonly epochs?: number;
  /** Default 32. */
  readonly batchSize?: number;
  /** How many shapes batches have: more of them pad less and take longer to record. Default 2. */
  readonly buckets?: number;
  /** The highest learning rate of Adam, reached after a twentieth of the run, then lowered along a cosine; or a schedule. Default 0.003. */
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
  readonly model: BiLstmCrf;
  readonly sentences: readonly IndexedSentence[];
  readonly seed: number;
  /** What the tagger is, for checkpoints. */
  readonly config: object;
  readonly validate:
    (() => Promise<{ readonly precision: number; readonly recall: number; readonly f1: number }>) | undefined;
}

/** Trains a tagger by the likelihood of whole sequences of labels. */
export async function fitTokenTagger(fit: TokenTaggerFit, options: TokenTaggerFitOptions): Promise<FitHistory> {
  const { model, sentences, seed, validate } = fit;
  const { batchSize = 32, buckets = 2, clipNorm = 5, learningRate = 0.003, epochs = 30 } = options;
  const batches = new SentenceBatches(sentences, { batchSize, buckets, seed });
  const steps = options.steps ?? epochs * batches.perEpoch;
  const optimizer = new Adam(model.trainableParameters());
  const rate = typeof learningRate === 'number' ? learningRate : 'schedule';
  const run = {
    steps,
    batchSize,
    buckets,
    learningRate: rate,
    clipNorm,
    data: `${sentences.length} sentences, ${hashOf(numbersOf(sentences))}`,
  };
  return fitModel(
    {
      model,
      optimizer,
      loss: ({ labels, ...batch }, { random }) => model.loss(batch as SentenceBatch, labels as tf.Tensor2D, { random }),
      data: (epoch) => batches.epoch(epoch),
      batchesPerEpoch: batches.perEpoch,
      learningRate:
        typeof learningRate === 'number'
          ? cosine({ rate: learningRate, warmupSteps: Math.floor(steps / 20), totalSteps: steps })
          : learningRate,
      ...(options.steps === undefined ? { epochs } : { steps }), // an epoch that steps end is not evaluated
      seed,
      clipNorm,
      config: { ...fit.config, fit: run },
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

function* numbersOf(sentences: readonly IndexedSentence[]): Generator<number> {
  for (const { characters, labels } of sentences) {
    for (const token of characters) {
      yield* token;
      yield -1;
    }
    yield* labels;
  }
}
