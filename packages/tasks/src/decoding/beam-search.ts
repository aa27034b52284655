import { requireIntegers } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import { runAsWritten } from '../compiled/run.ts';
import { beginSearch, readAndFree } from './greedy-search.ts';
import { disposeRows, gatherRows, repeatRows, sourceCount, tidyRows } from '../compiled/rows.ts';
import { maximumLengths, type Hypothesis, type SearchOptions } from './search-options.ts';
import type { Rows } from '../compiled/rows.ts';
import type { SourceTensors, StepwiseModel } from './sequence-model.ts';

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
export async function beamSearch<Memory extends Rows, State extends Rows, Source extends SourceTensors>(
  model: StepwiseModel<Memory, State, Source>,
  batch: Source,
  options: BeamSearchOptions,
): Promise<Hypothesis[][]> {
  const { beams, start, maximumLength, lengthPenalty = 0, groups = 1, diversity = 0.5, signal } = options;
  const { room, run = runAsWritten } = options;
  requireIntegers('beamSearch', { beams });
  const limits = maximumLengths('beamSearch', maximumLength, sourceCount(batch));
  requireIntegers('beamSearch', { groups });
  if (beams % groups !== 0) throw new Error(`beamSearch: groups must divide beams=${beams}, got ${groups}`);
  if (!Number.isFinite(lengthPenalty)) {
    throw new Error(`beamSearch: lengthPenalty must be a finite number, got ${lengthPenalty}`);
  }
  if (!(diversity >= 0 && Number.isFinite(diversity))) {
    throw new Error(`beamSearch: diversity must be a finite number of at least 0, got ${diversity}`);
  }
  const size = beams / groups;
  const sources = limits.map((limit, source) =>
    Array.from({ length: groups }, (_, group) => {
      return new GroupSearch(source * beams + group * size, size, { ...options, maximumLength: limit });
    }),
  );
  const all = sources.flat();
  const slots = room ?? Math.max(...limits);
  const begun = run(`begin ${slots} ${beams}`, (source: Source) => beginBeams(model, source, slots, beams), batch);
  const { memory } = begun;
  let { state } = begun;
  const advance = (symbols: tf.Tensor1D, rows: tf.Tensor1D, before: State, source: Memory) =>
    tidyRows(() => {
      const { logits, state: after } = model.step(symbols, gatherRows(before, rows), source);
      // Beams may all end, and as many must go on; those of a later group may have to avoid what the earlier ones took.
      const { values, indices } = tf.topk(tf.logSoftmax(logits), Math.min(2 * beams, logits.shape[1])); // [rows, width]
      return { values, indices, state: after };
    });
  try {
    for (let length = 1; all.some(({ done }) => !done); length++) {
      signal?.throwIfAborted();
      const slotsOf = <T>(of: (beam: Beam | undefined, group: number) => T) =>
        all.flatMap(({ live }, group) => Array.from({ length: size }, (_, i) => of(live[i], group)));
      const symbols = tf.tensor1d(
        slotsOf((beam) => beam?.symbols.at(-1) ?? start),
        'int32',
      );
      // every beam's row takes the state that its last symbol was found in
      const rows = tf.tensor1d(
        slotsOf((beam, group) => beam?.row ?? group * size),
        'int32',
      );
      const top = run(`beam step ${beams}`, advance, symbols, rows, state, memory);
      tf.dispose([symbols, rows]);
      disposeRows(state);
      state = top.state;
      const width = top.indices.shape[1]!;
      const [candidates, logProbabilities] = await readAndFree('beamSearch', top.indices, top.values);
      for (const source of sources) {
        const taken = new Map<number, number>();
        for (const group of source) group.advance(logProbabilities, candidates, width, length, taken);
      }
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
    private readonly options: BeamSearchOptions & { readonly maximumLength: number },
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
    this.done = this.live.length === 0 || length === maximumLength || this.isDecided(length);
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

function beginBeams<Memory extends Rows, State extends Rows, Source extends SourceTensors>(
  model: StepwiseModel<Memory, State, Source>,
  batch: Source,
  room: number,
  beams: number,
): { memory: Memory; state: State } {
  const { memory, state } = beginSearch(model, batch, room);
  try {
    return { memory: repeatRows(memory, beams), state: repeatRows(state, beams) };
  } finally {
    disposeRows(state);
    disposeRows(memory);
  }
}

/** What a source's groups found, each hypothesis once. */
function together(groups: readonly (readonly Hypothesis[])[]): Hypothesis[] {
  if (groups.length === 1) return [...groups[0]];
  const different = new Map(groups.flat().map((hypothesis) => [hypothesis.symbols.join(' '), hypothesis]));
  return [...different.values()].sort((a, b) => Number(b.ended) - Number(a.ended) || b.score - a.score);
}
