import * as tf from '@tensorflow/tfjs';
import { runAsWritten } from '../compiled/run.ts';
import { disposeRows, sourceCount, tidyRows } from '../compiled/rows.ts';
import { maximumLengths, type Hypothesis, type SearchOptions } from './search-options.ts';
import type { Rows } from '../compiled/rows.ts';
import type { SourceTensors, StepwiseModel } from './sequence-model.ts';

/**
 * The most probable symbol at every step.
 *
 * @returns one hypothesis per source; its score is its log-probability
 * @throws if `maximumLength` is not a positive integer, a probability is not a number, or the signal's reason
 */
export async function greedySearch<Memory extends Rows, State extends Rows, Source extends SourceTensors>(
  model: StepwiseModel<Memory, State, Source>,
  batch: Source,
  { start, end, maximumLength, signal, room, run = runAsWritten }: SearchOptions,
): Promise<Hypothesis[]> {
  const limits = maximumLengths('greedySearch', maximumLength, sourceCount(batch));
  const slots = room ?? Math.max(...limits);
  const begun = run(`begin ${slots}`, (source: Source) => beginSearch(model, source, slots), batch);
  const { memory } = begun;
  let { state } = begun;
  const found = limits.map(() => ({ symbols: [] as number[], logProbability: 0, ended: false }));
  let symbols = found.map(() => start);
  const likeliest = (input: tf.Tensor1D, before: State, source: Memory) =>
    tidyRows(() => {
      const { logits, state: after } = model.step(input, before, source);
      const values = tf.max(tf.logSoftmax(logits), 1); // [rows]
      return { indices: tf.argMax(logits, 1), values, state: after };
    });
  const going = (length: number) => found.some(({ ended }, row) => !ended && length <= limits[row]);
  try {
    for (let length = 1; going(length); length++) {
      signal?.throwIfAborted();
      const input = tf.tensor1d(symbols, 'int32');
      const next = run('greedy step', likeliest, input, state, memory);
      tf.dispose(input);
      disposeRows(state);
      state = next.state;
      const [chosen, logProbabilities] = await readAndFree('greedySearch', next.indices, next.values);
      symbols = Array.from(chosen);
      for (const [row, hypothesis] of found.entries()) {
        if (hypothesis.ended || length > limits[row]) continue;
        hypothesis.logProbability += logProbabilities[row];
        if (symbols[row] === end) hypothesis.ended = true;
        else hypothesis.symbols.push(symbols[row]);
      }
    }
  } finally {
    disposeRows(state);
    disposeRows(memory);
  }
  return found.map((hypothesis) => ({ ...hypothesis, score: hypothesis.logProbability }));
}

/** What a model knows of its sources, and the state before the first symbol. */
export function beginSearch<Memory extends Rows, State extends Rows, Source extends SourceTensors>(
  model: StepwiseModel<Memory, State, Source>,
  batch: Source,
  room: number,
): { memory: Memory; state: State } {
  const memory = model.encode(batch);
  return { memory, state: model.begin(memory, room) };
}

/** Indices, and their log-probabilities; frees both. @throws if a log-probability is not a number */
export async function readAndFree(
  owner: string,
  indices: tf.Tensor,
  values: tf.Tensor,
): Promise<[indices: ArrayLike<number>, values: ArrayLike<number>]> {
  try {
    const [chosen, logProbabilities] = await Promise.all([indices.data(), values.data()]);
    const wrong = (logProbabilities as Float32Array).find((value) => Number.isNaN(value));
    if (wrong !== undefined) throw new Error(`${owner}: logits must be numbers, got NaN`);
    return [chosen, logProbabilities];
  } finally {
    tf.dispose([indices, values]);
  }
}
