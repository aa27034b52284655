import type { Folder, TrainingEvent } from '@heed/training';
import type { Recipe } from './recipe.ts';

/** What every `fit` takes: its recipe, and how the run is watched, kept and ended. */
export interface FitOptions extends Partial<Recipe> {
  /** Where checkpoints are saved, and from where an interrupted run goes on; a path or a folder. Default: nowhere. */
  readonly checkpoints?: Folder | string;
  /** Save a checkpoint after every so many updates. Default: after every epoch. Aborting saves one in any case. */
  readonly checkpointEverySteps?: number;
  /** Measure on the validation data after every so many updates. Default: after every epoch. */
  readonly evaluateEverySteps?: number;
  /** Stop after so many evaluations in a row without a new best. Default: never. */
  readonly patience?: number;
  /** Whether to end with the weights of the best evaluation. Default: true where `patience` is given. */
  readonly restoreBest?: boolean;
  /** Ends training after the update that runs; what was learned stays. */
  readonly signal?: AbortSignal;
  /** Is told everything that happens, e.g. `progressBar()` of @heed/node. */
  readonly onEvent?: (event: TrainingEvent) => void;
}
