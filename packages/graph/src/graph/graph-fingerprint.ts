import { fingerprint } from '@heed/training';
import type { GraphData } from './graph-data.ts';

/** A hash of graphs and further numbers, which tells one set of data from another (`fingerprint`). */
export function graphFingerprint(graphs: Iterable<GraphData>, ...others: readonly Iterable<number>[]): string {
  return fingerprint(numbers(graphs, others));
}

function* numbers(graphs: Iterable<GraphData>, others: readonly Iterable<number>[]): Generator<number> {
  for (const { nodes, features, sources, targets, edgeFeatures } of graphs) {
    yield nodes;
    yield sources.length;
    for (const list of [features.data, sources, targets, edgeFeatures?.data ?? []]) yield* list;
  }
  for (const list of others) {
    yield -1;
    yield* list;
  }
}
