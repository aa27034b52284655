import type { AbstractGraph } from 'graphology-types';

/** Writes an attribute onto edges. Several values for one key, those of the two directions, become their mean. */
export function writeEdgeMeans(
  graph: AbstractGraph,
  keys: readonly string[],
  name: string,
  values: Float32Array,
): void {
  const sums = new Map<string, { sum: number; count: number }>();
  keys.forEach((key, edge) => {
    const { sum, count } = sums.get(key) ?? { sum: 0, count: 0 };
    sums.set(key, { sum: sum + values[edge], count: count + 1 });
  });
  for (const [key, { sum, count }] of sums) graph.setEdgeAttribute(key, name, sum / count);
}
