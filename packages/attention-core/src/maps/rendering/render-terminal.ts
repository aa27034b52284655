import { displayWidth, graphemes, isolate, truncate, visibleLabel } from './display-width.ts';
import { formatWeight } from './format-weight.ts';
import { fullStrength, requireMap, type LabelledMap } from '../labelled-map.ts';

export interface TerminalOptions {
  /** Whether to use ANSI colours: blue weights, the strongest of each row yellow, negative ones red. Default false. */
  readonly color?: boolean;
  /** Columns of the terminal; a map that is wider is continued below itself. Default 80. */
  readonly width?: number;
  /** The weight drawn as a full block. Default: the map's largest. */
  readonly maximum?: number;
}

/** From nothing to full, by how much ink a cell has: right on dark and light terminals alike. */
const SHADES = [' ', '·', '░', '▒', '▓', '█'] as const;
const CELL = 2;
const LONGEST_LABEL = 16;
const [BLUE, YELLOW, RED, GREY] = [75, 220, 203, 245];

/**
 * A map as a grid of shaded blocks: rows are queries, columns are keys. Labels may be of any script; long column labels are
 * written downwards.
 *
 * @throws if the map's sizes and labels do not agree or a weight is not finite
 *
 * @example
 * ```ts
 * import { renderTerminal } from '@heed/attention-core';
 * renderTerminal({ name: 'alignment', weights: [[1, 0], [0.5, 0.5]], rows: ['x', 'y'], columns: ['a', 'b'] });
 * // alignment
 * //   a b
 * // x ██
 * // y ▒▒▒▒
 * // 0 ·░▒▓█ 1
 * ```
 */
export function renderTerminal(map: LabelledMap, { color = false, width = 80, maximum }: TerminalOptions = {}): string {
  requireMap('renderTerminal', map);
  const full = fullStrength('renderTerminal', map, maximum);
  const paint = color
    ? (code: number, text: string) => `\u001B[38;5;${code}m${text}\u001B[39m`
    : (_: number, t: string) => t;
  const rows = map.rows.map((label) => truncate(visibleLabel(label), LONGEST_LABEL));
  const columns = map.columns.map((label) => truncate(visibleLabel(label), LONGEST_LABEL));
  const margin = Math.max(...rows.map(displayWidth)) + 1;
  const perPanel = Math.max(1, Math.floor((width - margin) / CELL));

  const panels: string[] = [];
  for (let start = 0; start < columns.length; start += perPanel) {
    const end = Math.min(columns.length, start + perPanel);
    const body = rows.map((label, q) => {
      const weights = map.weights[q];
      const largest = Math.max(...weights);
      const cells = weights
        .slice(start, end)
        .map((weight) => paint(hue(weight, largest), cell(weight / full)))
        .join('');
      return `${' '.repeat(margin - 1 - displayWidth(label))}${isolate(label)} ${cells}`;
    });
    panels.push([...header(columns.slice(start, end), margin), ...body].map((line) => line.trimEnd()).join('\n'));
  }
  const signed = map.weights.some((row) => row.some((weight) => weight < 0));
  const legend = `0 ${SHADES.slice(1).join('')} ${formatWeight(full)}${signed ? ', ░- below 0' : ''}`;
  return [visibleLabel(map.name), panels.join('\n\n'), paint(GREY, legend)].join('\n');
}

/** Two columns of ink for a weight as a fraction of full; a negative one ends in a minus sign. */
function cell(fraction: number): string {
  const level = Math.round(Math.min(1, Math.abs(fraction)) * (SHADES.length - 1));
  const shade = SHADES[level];
  return fraction < 0 && level > 0 ? `${shade}-` : shade.repeat(CELL);
}

function hue(weight: number, largestInRow: number): number {
  if (weight < 0) return RED;
  return weight === largestInRow && weight > 0 ? YELLOW : BLUE;
}

/** Column labels: side by side where each fits its cell, else one character below the other, ending at the grid. */
function header(labels: readonly string[], margin: number): string[] {
  const left = ' '.repeat(margin);
  if (labels.every((label) => displayWidth(label) <= CELL && graphemes(label).length === 1)) {
    return [left + labels.map(toCell).join('')];
  }
  const letters = labels.map(graphemes);
  const height = Math.max(...letters.map((list) => list.length));
  return Array.from(
    { length: height },
    (_, line) => left + letters.map((list) => toCell(list[line - (height - list.length)] ?? '')).join(''),
  );
}

function toCell(grapheme: string): string {
  return isolate(grapheme) + ' '.repeat(Math.max(0, CELL - displayWidth(grapheme)));
}
