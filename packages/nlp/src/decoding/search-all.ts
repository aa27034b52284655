import * as tf from '@tensorflow/tfjs';
import { batchTensors } from '@heed/training';
import {
  beamSearch,
  greedySearch,
  type Hypothesis,
  type Rows,
  type SearchOptions,
  type SourceBatch,
  type StepwiseModel,
} from '@heed/tasks';
import { sourceBatch } from '../preprocessing/sequence-batches.ts';

export interface SearchAllOptions extends Omit<SearchOptions, 'maximumLength'> {
  /** 1 is greedy search. */
  readonly beams: number;
  readonly lengthPenalty: number;
  /** The longest target of a source of so many symbols. */
  readonly maximumLength: (sourceLength: number) => number;
  /** Rows that are computed together: sources × beams. Default 1280. */
  readonly rows?: number;
}

/** Searches the targets of many sources, similar lengths together. @returns for each source its hypotheses, best first */
export async function searchAll<Memory extends Rows, State extends Rows>(
  model: StepwiseModel<Memory, State>,
  sources: readonly (readonly number[])[],
  { beams, lengthPenalty, maximumLength, rows = 1280, ...options }: SearchAllOptions,
): Promise<Hypothesis[][]> {
  const found: Hypothesis[][] = [];
  const order = [...sources.keys()].sort((a, b) => sources[a].length - sources[b].length);
  const batchSize = Math.max(1, Math.floor(rows / beams));
  for (let first = 0; first < order.length; first += batchSize) {
    const members = order.slice(first, first + batchSize);
    const longest = sources[members.at(-1)!].length;
    const batch = batchTensors(
      sourceBatch(
        members.map((index) => sources[index]),
        longest,
      ),
    ) as SourceBatch;
    const search = { ...options, maximumLength: maximumLength(longest) };
    try {
      const hypotheses =
        beams === 1
          ? (await greedySearch(model, batch, search)).map((hypothesis) => [hypothesis])
          : await beamSearch(model, batch, { ...search, beams, lengthPenalty });
      for (const [i, index] of members.entries()) found[index] = hypotheses[i];
    } finally {
      tf.dispose(batch);
    }
  }
  return found;
}
