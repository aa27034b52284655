import { UndirectedGraph } from 'graphology';
import layout from 'graphology-layout-forceatlas2';
import { escapeMarkup, Random } from '@heed/attention-core';
import { checkEdges, type EdgeList } from '../graph/graph-data.ts';
import { circle, PALETTE, svg } from './svg.ts';

/** The package is CommonJS: Node and bundlers give the function itself, its types the module around it. */
const forceAtlas2 = layout as unknown as typeof layout.default;

/** Where each node stands, x and y in turn: [2·N]. */
export type NodePlaces = Float32Array;

export interface DrawGraphOptions {
  /** [E]: drawn as width and darkness, the largest as thickest. Default: all alike. */
  readonly weights?: ArrayLike<number>;
  /** [N]: drawn as colours. Default: one. */
  readonly classes?: ArrayLike<number>;
  /** [N]: written beside the nodes. */
  readonly labels?: readonly string[];
  /** A node with a ring around it. */
  readonly marked?: number;
  /** Default: `layOutGraph`. */
  readonly places?: NodePlaces;
  readonly title?: string;
  /** Of the square picture, in pixels. Default 640. */
  readonly size?: number;
}

/**
 * Lays a graph out by forces: nodes that are linked attract, all others repel (graphology's ForceAtlas2). The same graph and seed give the same
 * picture.
 *
 * @throws if an edge names a node that is not there
 */
export function layOutGraph(edges: EdgeList, nodes: number, { seed = 0, steps = 300 } = {}): NodePlaces {
  checkEdges('layOutGraph', edges, nodes);
  const random = new Random(seed);
  const graph = new UndirectedGraph();
  for (let node = 0; node < nodes; node++) graph.addNode(node, { x: random.uniform(), y: random.uniform() });
  edges.sources.forEach((source, edge) => {
    if (source !== edges.targets[edge]) graph.mergeEdge(source, edges.targets[edge]);
  });
  const settings = { ...forceAtlas2.inferSettings(graph), gravity: 1, adjustSizes: false };
  const placed = nodes === 0 ? {} : forceAtlas2(graph, { iterations: steps, settings });
  return Float32Array.from({ length: 2 * nodes }, (_, i) => {
    const { x, y } = placed[String(i >> 1)];
    return i % 2 === 0 ? x : y;
  });
}

/**
 * A graph as an SVG picture, its edges as wide as they are attended to. Between two nodes the greater weight of both directions is drawn; loops
 * are not.
 *
 * @returns an SVG document, which an HTML page may contain as it is
 * @throws if lengths do not agree or an edge names a node that is not there
 *
 * @example
 * ```ts
 * import { drawGraph } from '@heed/graph';
 * const triangle = { sources: Int32Array.of(0, 1, 2), targets: Int32Array.of(1, 2, 0) };
 * drawGraph(triangle, 3, { weights: [0.1, 0.9, 0.5], labels: ['a', 'b', 'c'] }); // <svg …
 * ```
 */
export function drawGraph(edges: EdgeList, nodes: number, options: DrawGraphOptions = {}): string {
  const { weights, classes, labels, marked, title, size = 640 } = options;
  checkEdges('drawGraph', edges, nodes);
  requireLength('weights', weights, edges.sources.length);
  requireLength('classes', classes, nodes);
  requireLength('labels', labels, nodes);
  requireLength('places', options.places, 2 * nodes);
  const places = fitted(options.places ?? layOutGraph(edges, nodes), size);
  const radius = Math.max(2.5, Math.min(9, size / (6 * Math.sqrt(Math.max(1, nodes)))));
  const lines = strongest(edges, weights).map(([one, other, share]) => {
    const ends = `x1="${places[2 * one]}" y1="${places[2 * one + 1]}" x2="${places[2 * other]}" y2="${places[2 * other + 1]}"`;
    return `<line ${ends} stroke-width="${(0.5 + 5.5 * share).toFixed(2)}" stroke-opacity="${(0.15 + 0.75 * share).toFixed(2)}"/>`;
  });
  const dots = Array.from({ length: nodes }, (_, node) => {
    const [x, y] = [places[2 * node], places[2 * node + 1]];
    const colour = PALETTE[(classes?.[node] ?? 0) % PALETTE.length];
    const ring = node === marked ? circle(x, y, radius + 4, 'none', '#000') : '';
    const text =
      labels === undefined ? '' : `<text x="${x + radius + 2}" y="${y + 4}">${escapeMarkup(labels[node])}</text>`;
    return ring + circle(x, y, radius, colour, '#fff') + text;
  });
  return svg(size, title, [
    `<g stroke="#334" stroke-linecap="round">${lines.join('')}</g>`,
    `<g font-size="11">${dots.join('')}</g>`,
  ]);
}

/** Each pair of linked nodes once, with the share that its weight is of the greatest. */
function strongest({ sources, targets }: EdgeList, weights: ArrayLike<number> | undefined): [number, number, number][] {
  const pairs = new Map<string, [number, number, number]>();
  sources.forEach((source, edge) => {
    const target = targets[edge];
    if (source === target) return;
    const key = source < target ? `${source} ${target}` : `${target} ${source}`;
    const weight = Math.max(0, weights?.[edge] ?? 0.3);
    if (weight >= (pairs.get(key)?.[2] ?? -1)) pairs.set(key, [source, target, weight]);
  });
  const greatest = weights === undefined ? 1 : Math.max(1e-12, ...[...pairs.values()].map(([, , weight]) => weight));
  return [...pairs.values()].map(([one, other, weight]) => [one, other, weight / greatest]);
}

/** The places moved and scaled into the picture, with a margin. */
export function fitted(places: ArrayLike<number>, size: number): number[] {
  const values = Array.from(places);
  const range = (of: number) => {
    const own = values.filter((_, i) => i % 2 === of);
    const low = own.reduce((least, value) => Math.min(least, value), Infinity);
    const high = own.reduce((most, value) => Math.max(most, value), -Infinity);
    return { middle: (low + high) / 2, extent: high - low };
  };
  const ranges = [range(0), range(1)];
  const extent = Math.max(ranges[0].extent, ranges[1].extent);
  const scale = extent > 0 ? (0.86 * size) / extent : 0;
  return values.map((value, i) => Number((size / 2 + (value - ranges[i % 2].middle) * scale).toFixed(1)));
}

function requireLength(name: string, list: ArrayLike<unknown> | undefined, length: number): void {
  if (list !== undefined && list.length !== length) {
    throw new Error(`drawGraph: ${name} must have ${length} entries, got ${list.length}`);
  }
}
