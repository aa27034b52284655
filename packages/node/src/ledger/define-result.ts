import type { DatasetCard } from '@heed/training';
import type { StartedBackend } from '../backend/start-backend.ts';

/** How a figure is written. */
export interface FigureDefinition {
  /** As the literature calls it, e.g. `PER`. */
  readonly name: string;
  /** Written behind the value, e.g. `%`. */
  readonly unit?: string;
  /** After the point. Default 2. */
  readonly digits?: number;
}

export type FigureDefinitions = Readonly<Record<string, FigureDefinition>>;
export type FigureValues<F extends FigureDefinitions> = { readonly [K in keyof F]: number };

/** What `run` of an entry is given. */
export interface ResultContext {
  /** Aborts at Ctrl-C: save a checkpoint and return; the next run is given the same folder. */
  readonly signal: AbortSignal;
  /** The short form: the same path on little data. Its figures are shown, never recorded. */
  readonly quick: boolean;
  readonly seed: number;
  readonly backend: StartedBackend;
  /** Kept until the run is complete; checkpoints belong there. */
  readonly folder: string;
  /**
   * What a part of the run measured, as JSON keeps it: before an interruption, or by `measure` now. Nothing is kept of undefined, which says that it
   * was interrupted.
   *
   * @param name a file's name
   */
  readonly part: <T>(name: string, measure: () => Promise<T>) => Promise<T>;
  /** Writes a line to stdout. */
  readonly print: (text: string) => void;
}

/** What a run measured. */
export interface Measured<F extends FigureDefinitions = FigureDefinitions> {
  readonly ours: FigureValues<F>;
  /** The same figures of what it is compared with. */
  readonly baseline?: FigureValues<F>;
  /** Whatever else is worth keeping, e.g. error rates by length; it goes to the JSON file only. */
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface ResultDefinition<F extends FigureDefinitions> {
  /** What is learnt, on which data. */
  readonly task: string;
  readonly figures: F;
  /** What ours is compared with, measured by the same run. */
  readonly baseline?: string;
  /** The published figures and where they stand. */
  readonly published?: { readonly value: string; readonly source: string };
  /** About how long it takes on two cores with native TensorFlow. */
  readonly minutes: number;
  /** How it is measured: split, preprocessing, model selection, what counts as right. */
  readonly protocol: string;
  /** Default 1. */
  readonly seed?: number;
  /** The data that it uses; their sums are recorded. */
  readonly data: readonly DatasetCard[];
  readonly run: (context: ResultContext) => Promise<Measured<F> | undefined>;
}

/** One entry of the ledger: what `heed results` lists and measures. */
export interface ResultEntry extends Omit<ResultDefinition<FigureDefinitions>, 'seed'> {
  readonly kind: 'result';
  readonly seed: number;
}

/**
 * Declares a ledger entry; the file `packages/<domain>/examples/results/<name>.ts` exports it by default. `heed results
 * <domain>/<name>` runs it, stores what it measured in `<name>.json` beside it and rewrites RESULTS.md.
 *
 * `run` returns undefined when it was interrupted.
 *
 * @example
 * ```ts
 * import { defineResult } from '@heed/node';
 * export default defineResult({
 *   task: 'A coin, thrown by a fair machine',
 *   figures: { heads: { name: 'heads', unit: '%', digits: 1 } },
 *   minutes: 0.1,
 *   protocol: '1,000 throws.',
 *   data: [],
 *   run: async () => ({ ours: { heads: 50.2 } }),
 * });
 * ```
 */
export function defineResult<const F extends FigureDefinitions>(definition: ResultDefinition<F>): ResultEntry {
  return { ...definition, kind: 'result', seed: definition.seed ?? 1 };
}

/** Whether a module's default export is a ledger entry. */
export function isResultEntry(value: unknown): value is ResultEntry {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'result';
}
