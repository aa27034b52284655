import type { SavedFiles, TaskFiles, TaskParts } from '@heed/tasks';
import { parseConfig } from '@heed/training';
import { z } from 'zod';
import { SplitConformal } from '../../intervals/split-conformal.ts';
import { StandardScaler } from '../../scaling/standard-scaler.ts';
import type { Series } from '../../table/series-table.ts';
import { createForecastModel, type ColumnNames, type ForecastModel } from './architectures.ts';
import type { ForecasterConfig } from './forecaster-config.ts';
import { readHistory, writeHistory } from './held-history.ts';
import type { Scales } from './window-reader.ts';

/** What a fit finds out beside the weights; a further fit replaces it, `update` moves it on. */
export interface Learned {
  readonly scales: Scales;
  readonly history: readonly Series[];
  readonly conformal: SplitConformal;
  /** On the validation windows. */
  readonly skill: number;
}

export interface ForecasterParts extends TaskParts {
  readonly model: ForecastModel;
  readonly names: ColumnNames;
  readonly state: { learned?: Learned };
}

const standard = z.object({ mean: z.number(), deviation: z.number().positive() });
const texts = z.array(z.string());
const schema = z.object({
  names: z.object({ targets: texts.min(1), pastOnly: texts, knownFuture: texts }),
  standards: z.record(z.string(), z.array(standard)),
  columns: z.record(z.string(), standard),
  skill: z.number().nullable(),
});
const HISTORY = 'history.json';
const ERRORS = 'errors.f32';

/** What is saved beside the weights. @throws if there is nothing learned yet */
export function describeParts({ names, state }: ForecasterParts): TaskFiles {
  const { scales, history, conformal, skill } = requireLearned(state, 'save');
  const saved = { names, standards: scales.scaler.state(), columns: scales.columns, skill };
  const errors = new Uint8Array(conformal.state().buffer);
  return { state: saved, files: { [HISTORY]: writeHistory(history), [ERRORS]: errors } };
}

/** Parts as `describeParts` wrote them, but the weights. @throws if they are not */
export function restoreParts(config: ForecasterConfig, { state, files }: SavedFiles): ForecasterParts {
  const { names, standards, columns, skill } = parseConfig('Forecaster.load', schema, state);
  const errors = new Float32Array(files[ERRORS].slice().buffer);
  const learned = {
    scales: { scaler: StandardScaler.restore(standards), columns },
    history: readHistory(new TextDecoder().decode(files[HISTORY]), names),
    conformal: SplitConformal.restore(errors, config.levels),
    skill: skill ?? NaN,
  };
  return { model: createForecastModel(config, names), names, state: { learned } };
}

/** @throws if a fit failed before intervals were calibrated */
export function requireLearned({ learned }: ForecasterParts['state'], method: string): Learned {
  if (learned !== undefined) return learned;
  throw new Error(`Forecaster.${method}: must come after a fit() that was calibrated, got one that failed on the way`);
}
