import * as tf from '@tensorflow/tfjs';
import { disposeRows } from './rows.ts';
import { requireCount, type Hypothesis, type SearchOptions } from './search-options.ts';
import type { Rows, SourceBatch, StepwiseModel } from './sequence-model.ts';

/**
 * The most probable symbol at every step.
 *
 * @returns one hypothesis per source; its score is its log-probability
 * @throws if `maximumLength` is not a positive integer, or the signal's reason
 */
export async function greedySearch<Memory extends Rows, State extends Rows>(
  model: StepwiseModel<Memory, State>,
  batch: SourceBatch,
  { start, end, maximumLength, signal }: SearchOptions,
): Promise<Hypothesis[]> {
  requireCount('greedySearch', 'maximumLength', maximumLength);
  const memory = model.encode(batch);
  let state = model.begin(memory);
  const found = Array.from({ length: batch.source.shape[0] }, () => ({
    symbols: [] as number[],
    logProbability: 0,
    ended: false,
  }));
  let symbols = found.map(() => start);
  try {
    for (let length = 1; length <= maximumLength && found.some(({ ended }) => !ended); length++) {
      signal?.throwIfAborted();
      const next = nextSymbols(model, symbols, state, memory);
      disposeRows(state);
      state = next.state;
      const [chosen, logProbabilities] = await readAndFree(next.chosen, next.logProbabilities);
      symbols = Array.from(chosen);
      for (const [row, hypothesis] of found.entries()) {
        if (hypothesis.ended) continue;
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

function nextSymbols<Memory extends Rows, State extends Rows>(
  model: StepwiseModel<Memory, State>,
  symbols: readonly number[],
  state: State,
  memory: Memory,
) {
  const input = tf.tensor1d([...symbols], 'int32');
  const stepped = model.step(input, state, memory);
  input.dispose();
  const [chosen, logProbabilities] = tf.tidy(() => [
    tf.argMax(stepped.logits, 1), // [rows]
    tf.max(tf.logSoftmax(stepped.logits), 1), // [rows]
  ]);
  stepped.logits.dispose();
  return { chosen, logProbabilities, state: stepped.state };
}

/** The tensors' values; frees them. */
export async function readAndFree(...tensors: readonly tf.Tensor[]): Promise<ArrayLike<number>[]> {
  try {
    return await Promise.all(tensors.map((tensor) => tensor.data()));
  } finally {
    tf.dispose([...tensors]);
  }
}
