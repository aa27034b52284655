import { requireIntegers } from '@heed/attention-core';
import { batchTensors, compiles, type Batch, type BatchTensors } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { beamSearch } from '../decoding/beam-search.ts';
import { greedySearch } from '../decoding/greedy-search.ts';
import { type Hypothesis, type SearchOptions } from '../decoding/search-options.ts';
import type { Rows } from '../compiled/rows.ts';
import type { StepwiseModel } from '../decoding/sequence-model.ts';
import type { ForwardPasses } from '../compiled/forward-passes.ts';
import { batchesBySize } from './batches-by-size.ts';

/** How a task searches what its model writes. */
export interface Search<Input, B extends Batch, Memory extends Rows, State extends Rows> extends Pick<
  SearchOptions,
  'start' | 'end'
> {
  readonly model: StepwiseModel<Memory, State, BatchTensors<B>>;
  /** What distinguishes the model from others that the task searches by the same verb: constraints. Default: nothing. */
  readonly variant?: string;
  /** The room that a source needs, e.g. its number of tokens. */
  readonly size: (input: Input) => number;
  /** The largest size there is room for. Default: none. */
  readonly maximumSize?: number;
  /** Sources as a batch. @param size the room that each is given, at least that of the largest */
  readonly batch: (inputs: readonly Input[], size: number) => B;
  /** The longest target of a source of such a size, the end included; not less for a larger one. */
  readonly maximumLength: (size: number) => number;
}

/** What every verb that searches takes. */
export interface SearchBatchOptions {
  /** Hypotheses of a source that are followed at once; 1 is greedy search. */
  readonly beams: number;
  /** See `beamSearch`. */
  readonly lengthPenalty: number;
  /** Sources that are searched together, those of similar size. */
  readonly batchSize: number;
  readonly signal?: AbortSignal | undefined;
}

/** See `Task.searchInBatches`. @param owner how messages begin */
export async function searchInBatches<Input, B extends Batch, Memory extends Rows, State extends Rows>(
  owner: string,
  passes: ForwardPasses,
  inputs: readonly Input[],
  {
    model,
    variant = '',
    size,
    maximumSize = Infinity,
    batch,
    maximumLength,
    start,
    end,
  }: Search<Input, B, Memory, State>,
  { beams, lengthPenalty, batchSize, signal }: SearchBatchOptions,
): Promise<Hypothesis[][]> {
  requireIntegers(owner, { beams });
  requireIntegers(owner, { batchSize });
  const sizes = inputs.map(size);
  const found = Array<Hypothesis[]>(inputs.length);
  for (const { members, filled, room } of batchesBySize(sizes, { batchSize, maximumSize, padded: compiles() })) {
    signal?.throwIfAborted();
    const tensors = batchTensors(
      batch(
        filled.map((index) => inputs[index]),
        room,
      ),
    );
    const options = {
      start,
      end,
      maximumLength: filled.map((index) => maximumLength(sizes[index])),
      room: maximumLength(room),
      signal,
      run: passes.named(`${owner} ${variant}`),
    };
    try {
      const hypotheses =
        beams === 1
          ? (await greedySearch(model, tensors, options)).map((hypothesis) => [hypothesis])
          : await beamSearch(model, tensors, { ...options, beams, lengthPenalty });
      for (const [i, index] of members.entries()) found[index] = hypotheses[i];
    } finally {
      tf.dispose(tensors);
    }
  }
  return found;
}
