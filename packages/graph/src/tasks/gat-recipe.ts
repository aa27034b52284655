import type { Recipe } from '@heed/tasks';

/** How GAT's authors train: Adam, an L2 penalty, no schedule. */
export const gatRecipe: Omit<Recipe, 'batchSize'> = {
  optimizer: 'adam',
  learningRate: 0.005,
  schedule: 'constant',
  warmup: 0,
  epochs: 1000,
  weightDecay: 5e-4,
};

/** Their `patience`, where there is something to validate on. */
export const PATIENCE = 100;
