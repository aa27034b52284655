import { paddedSize } from '../compiled/padded-size.ts';

/** Inputs that are computed together. */
export interface SizedBatch {
  /** Indices of the inputs. */
  readonly members: readonly number[];
  /** The same, and as many times the first of them as a batch of few shapes needs. */
  readonly filled: readonly number[];
  /** The room that each is given, at least that of the largest. */
  readonly room: number;
}

export interface SizedBatchOptions {
  readonly batchSize: number;
  /** The largest size there is room for. */
  readonly maximumSize: number;
  /** Whether batches have few shapes, each of which may be recorded; otherwise they are as small as their inputs. */
  readonly padded: boolean;
}

/** Inputs of similar size together, the smallest first. @param sizes of the inputs */
export function* batchesBySize(
  sizes: readonly number[],
  { batchSize, maximumSize, padded }: SizedBatchOptions,
): Generator<SizedBatch> {
  const order = [...sizes.keys()].sort((a, b) => sizes[a] - sizes[b]);
  for (let first = 0; first < order.length; first += batchSize) {
    const members = order.slice(first, first + batchSize);
    const largest = sizes[members.at(-1)!];
    const room = padded ? Math.min(paddedSize(largest), Math.max(maximumSize, largest)) : largest;
    const rows = padded ? Math.min(2 ** Math.ceil(Math.log2(members.length)), batchSize) : members.length;
    yield { members, filled: [...members, ...Array<number>(rows - members.length).fill(members[0])], room };
  }
}
