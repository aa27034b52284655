/** One row of numbers per node or edge, row after row; a `HostArray` of @heed/training. */
export interface Matrix {
  readonly data: Float32Array;
  /** [rows, width] */
  readonly shape: readonly [number, number];
}

/** Edges as two lists: edge e leads from node `sources[e]` to node `targets[e]`. A target attends to its sources. */
export interface EdgeList {
  readonly sources: Int32Array;
  readonly targets: Int32Array;
}

/** A graph as arrays. An undirected graph has every edge in both directions. */
export interface GraphData extends EdgeList {
  /** N. Nodes are numbered from 0. */
  readonly nodes: number;
  /** [N, F] */
  readonly features: Matrix;
  /** [E, G], in the order of the edges. */
  readonly edgeFeatures?: Matrix;
}

/** Which nodes are learned from, chosen by and reported on. */
export interface NodeSplit {
  readonly train: Int32Array;
  readonly validation: Int32Array;
  readonly test: Int32Array;
}

/** A graph whose nodes belong to classes. */
export interface LabelledGraph extends GraphData {
  /** [N], each in [0, classes); −1 where unknown. */
  readonly labels: Int32Array;
  readonly classes: number;
}

/**
 * A matrix from rows.
 *
 * @throws if rows have different lengths
 *
 * @example
 * ```ts
 * import { matrix } from '@heed/graph';
 * matrix([[1, 0], [0, 1], [1, 1]]).shape; // [3, 2]
 * ```
 */
export function matrix(rows: ReadonlyArray<ArrayLike<number>>): Matrix {
  const width = rows[0]?.length ?? 0;
  const data = new Float32Array(rows.length * width);
  rows.forEach((row, index) => {
    if (row.length !== width) {
      throw new Error(`matrix: rows must have one length, got ${width} and ${row.length} (row ${index})`);
    }
    data.set(row, index * width);
  });
  return { data, shape: [rows.length, width] };
}

/**
 * The same matrix with rows that sum to 1, as citation graphs are given to models; a row of zeros stays one.
 *
 * @param features [N, F], not negative
 */
export function normaliseRows(features: Matrix): Matrix {
  const [rows, width] = features.shape;
  const data = Float32Array.from(features.data);
  for (let row = 0; row < rows; row++) {
    const values = data.subarray(row * width, (row + 1) * width);
    const sum = values.reduce((total, value) => total + value, 0);
    if (sum !== 0) values.forEach((value, column) => (values[column] = value / sum));
  }
  return { data, shape: features.shape };
}

/**
 * Checks a graph before it meets a model, where a wrong index would silently read another node.
 *
 * @param owner who asks, for messages
 * @throws if an edge names a node that is not there, a feature is not a finite number, or lengths do not agree
 */
export function checkGraph(owner: string, graph: GraphData): void {
  const { nodes, features, edgeFeatures, sources } = graph;
  checkEdges(owner, graph, nodes);
  checkMatrix(owner, 'features', features, nodes, 'node');
  if (edgeFeatures !== undefined) checkMatrix(owner, 'edgeFeatures', edgeFeatures, sources.length, 'edge');
}

/** @throws unless both lists are of one length and name only nodes in [0, nodes) */
export function checkEdges(owner: string, { sources, targets }: EdgeList, nodes: number): void {
  if (!Number.isSafeInteger(nodes) || nodes < 0) {
    throw new Error(`${owner}: nodes must be a whole number, got ${nodes}`);
  }
  if (sources.length !== targets.length) {
    throw new Error(`${owner}: sources and targets must be of one length, got ${sources.length} and ${targets.length}`);
  }
  for (const [name, ends] of [
    ['source', sources],
    ['target', targets],
  ] as const) {
    for (let edge = 0; edge < ends.length; edge++) {
      const node = ends[edge];
      if (!(node >= 0 && node < nodes)) {
        throw new Error(`${owner}: every ${name} must be a node in [0, ${nodes}), got ${node} at edge ${edge}`);
      }
    }
  }
}

/** @throws unless each label is in [0, classes), or −1 for unknown */
export function checkLabels(owner: string, labels: Int32Array, classes: number, nodes: number): void {
  if (labels.length !== nodes) {
    throw new Error(`${owner}: labels must have one entry per node, got ${labels.length} for ${nodes} nodes`);
  }
  labels.forEach((label, node) => {
    if (label < -1 || label >= classes) {
      throw new Error(`${owner}: labels must be in [0, ${classes}), or -1 for unknown, got ${label} at node ${node}`);
    }
  });
}

function checkMatrix(owner: string, name: string, { data, shape }: Matrix, rows: number, what: string): void {
  if (shape[0] !== rows || data.length !== shape[0] * shape[1]) {
    throw new Error(
      `${owner}: ${name} must have one row per ${what}, got ${data.length} numbers of shape [${shape}] for ${rows} ${what}s`,
    );
  }
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad !== -1) {
    const [row, column] = [Math.floor(bad / shape[1]), bad % shape[1]];
    throw new Error(`${owner}: ${name} must be finite, got ${data[bad]} at ${what} ${row}, column ${column}`);
  }
}

/**
 * The columns of several matrices side by side, e.g. features and positions.
 *
 * @throws if they have different numbers of rows
 */
export function joinColumns(...matrices: readonly Matrix[]): Matrix {
  const rows = matrices[0].shape[0];
  const width = matrices.reduce((sum, { shape }) => sum + shape[1], 0);
  const data = new Float32Array(rows * width);
  let first = 0;
  for (const { data: own, shape } of matrices) {
    if (shape[0] !== rows) throw new Error(`joinColumns: matrices must have ${rows} rows, got ${shape[0]}`);
    for (let row = 0; row < rows; row++) {
      data.set(own.subarray(row * shape[1], (row + 1) * shape[1]), row * width + first);
    }
    first += shape[1];
  }
  return { data, shape: [rows, width] };
}
