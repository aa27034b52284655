import { displayWidth, graphemes, truncate, visibleLabel } from './display-width.ts';
import { escapeMarkup } from './escape-markup.ts';
import { formatWeight } from './format-weight.ts';
import { fullStrength, requireMap, type LabelledMap } from '../labelled-map.ts';

export interface SvgOptions {
  /** Written above the map. Default: the map's name. */
  readonly title?: string;
  /** Side of a cell in pixels. Default: 28 or less, so that the longer side has about 640. */
  readonly cellSize?: number;
  /** The weight drawn at full strength. Default: the map's largest. */
  readonly maximum?: number;
  /** `linear` (default): ink is proportional to weight; `root`: to its square root, which shows the small weights of long sequences. */
  readonly scale?: 'linear' | 'root';
  /** What rows and columns are, e.g. `{ rows: 'spoken', columns: 'written' }`. */
  readonly axes?: { readonly rows: string; readonly columns: string };
}

/** Where things stand in the picture, in pixels. */
interface Layout {
  readonly cell: number;
  /** Upper left corner of the grid. */
  readonly left: number;
  readonly top: number;
  /** Which column labels are turned by 45°: those that do not fit their cell, and with them all but single characters. */
  readonly turned: readonly boolean[];
  readonly width: number;
  readonly height: number;
}

/** How weights become ink. */
interface Strength {
  readonly full: number;
  readonly scale: 'linear' | 'root';
}

const FONT = 13;
/** Mean width of a terminal column of text, in units of the font size. */
const COLUMN_WIDTH = 0.6;
const LONGEST_LABEL = 28;
const MOST_SINGLE_CELLS = 10_000;
const LEVELS = 64;
const MINIMUM_WIDTH = 170;

/**
 * Light and dark follow the page's `color-scheme`; an SVG that is its own document follows the reader's. A page sets
 * `--heed-map-positive` and `--heed-map-negative` to choose other colours.
 */
export const MAP_STYLE =
  '.heed-map{--p:#1d4ed8;--n:#c2410c;font:13px system-ui,sans-serif}' +
  '@supports(color:light-dark(red,red)){.heed-map{--p:light-dark(#1d4ed8,#7cb4ff);--n:light-dark(#c2410c,#fb9a4b)}}' +
  'svg.heed-map:root{color-scheme:light dark}' +
  '.heed-map text{fill:currentColor;unicode-bidi:isolate}' +
  '.heed-map .name{font-weight:600}.heed-map .axis,.heed-map text.legend{opacity:.65;font-size:11px}' +
  '.heed-map .ground{fill:currentColor;fill-opacity:.05}' +
  '.heed-map .cells{fill:var(--heed-map-positive,var(--p))}.heed-map .cells .negative{fill:var(--heed-map-negative,var(--n))}' +
  '.heed-map .cells rect:hover{stroke:currentColor;stroke-width:1.5}';

/**
 * A map as a heat map: rows are queries, columns are keys, the ink of a cell is its weight. Each cell has a tooltip (maps of more
 * than 10,000 cells are drawn in 64 steps without), labels are escaped, and nothing outside the text is needed.
 *
 * @returns an `<svg>` element, to be put into a page or saved as a file
 * @throws if the map's sizes and labels do not agree or a weight is not finite
 *
 * @example
 * ```ts
 * import { renderSvg } from '@heed/attention-core';
 * const svg = renderSvg({ name: 'alignment', weights: [[1, 0], [0.4, 0.6]], rows: ['le', 'chat'], columns: ['the', 'cat'] });
 * ```
 */
export function renderSvg(map: LabelledMap, options: SvgOptions = {}): string {
  return drawMap(map, options, { tooltips: true, style: true });
}

/** `renderSvg` for pages that bring the style or the tooltips themselves. */
export function drawMap(
  map: LabelledMap,
  { title = map.name, cellSize, maximum, scale = 'linear', axes }: SvgOptions,
  { tooltips, style }: { readonly tooltips: boolean; readonly style: boolean },
): string {
  requireMap('renderSvg', map);
  if (cellSize !== undefined && !(cellSize > 0)) {
    throw new Error(`renderSvg: cellSize must be positive, got ${cellSize}`);
  }
  const strength: Strength = { full: fullStrength('renderSvg', map, maximum), scale };
  const { rows, columns } = map;
  const layout = layOut(map, title, cellSize, axes !== undefined);
  const { cell, left, top, width, height } = layout;
  const single = rows.length * columns.length <= MOST_SINGLE_CELLS;
  const parts = [
    style ? `<style>${MAP_STYLE}</style>` : '',
    `<title>${text(title)}</title><desc>${escapeMarkup(describeMap(map))}</desc>`,
    `<text class="name" x="${left}" y="16">${short(title)}</text>`,
    axes === undefined ? '' : drawAxes(layout, axes),
    drawLabels(map, layout),
    `<rect class="ground" x="${left}" y="${top}" width="${round(columns.length * cell)}" height="${round(rows.length * cell)}" rx="2"/>`,
    `<g class="cells">${single ? drawCells(map, layout, strength, tooltips) : drawLevels(map, layout, strength)}</g>`,
    drawLegend(map, layout, strength),
  ];
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" class="heed-map" role="img" aria-label="${text(title)}" width="${width}" height="${height}" ` +
    `viewBox="0 0 ${width} ${height}" data-left="${left}" data-top="${top}" data-cell="${cell}">${parts.join('')}</svg>`
  );
}

/** What a cell says: `row → column: 0.83`. */
function describeCell({ weights, rows, columns }: LabelledMap, q: number, k: number): string {
  return `${visibleLabel(rows[q])} → ${visibleLabel(columns[k])}: ${formatWeight(weights[q][k])}`;
}

/** The map in words, for those who do not see it: its size, and what each row looks at most (the first twenty rows). */
function describeMap(map: LabelledMap): string {
  const strongestOfRow = map.weights.slice(0, 20).map((row, q) => describeCell(map, q, row.indexOf(Math.max(...row))));
  return `${map.rows.length} rows by ${map.columns.length} columns. Strongest in each row: ${strongestOfRow.join('; ')}`;
}

function layOut({ rows, columns }: LabelledMap, title: string, cellSize: number | undefined, hasAxes: boolean): Layout {
  const cell = cellSize ?? Math.max(2, Math.min(28, Math.floor(640 / Math.max(rows.length, columns.length))));
  const longest = (labels: readonly string[]) => Math.max(0, ...labels.map(textWidth));
  const fits = columns.map((label) => textWidth(label) <= cell - 4);
  const allFit = !fits.includes(false);
  const turned = columns.map((label, k) => !fits[k] || (!allFit && graphemes(visibleLabel(label)).length > 1));
  const rise = allFit ? FONT : (longest(columns.filter((_, k) => turned[k])) + FONT) * Math.SQRT1_2;
  const left = Math.ceil(longest(rows)) + 10 + (hasAxes ? 18 : 0);
  const top = 30 + (hasAxes ? 16 : 0) + Math.ceil(rise);
  const ends = columns.map((label, k) => (k + 0.5) * cell + (turned[k] ? textWidth(label) * Math.SQRT1_2 : 0));
  const right = Math.max(columns.length * cell, textWidth(title), ...ends, MINIMUM_WIDTH);
  const [width, height] = [Math.ceil(left + right + 10), Math.ceil(top + rows.length * cell + 30)];
  return { cell, left, top, turned, width, height };
}

/** About as wide as the text will be; only the browser knows its font. */
function textWidth(label: string): number {
  return Math.min(LONGEST_LABEL, displayWidth(visibleLabel(label))) * FONT * COLUMN_WIDTH;
}

function drawLabels({ rows, columns }: LabelledMap, { cell, left, top, turned }: Layout): string {
  // where cells are smaller than text, every n-th label is written
  const draw = (
    labels: readonly string[],
    room: number,
    place: (label: string, middle: number, index: number) => string,
  ) => {
    const every = Math.max(1, Math.ceil(room / cell));
    return labels.map((label, i) => (i % every === 0 ? place(label, (i + 0.5) * cell, i) : '')).join('');
  };
  const ofRows = draw(
    rows,
    FONT + 1,
    (label, y) =>
      `<text x="${left - 6}" y="${round(top + y)}" text-anchor="end" dominant-baseline="central">${short(label)}</text>`,
  );
  const ofColumns = draw(columns, FONT * 1.5, (label, x, k) =>
    !turned[k]
      ? `<text x="${round(left + x)}" y="${top - 7}" text-anchor="middle">${short(label)}</text>`
      : `<text transform="translate(${round(left + x + 3)} ${top - 6}) rotate(-45)">${short(label)}</text>`,
  );
  return `<g class="rows">${ofRows}</g><g class="columns">${ofColumns}</g>`;
}

function drawAxes({ left, top, height }: Layout, { rows, columns }: { rows: string; columns: string }): string {
  const middle = round((top + height - 30) / 2);
  return (
    `<text class="axis" x="${left}" y="33">${text(columns)} →</text>` +
    `<text class="axis" transform="translate(11 ${middle}) rotate(-90)" text-anchor="middle">← ${text(rows)}</text>`
  );
}

/** The ink of a cell, in [0, 1]. */
function inkOf(weight: number, { full, scale }: Strength): number {
  const part = Math.min(1, Math.abs(weight) / full);
  return scale === 'root' ? Math.sqrt(part) : part;
}

/** One rectangle per cell. */
function drawCells(map: LabelledMap, layout: Layout, strength: Strength, tooltips: boolean): string {
  const { cell, left, top } = layout;
  const gap = cell >= 10 ? 1 : 0;
  const side = round(cell - gap);
  const rounding = gap > 0 ? ' rx="2"' : '';
  const draw = (weight: number, q: number, k: number) => {
    const place = `x="${round(left + k * cell + gap / 2)}" y="${round(top + q * cell + gap / 2)}"`;
    const sign = weight < 0 ? ' class="negative"' : '';
    const ink = Number(inkOf(weight, strength).toFixed(4));
    const tooltip = tooltips ? `<title>${escapeMarkup(describeCell(map, q, k))}</title>` : '';
    return `<rect ${place} width="${side}" height="${side}"${rounding}${sign} fill-opacity="${ink}">${tooltip}</rect>`;
  };
  return map.weights.map((row, q) => row.map((weight, k) => draw(weight, q, k)).join('')).join('');
}

/** One path for all cells of about the same ink: small however large the map. */
function drawLevels({ weights }: LabelledMap, { cell, left, top }: Layout, strength: Strength): string {
  const paths = new Map<number, string>();
  const side = round(cell);
  weights.forEach((row, q) =>
    row.forEach((weight, k) => {
      const level = Math.round(inkOf(weight, strength) * LEVELS) * Math.sign(weight);
      if (level === 0) return;
      const square = `M${round(left + k * cell)} ${round(top + q * cell)}h${side}v${side}h-${side}z`;
      paths.set(level, (paths.get(level) ?? '') + square);
    }),
  );
  return [...paths]
    .map(
      ([level, d]) =>
        `<path${level < 0 ? ' class="negative"' : ''} fill-opacity="${Math.abs(level) / LEVELS}" d="${d}"/>`,
    )
    .join('');
}

/** A bar from 0, or from the most negative ink where a weight is negative, to full ink. */
function drawLegend({ weights }: LabelledMap, { left, height }: Layout, strength: Strength): string {
  const { full } = strength;
  const signed = weights.some((row) => row.some((weight) => weight < 0));
  const low = signed ? formatWeight(-full) : '0';
  const start = left + low.length * 7 + 5;
  const steps = signed ? 13 : 12;
  const bar = Array.from({ length: steps }, (_, i) => {
    const part = signed ? (2 * i) / (steps - 1) - 1 : i / (steps - 1);
    const sign = part < 0 ? ' class="negative"' : '';
    return `<rect x="${start + i * 8}" y="${height - 17}" width="8" height="8"${sign} fill-opacity="${round(inkOf(part * full, strength))}"/>`;
  }).join('');
  const number = (x: number, value: string) =>
    `<text class="legend" x="${x}" y="${height - 13}" dominant-baseline="central">${value}</text>`;
  return `<g class="cells legend" pointer-events="none">${bar}</g>${number(left, low)}${number(start + steps * 8 + 5, formatWeight(full))}`;
}

function short(label: string): string {
  return escapeMarkup(truncate(visibleLabel(label), LONGEST_LABEL));
}

function text(value: string): string {
  return escapeMarkup(visibleLabel(value));
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
