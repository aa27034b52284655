import { Random } from '@heed/attention-core';
import type { EdgeList } from '../../graph/graph-data.ts';

export interface DictionaryLookupOptions {
  /** K: keys, and as many queries. */
  readonly keys: number;
  /** G: dictionaries. */
  readonly graphs: number;
  readonly seed: number;
}

/**
 * The DictionaryLookup problem (Brody, Alon & Yahav 2022, section 4.1), made: in each graph K key nodes have an attribute and a value, K query
 * nodes have an attribute alone, and every key leads to every query. A query must find the value of the key with its attribute, so the
 * key that matters is another one for every query.
 */
export interface DictionaryLookup {
  /** [G·2K]: of each graph the keys, then the queries; in [0, K). */
  readonly attributes: Int32Array;
  /** [G·2K]: in [0, K); K, for none, at queries. */
  readonly values: Int32Array;
  /** [G·2K]: the value to find; −1 at keys. */
  readonly labels: Int32Array;
  /** K² in each graph. */
  readonly edges: EdgeList;
  readonly nodes: number;
}

/**
 * Makes dictionaries with values in random order.
 *
 * @throws if a number is not positive
 *
 * @example
 * ```ts
 * import { dictionaryLookup } from '@heed/graph';
 * dictionaryLookup({ keys: 2, graphs: 1, seed: 7 }).attributes; // [0, 1, 0, 1]
 * ```
 */
export function dictionaryLookup({ keys, graphs, seed }: DictionaryLookupOptions): DictionaryLookup {
  if (!(Number.isInteger(keys) && keys > 0 && Number.isInteger(graphs) && graphs > 0)) {
    throw new Error(`dictionaryLookup: keys and graphs must be positive integers, got ${keys} and ${graphs}`);
  }
  const random = new Random(seed);
  const nodes = 2 * keys * graphs;
  const [attributes, values, labels] = [new Int32Array(nodes), new Int32Array(nodes).fill(keys), new Int32Array(nodes)];
  const [sources, targets] = [new Int32Array(graphs * keys * keys), new Int32Array(graphs * keys * keys)];
  for (let graph = 0; graph < graphs; graph++) {
    const firstKey = 2 * keys * graph;
    const firstQuery = firstKey + keys;
    const order = random.shuffle(Array.from({ length: keys }, (_, value) => value));
    order.forEach((value, attribute) => {
      attributes[firstKey + attribute] = attributes[firstQuery + attribute] = attribute;
      values[firstKey + attribute] = value;
      labels[firstKey + attribute] = -1;
      labels[firstQuery + attribute] = value;
      for (let query = 0; query < keys; query++) {
        const edge = graph * keys * keys + attribute * keys + query;
        sources[edge] = firstKey + attribute;
        targets[edge] = firstQuery + query;
      }
    });
  }
  return { attributes, values, labels, edges: { sources, targets }, nodes };
}
