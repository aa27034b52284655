import type { AbstractGraph } from 'graphology-types';
import { matrix, type GraphData, type LabelledGraph, type NodeSplit } from './graph-data.ts';

export interface ReadGraphOptions {
  /** Node attribute with an array of numbers. Default `features`. */
  readonly features?: string;
  /** Node attribute with the class, a text or a number; absent where unknown. Default `label`; `undefined` reads none. */
  readonly label?: string | undefined;
  /** Node attribute with `train`, `validation` or `test`. Default `split`. */
  readonly split?: string;
  /** Edge attribute with an array of numbers. Default: none. */
  readonly edgeFeatures?: string;
}

/** A graphology graph as arrays, and which of its nodes and edges each entry is. */
export interface ReadGraph {
  readonly data: LabelledGraph & { readonly split?: NodeSplit; readonly classNames: readonly string[] };
  /** [N] */
  readonly nodeKeys: readonly string[];
  /** [E]; an undirected edge is two, one in each direction. */
  readonly edgeKeys: readonly string[];
}

/** Whether a value is a graphology graph. */
export function isGraphology(graph: GraphData | AbstractGraph): graph is AbstractGraph {
  return 'forEachNode' in graph && typeof graph.forEachNode === 'function';
}

/**
 * Reads a graphology graph: directed, undirected or mixed, with or without multiple edges and loops. Classes are numbered in the
 * order of their names.
 *
 * @throws if a node has no features, they are of several widths, or a split is none of the three
 *
 * @example
 * ```ts
 * import { UndirectedGraph } from 'graphology';
 * import { readGraph } from '@heed/graph';
 * const graph = new UndirectedGraph();
 * graph.addNode('a', { features: [1, 0], label: 'red' });
 * graph.addNode('b', { features: [0, 1] });
 * graph.addEdge('a', 'b');
 * readGraph(graph).data.labels; // [0, -1]
 * ```
 */
export function readGraph(graph: AbstractGraph, options: ReadGraphOptions = {}): ReadGraph {
  const { features = 'features', split = 'split', edgeFeatures } = options;
  const label = 'label' in options ? options.label : 'label';
  const nodeKeys = graph.nodes();
  const numberOf = new Map(nodeKeys.map((key, node) => [key, node]));
  const rows = nodeKeys.map((key) => numbers('node', key, features, graph.getNodeAttribute(key, features)));
  const names = nodeKeys.map((key) => className(label && (graph.getNodeAttribute(key, label) as unknown)));
  const classNames = [...new Set(names.filter((name) => name !== undefined))].sort();
  const edges = readEdges(graph, numberOf, edgeFeatures);
  const parts = nodeKeys.map((key) => graph.getNodeAttribute(key, split) as unknown);
  return {
    data: {
      nodes: nodeKeys.length,
      features: matrix(rows),
      ...edges.data,
      labels: Int32Array.from(names, (name) => (name === undefined ? -1 : classNames.indexOf(name))),
      classes: classNames.length,
      classNames,
      ...(parts.some((part) => part !== undefined) ? { split: readSplit(parts, nodeKeys, split) } : {}),
    },
    nodeKeys,
    edgeKeys: edges.keys,
  };
}

/** A graph as arrays, without labels. */
export function asGraphData(graph: GraphData | AbstractGraph): GraphData {
  return isGraphology(graph) ? readGraph(graph, { label: undefined }).data : graph;
}

function readEdges(graph: AbstractGraph, numberOf: ReadonlyMap<string, number>, attribute: string | undefined) {
  const keys: string[] = [];
  const sources: number[] = [];
  const targets: number[] = [];
  const rows: Array<ArrayLike<number>> = [];
  graph.forEachEdge((key, attributes, source, target, _source, _target, isUndirected) => {
    const ends = [numberOf.get(source)!, numberOf.get(target)!] as const;
    const directions = isUndirected && source !== target ? [ends, [ends[1], ends[0]] as const] : [ends];
    for (const [from, to] of directions) {
      keys.push(key);
      sources.push(from);
      targets.push(to);
      if (attribute !== undefined) rows.push(numbers('edge', key, attribute, attributes[attribute]));
    }
  });
  return {
    keys,
    data: {
      sources: Int32Array.from(sources),
      targets: Int32Array.from(targets),
      ...(attribute === undefined ? {} : { edgeFeatures: matrix(rows) }),
    },
  };
}

function numbers(what: string, key: string, attribute: string, value: unknown): ArrayLike<number> {
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return value as unknown as ArrayLike<number>;
  throw new Error(
    `readGraph: ${what} '${key}' must have an array of numbers as its '${attribute}', got ${typeof value}`,
  );
}

function className(value: unknown): string | undefined {
  return value === undefined || value === null || value === '' ? undefined : String(value);
}

function readSplit(parts: readonly unknown[], keys: readonly string[], attribute: string): NodeSplit {
  const nodes = { train: [] as number[], validation: [] as number[], test: [] as number[] };
  parts.forEach((part, node) => {
    if (part === undefined || part === null) return;
    if (part !== 'train' && part !== 'validation' && part !== 'test') {
      throw new Error(
        `readGraph: the '${attribute}' of node '${keys[node]}' must be train, validation or test, got ${String(part)}`,
      );
    }
    nodes[part].push(node);
  });
  return {
    train: Int32Array.from(nodes.train),
    validation: Int32Array.from(nodes.validation),
    test: Int32Array.from(nodes.test),
  };
}
