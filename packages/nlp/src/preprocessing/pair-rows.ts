import type { HostArray } from '@heed/training';
import type { SegmentPairBatch } from './segment-pairs.ts';

/** One pair of a `SegmentPairBatch`: its row of each array. */
export type SegmentPair = { readonly [Name in keyof SegmentPairBatch]: Int32Array };

const NAMES = ['tokens', 'lengths', 'tokenTypes', 'positions', 'targets', 'isRandom'] as const;

/** The pairs of a batch. */
export function pairsOf(batch: SegmentPairBatch): SegmentPair[] {
  return Array.from({ length: batch.lengths.shape[0] }, (_, row) => {
    const entries = NAMES.map((name) => [name, rowOf(batch[name], row)] as const);
    return Object.fromEntries(entries) as SegmentPair;
  });
}

/** Pairs of one length as a batch. */
export function pairBatch(pairs: readonly SegmentPair[]): SegmentPairBatch {
  const rows = (name: keyof SegmentPair) => Int32Array.from(pairs.flatMap((pair) => [...pair[name]]));
  const matrix = (name: keyof SegmentPair) => ({
    data: rows(name),
    shape: [pairs.length, pairs[0][name].length] as const,
  });
  const vector = (name: keyof SegmentPair) => ({ data: rows(name), shape: [pairs.length] as const });
  return {
    tokens: matrix('tokens'),
    lengths: vector('lengths'),
    tokenTypes: matrix('tokenTypes'),
    positions: matrix('positions'),
    targets: matrix('targets'),
    isRandom: vector('isRandom'),
  };
}

function rowOf({ data, shape }: HostArray, row: number): Int32Array {
  const width = data.length / shape[0];
  return data.slice(row * width, (row + 1) * width) as Int32Array;
}
