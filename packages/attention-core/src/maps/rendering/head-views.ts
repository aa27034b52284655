import { visibleLabel } from './display-width.ts';
import { requireMap, type LabelledMap } from '../labelled-map.ts';
import { HEADS_SCRIPT, HEADS_STYLE } from './head-views.page.ts';

/**
 * Every head of every layer in two views that can be gone through (Vig 2019, "A multiscale visualization of attention in the Transformer model",
 * BertViz), as markup for a page of one's own; `renderHeads` is a whole page of it.
 *
 * The head view has the rows on the left and the columns on the right, and a line between two for each chosen head, as opaque as its weight; the
 * label under the pointer or the focus keeps its lines alone. The model view is a grid of layers by heads, small maps which a click enlarges.
 * Both work with keys and with a pointer, follow the page's light or dark setting, and need its scripts to be allowed.
 *
 * Weights are kept as bytes of their square roots: a page takes 4/3 of a byte for each (12 layers × 12 heads × 64² weights: 0.8 MB), and a weight w
 * is off by √w/255 at most.
 *
 * @param layers for each layer the maps of its heads (`labelHeads`), all of the same rows and columns
 * @throws if there is no layer or a layer has no head; if rows and columns differ, a weight is negative or not finite
 *
 * @example
 * ```ts
 * import { headViews } from '@heed/attention-core';
 * const labels = { rows: ['a', 'cat'], columns: ['a', 'cat'] };
 * const head = { name: 'layer 1, head 0', weights: [[1, 0], [0.4, 0.6]], ...labels };
 * const markup = `<body>${headViews([[head]])}</body>`;
 * ```
 */
export function headViews(layers: readonly (readonly LabelledMap[])[]): string {
  return `<div class="heed-heads"><style>${HEADS_STYLE}</style>${SHELL}${dataOf(layers)}<script>${HEADS_SCRIPT}</script></div>`;
}

/** What the script fills. */
const SHELL =
  '<noscript><p>The views are drawn by a script, and scripts are switched off.</p></noscript>' +
  '<section class="head-view"><h2>Head view</h2>' +
  '<p>Lines are as opaque as their weights. The token under the pointer shows its own alone; a click keeps it. With keys: Tab, then arrows.</p>' +
  '<div class="controls"><label>Layer <select></select></label><fieldset><legend>Heads</legend></fieldset>' +
  '<button type="button" data-heads="all">All heads</button><button type="button" data-heads="none">No head</button></div>' +
  '<div class="tokens"><ol data-side="0" aria-label="looks"></ol><canvas aria-hidden="true"></canvas><ol data-side="1" aria-label="is looked at"></ol></div>' +
  '<output aria-live="polite"></output></section>' +
  '<section class="model-view"><h2>Model view</h2>' +
  '<p>A row for each layer, a column for each head. Ink is the square root of the weight. A click enlarges. With keys: Tab, then arrows and Enter.</p>' +
  '<div class="grid" role="group" aria-label="Heads by layer"></div></section>' +
  '<dialog><form method="dialog"><h2></h2><button type="button" data-show>Show in the head view</button><button>Close</button></form>' +
  '<div class="large"><canvas tabindex="0" role="img"></canvas></div><output aria-live="polite"></output></dialog>';

function dataOf(layers: readonly (readonly LabelledMap[])[]): string {
  const first = layers[0]?.[0];
  if (first === undefined) throw new Error('renderHeads: at least one layer of one head is needed, got none');
  const { rows, columns } = first;
  const maps = layers.flat();
  for (const map of maps) requireHead(map, first);
  const largest = maps.reduce((most, { weights }) => weights.flat().reduce((a, b) => Math.max(a, b), most), 1);
  const size = rows.length * columns.length;
  const bytes = new Uint8Array(maps.length * size);
  for (const [m, { weights }] of maps.entries()) {
    for (const [i, weight] of weights.flat().entries())
      bytes[m * size + i] = Math.round(255 * Math.sqrt(weight / largest));
  }
  const data = {
    rows: rows.map(visibleLabel),
    columns: columns.map(visibleLabel),
    layers: layers.map((heads, i) => {
      if (heads.length === 0) throw new Error(`renderHeads: every layer must have a head, got none in layer ${i}`);
      return heads.map(({ name }) => visibleLabel(name));
    }),
    largest,
    weights: base64(bytes),
  };
  return `<script type="application/json">${JSON.stringify(data).replaceAll('<', '\\u003c')}</script>`;
}

/** @throws unless the map has the rows and columns of the first, and weights that can be drawn as lines */
function requireHead(map: LabelledMap, { rows, columns }: LabelledMap): void {
  requireMap('renderHeads', map);
  const same = (a: readonly string[], b: readonly string[]) => a.length === b.length && a.every((x, i) => x === b[i]);
  if (!same(map.rows, rows) || !same(map.columns, columns)) {
    throw new Error(
      `renderHeads: all heads must have the same rows and columns, got others in "${map.name}": ${map.rows.length} by ${map.columns.length}`,
    );
  }
  const negative = map.weights.flat().find((weight) => weight < 0);
  if (negative !== undefined) {
    throw new Error(`renderHeads: weights must not be negative, got ${negative} in "${map.name}"`);
  }
}

function base64(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}
