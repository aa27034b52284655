/** What every search needs to know. */
export interface SearchOptions {
  /** The symbol before the first. */
  readonly start: number;
  /** The symbol after the last. */
  readonly end: number;
  /** Searching stops after so many symbols, the end included. */
  readonly maximumLength: number;
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

/** @throws unless the value is an integer of at least `low` */
export function requireCount(owner: string, name: string, value: number, low = 1): void {
  if (!Number.isInteger(value) || value < low) {
    throw new Error(`${owner}: ${name} must be an integer of at least ${low}, got ${value}`);
  }
}
