import * as tf from '@tensorflow/tfjs';
import { readAndFree } from './greedy-search.ts';
import { disposeRows, gatherRows, repeatRows } from './rows.ts';
import { requireCount, type Hypothesis, type SearchOptions } from './search-options.ts';
import type { Rows, SequenceModel, SourceBatch } from './sequence-model.ts';

export interface BeamSearchOptions extends SearchOptions {
  /** How many unfinished hypotheses of a source are followed. */
  readonly beams: number;
  /**
   * Hypotheses are ranked by log-probability / length^penalty, the end counted (Wu et al. 2016 in the simple form): 0 prefers short
   * targets, 1 is the mean per symbol. Default 0.
   */
  readonly lengthPenalty?: number;
}

interface Beam {
  readonly symbols: readonly number[];
  readonly logProbability: number;
  /** The row in which its state stands. */
  readonly row: number;
}

/**
 * Follows the `beams` most probable beginnings of a target.
 *
 * A source is done when no beginning that is still followed can overtake its `beams` best ended hypotheses, whatever comes.
 *
 * @returns for each source its `beams` best hypotheses at most, best first; ended ones before those that were cut off
 * @throws if an option is out of range, naming it, or the signal's reason
 */
export async function beamSearch<Memory extends Rows, State extends Rows>(
  model: SequenceModel<Memory, State>,
  batch: SourceBatch,
  options: BeamSearchOptions,
): Promise<Hypothesis[][]> {
  const { beams, start, maximumLength, lengthPenalty = 0, signal } = options;
  requireCount('beamSearch', 'beams', beams);
  requireCount('beamSearch', 'maximumLength', maximumLength);
  if (!Number.isFinite(lengthPenalty)) {
    throw new Error(`beamSearch: lengthPenalty must be a finite number, got ${lengthPenalty}`);
  }
  const sources = Array.from({ length: batch.source.shape[0] }, (_, i) => new SourceSearch(i * beams, options));
  const { memory, state: first } = beginBeams(model, batch, beams);
  let state = first;
  try {
    for (let length = 1; length <= maximumLength && sources.some(({ done }) => !done); length++) {
      signal?.throwIfAborted();
      const symbols = sources.flatMap(({ live }) =>
        Array.from({ length: beams }, (_, i) => live[i]?.symbols.at(-1) ?? start),
      );
      const input = tf.tensor1d(symbols, 'int32');
      const stepped = model.step(input, state, memory);
      tf.dispose(input);
      disposeRows(state);
      state = stepped.state;
      const width = Math.min(2 * beams, stepped.logits.shape[1]); // beams may all end, and as many must go on
      const top = tf.tidy(() => tf.topk(tf.logSoftmax(stepped.logits), width)); // [rows, width]
      stepped.logits.dispose();
      const [logProbabilities, candidates] = await readAndFree(top.values, top.indices);
      for (const source of sources) source.advance(logProbabilities, candidates, width, length);
      const reordered = reorder(state, sources, beams);
      disposeRows(state);
      state = reordered;
    }
  } finally {
    disposeRows(state);
    disposeRows(memory);
  }
  return sources.map((source) => source.best());
}

/** The search for the targets of one source: host-side bookkeeping. */
class SourceSearch {
  live: Beam[];
  done = false;
  private readonly ended: Hypothesis[] = [];

  constructor(
    private readonly firstRow: number,
    private readonly options: BeamSearchOptions,
  ) {
    this.live = [{ symbols: [], logProbability: 0, row: firstRow }];
  }

  /** Takes the `width` best next symbols of every row into account. */
  advance(logProbabilities: ArrayLike<number>, symbols: ArrayLike<number>, width: number, length: number): void {
    if (this.done) return;
    const { beams, end, maximumLength } = this.options;
    const candidates = this.live.flatMap((beam, i) =>
      Array.from({ length: width }, (_, rank) => {
        const at = (this.firstRow + i) * width + rank;
        return {
          beam,
          symbol: symbols[at],
          row: this.firstRow + i,
          logProbability: beam.logProbability + logProbabilities[at],
        };
      }),
    );
    candidates.sort((a, b) => b.logProbability - a.logProbability);
    this.live = [];
    for (const { beam, symbol, row, logProbability } of candidates.slice(0, 2 * beams)) {
      if (symbol === end)
        this.keep({ symbols: beam.symbols, logProbability, score: this.score(logProbability, length), ended: true });
      else if (this.live.length < beams) this.live.push({ symbols: [...beam.symbols, symbol], logProbability, row });
    }
    this.done = this.live.length === 0 || (length < maximumLength && this.isDecided(length));
  }

  best(): Hypothesis[] {
    const cutOff = this.live.map(({ symbols, logProbability }) => ({
      symbols,
      logProbability,
      score: this.score(logProbability, symbols.length),
      ended: false,
    }));
    cutOff.sort((a, b) => b.score - a.score);
    return [...this.ended, ...cutOff].slice(0, this.options.beams);
  }

  private keep(hypothesis: Hypothesis): void {
    this.ended.push(hypothesis);
    this.ended.sort((a, b) => b.score - a.score);
    this.ended.length = Math.min(this.ended.length, this.options.beams);
  }

  private score(logProbability: number, length: number): number {
    return logProbability / length ** (this.options.lengthPenalty ?? 0);
  }

  /** Whether no live beam can still come among the best: at best it loses no more probability and ends at the length that suits it. */
  private isDecided(length: number): boolean {
    const { beams, maximumLength } = this.options;
    if (this.ended.length < beams) return false;
    const { logProbability } = this.live[0];
    const attainable = Math.max(this.score(logProbability, length + 1), this.score(logProbability, maximumLength));
    return this.ended[beams - 1].score >= attainable;
  }
}

function beginBeams<Memory extends Rows, State extends Rows>(
  model: SequenceModel<Memory, State>,
  batch: SourceBatch,
  beams: number,
): { memory: Memory; state: State } {
  const encoded = model.encode(batch);
  const begun = model.begin(encoded);
  try {
    return { memory: repeatRows(encoded, beams), state: repeatRows(begun, beams) };
  } finally {
    disposeRows(begun);
    disposeRows(encoded);
  }
}

/** Every beam's row takes the state that its last symbol was found in. */
function reorder<State extends Rows>(state: State, sources: readonly SourceSearch[], beams: number): State {
  const rows = sources.flatMap(({ live }, source) =>
    Array.from({ length: beams }, (_, i) => live[i]?.row ?? source * beams),
  );
  const indices = tf.tensor1d(rows, 'int32');
  const gathered = gatherRows(state, indices);
  indices.dispose();
  return gathered;
}
