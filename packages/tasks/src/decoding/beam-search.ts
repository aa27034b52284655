import * as tf from '@tensorflow/tfjs';
import { readAndFree } from './greedy-search.ts';
import { disposeRows, gatherRows, repeatRows } from './rows.ts';
import { requireCount, type Hypothesis, type SearchOptions } from './search-options.ts';
import type { Rows, SourceBatch, StepwiseModel } from './sequence-model.ts';

export interface BeamSearchOptions extends SearchOptions {
  /** How many unfinished hypotheses of a source are followed. */
  readonly beams: number;
  /**
   * Hypotheses are ranked by log-probability / length^penalty, the end counted (Wu et al. 2016 in the simple form): 0 prefers short
   * targets, 1 is the mean per symbol. Default 0.
   */
  readonly lengthPenalty?: number;
  /** Groups into which the beams are divided, each of which avoids what those before it take (Vijayakumar et al. 2018). Default 1. */
  readonly groups?: number;
  /** How much, in nats, a symbol loses for each beam of an earlier group that took it at the same step. Default 0.5. */
  readonly diversity?: number;
}

interface Beam {
  readonly symbols: readonly number[];
  readonly logProbability: number;
  /** The row in which its state stands. */
  readonly row: number;
}

/**
 * Follows the `beams` most probable beginnings of a target, or of each group of beams those that differ from the groups' before it.
 *
 * A group is done when no beginning that it still follows can overtake its best ended hypotheses, as many as it has beams, whatever comes.
 *
 * @returns for each source its `beams` best hypotheses at most, best first; ended ones before those that were cut off. Their
 *   log-probabilities and scores are those of the model: diversity only decides what is followed
 * @throws if an option is out of range, naming it, or the signal's reason
 */
export async function beamSearch<Memory extends Rows, State extends Rows>(
  model: StepwiseModel<Memory, State>,
  batch: SourceBatch,
  options: BeamSearchOptions,
): Promise<Hypothesis[][]> {
  const { beams, start, maximumLength, lengthPenalty = 0, groups = 1, diversity = 0.5, signal } = options;
  requireCount('beamSearch', 'beams', beams);
  requireCount('beamSearch', 'maximumLength', maximumLength);
  requireCount('beamSearch', 'groups', groups);
  if (beams % groups !== 0) throw new Error(`beamSearch: groups must divide beams=${beams}, got ${groups}`);
  if (!Number.isFinite(lengthPenalty)) {
    throw new Error(`beamSearch: lengthPenalty must be a finite number, got ${lengthPenalty}`);
  }
  if (!(diversity >= 0 && Number.isFinite(diversity))) {
    throw new Error(`beamSearch: diversity must be a finite number of at least 0, got ${diversity}`);
  }
  const size = beams / groups;
  const sources = Array.from({ length: batch.source.shape[0] }, (_, source) =>
    Array.from({ length: groups }, (_, group) => new GroupSearch(source * beams + group * size, size, options)),
  );
  const all = sources.flat();
  const { memory, state: first } = beginBeams(model, batch, beams);
  let state = first;
  try {
    for (let length = 1; length <= maximumLength && all.some(({ done }) => !done); length++) {
      signal?.throwIfAborted();
      const symbols = all.flatMap(({ live }) =>
        Array.from({ length: size }, (_, i) => live[i]?.symbols.at(-1) ?? start),
      );
      const input = tf.tensor1d(symbols, 'int32');
      const stepped = model.step(input, state, memory);
      tf.dispose(input);
      disposeRows(state);
      state = stepped.state;
      // Beams may all end, and as many must go on; those of a later group may have to avoid what the earlier ones took.
      const width = Math.min(2 * beams, stepped.logits.shape[1]);
      const top = tf.tidy(() => tf.topk(tf.logSoftmax(stepped.logits), width)); // [rows, width]
      stepped.logits.dispose();
      const [logProbabilities, candidates] = await readAndFree(top.values, top.indices);
      for (const source of sources) {
        const taken = new Map<number, number>();
        for (const group of source) group.advance(logProbabilities, candidates, width, length, taken);
      }
      const reordered = reorder(state, all, size);
      disposeRows(state);
      state = reordered;
    }
  } finally {
    disposeRows(state);
    disposeRows(memory);
  }
  return sources.map((source) => together(source.map((group) => group.best())));
}

/** The search of one group of a source's beams: host-side bookkeeping. */
class GroupSearch {
  live: Beam[];
  done = false;
  private readonly ended: Hypothesis[] = [];

  constructor(
    private readonly firstRow: number,
    private readonly beams: number,
    private readonly options: BeamSearchOptions,
  ) {
    this.live = [{ symbols: [], logProbability: 0, row: firstRow }];
  }

  /**
   * Takes the `width` best next symbols of every row into account.
   *
   * @param taken how many beams of earlier groups took each symbol at this step; grows by those of this one
   */
  advance(
    logProbabilities: ArrayLike<number>,
    symbols: ArrayLike<number>,
    width: number,
    length: number,
    taken: Map<number, number>,
  ): void {
    if (this.done) return;
    const { beams } = this;
    const { end, maximumLength, diversity = 0.5 } = this.options;
    const candidates = this.live.flatMap((beam, i) =>
      Array.from({ length: width }, (_, rank) => {
        const at = (this.firstRow + i) * width + rank;
        const [symbol, logProbability] = [symbols[at], beam.logProbability + logProbabilities[at]];
        const rating = logProbability - diversity * (taken.get(symbol) ?? 0);
        return { beam, symbol, row: this.firstRow + i, logProbability, rating };
      }),
    );
    candidates.sort((a, b) => b.rating - a.rating);
    this.live = [];
    for (const { beam, symbol, row, logProbability } of candidates.slice(0, 2 * beams)) {
      if (symbol === end)
        this.keep({ symbols: beam.symbols, logProbability, score: this.score(logProbability, length), ended: true });
      else if (this.live.length < beams) this.live.push({ symbols: [...beam.symbols, symbol], logProbability, row });
    }
    for (const symbol of this.live.map(({ symbols }) => symbols.at(-1)!))
      taken.set(symbol, (taken.get(symbol) ?? 0) + 1);
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
    return [...this.ended, ...cutOff].slice(0, this.beams);
  }

  private keep(hypothesis: Hypothesis): void {
    this.ended.push(hypothesis);
    this.ended.sort((a, b) => b.score - a.score);
    this.ended.length = Math.min(this.ended.length, this.beams);
  }

  private score(logProbability: number, length: number): number {
    return logProbability / length ** (this.options.lengthPenalty ?? 0);
  }

  /** Whether no live beam can still come among the best: at best it loses no more probability and ends at the length that suits it. */
  private isDecided(length: number): boolean {
    const { beams } = this;
    const { maximumLength } = this.options;
    if (this.ended.length < beams) return false;
    const { logProbability } = this.live[0];
    const attainable = Math.max(this.score(logProbability, length + 1), this.score(logProbability, maximumLength));
    return this.ended[beams - 1].score >= attainable;
  }
}

function beginBeams<Memory extends Rows, State extends Rows>(
  model: StepwiseModel<Memory, State>,
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
function reorder<State extends Rows>(state: State, groups: readonly GroupSearch[], size: number): State {
  const rows = groups.flatMap(({ live }, group) =>
    Array.from({ length: size }, (_, i) => live[i]?.row ?? group * size),
  );
  const indices = tf.tensor1d(rows, 'int32');
  const gathered = gatherRows(state, indices);
  indices.dispose();
  return gathered;
}

/** What a source's groups found, each hypothesis once. */
function together(groups: readonly (readonly Hypothesis[])[]): Hypothesis[] {
  if (groups.length === 1) return [...groups[0]];
  const different = new Map(groups.flat().map((hypothesis) => [hypothesis.symbols.join(' '), hypothesis]));
  return [...different.values()].sort((a, b) => Number(b.ended) - Number(a.ended) || b.score - a.score);
}
