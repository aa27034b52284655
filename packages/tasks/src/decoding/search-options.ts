import { requireIntegers } from '@heed/attention-core';
import type { Run } from '../compiled/run.ts';

/** What every search needs to know. */
export interface SearchOptions {
  /** The symbol before the first. */
  readonly start: number;
  /** The symbol after the last. */
  readonly end: number;
  /** Searching stops after so many symbols, the end included: of every source, or of each. */
  readonly maximumLength: number | readonly number[];
  /** Symbols that the model's state has room for, at least `maximumLength`: the same for all searches that shall share recordings. */
  readonly room?: number;
  /** Runs the steps. Default: as they are written. */
  readonly run?: Run;
  /** Ends the search between two symbols; it then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** A target that a search found. */
export interface Hypothesis {
  /** Without start and end. */
  readonly symbols: readonly number[];
  /** ln p of the symbols and of the end. */
  readonly logProbability: number;
  /** What hypotheses are ranked by. */
  readonly score: number;
  /** False where `maximumLength` came before the end. */
  readonly ended: boolean;
}

/** The limit of each source. @throws unless there is one for each, an integer of at least 1 */
export function maximumLengths(owner: string, maximumLength: number | readonly number[], sources: number): number[] {
  const limits = typeof maximumLength === 'number' ? Array<number>(sources).fill(maximumLength) : [...maximumLength];
  if (limits.length !== sources) {
    throw new Error(
      `${owner}: maximumLength must be one number or one for each of ${sources} sources, got ${limits.length}`,
    );
  }
  for (const limit of limits) requireIntegers(owner, { maximumLength: limit });
  return limits;
}
