import {
  fitModel,
  resolveRecipe,
  type FitHistory,
  type FitOptions,
  type NextTokenBatches,
  type Recipe,
} from '@heed/tasks';
import { countedPositions, type BatchTensors } from '@heed/training';
import type { WindowBatch } from '@heed/tasks';
import type { Gpt } from '../models/gpt/gpt.ts';

/** nanoGPT's for characters. */
export const languageModelRecipe: Recipe = {
  optimizer: 'adamw',
  learningRate: 0.001,
  schedule: 'cosine',
  warmup: 0.05,
  finalRate: 0.1,
  epochs: 1,
  batchSize: 12,
  clipNorm: 1,
  weightDecay: 0.1,
  beta2: 0.99,
};

export interface LanguageModelFit {
  readonly model: Gpt;
  readonly batches: NextTokenBatches;
  /** Of dropout. */
  readonly seed: number;
}

/**
 * Trains a GPT to tell the next token, by the recipe of `TextGenerator`; batches have the size that they have.
 *
 * @throws if a checkpoint is of another model, recipe or other data
 *
 * @example
 * ```ts
 * import { createGpt, fitLanguageModel, gptPresets, questionBatches, sortingProblems } from '@heed/nlp';
 * const model = createGpt({ ...gptPresets['shakespeare-char'], vocabularySize: 3, maximumLength: 11, layers: 1 }, 7);
 * const batches = questionBatches(sortingProblems({ seed: 1 }).train, { batchSize: 32, seed: 1 });
 * const { losses } = await fitLanguageModel({ model, batches, seed: 1 }, { steps: 5 });
 * losses.length; // 5
 * ```
 */
export function fitLanguageModel(
  { model, batches, seed }: LanguageModelFit,
  options: Omit<FitOptions, 'batchSize' | 'evaluateEverySteps' | 'patience' | 'restoreBest'> = {},
): Promise<FitHistory> {
  const recipe = resolveRecipe('fitLanguageModel', languageModelRecipe, options);
  const identity = { model: model.config, data: batches.fingerprint };
  return fitModel({ model, recipe, seed, data: batches, identity, loss: nextTokenLoss(model) }, options);
}

/** The loss of a batch, which counts as much as it has tokens to be told. */
export function nextTokenLoss(model: Gpt) {
  return (batch: BatchTensors<WindowBatch>, { random }: Parameters<Gpt['loss']>[1] & object) => ({
    loss: model.loss(batch, { random }),
    weight: countedPositions(batch.targets),
  });
}
