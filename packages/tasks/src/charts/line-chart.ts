import { escapeMarkup } from '@heed/attention-core';
import { scaleLinear, scaleLog } from 'd3-scale';
import { line } from 'd3-shape';
import { formatFigure } from './format-figure.ts';

/** Curves over a common axis. Points whose value is not finite (or, on a logarithmic axis, not positive) are gaps. */
export interface LineChart {
  /** What the horizontal axis counts, e.g. `step`. */
  readonly x: string;
  /** What the vertical axis measures, with its unit. */
  readonly y: string;
  readonly series: readonly ChartSeries[];
  /** Of the vertical axis. Default `linear`. */
  readonly scale?: 'linear' | 'log';
}

/** A curve. Of more than 400 points, means of neighbours are drawn. */
export type ChartSeries = { readonly name: string } & (
  | {
      /** [x, y], x ascending. */
      readonly points: readonly (readonly [number, number])[];
    }
  | {
      /** y at x = 1, 2, 3, … */
      readonly values: readonly number[];
    }
);

const WIDTH = 640;
const HEIGHT = 320;
const MARGIN = { top: 12, right: 16, bottom: 40, left: 60 };
const MOST_POINTS = 400;
/** Curves differ in their dashes too, for those who do not see the colours. */
const DASHES = ['', '7 3', '2 3', '9 3 2 3', '1 2', '12 4'];

/** The style of a page's charts, as CSS. Colours are the page's variables `--blue`, `--orange`, `--green`, `--purple`, `--red`, `--grey`. */
export const CHART_STYLE =
  '.chart{width:100%;max-width:640px;height:auto;display:block;font:12px system-ui,sans-serif}' +
  '.chart text{fill:currentColor}.chart .tick{opacity:.7}.chart .grid{stroke:currentColor;stroke-opacity:.12}' +
  '.chart .curve{fill:none;stroke-width:2;stroke-linejoin:round}.chart .point{stroke:none}' +
  '.series-0{--c:var(--blue)}.series-1{--c:var(--orange)}.series-2{--c:var(--green)}' +
  '.series-3{--c:var(--purple)}.series-4{--c:var(--red)}.series-5{--c:var(--grey)}' +
  '.chart [class*=series-]{stroke:var(--c)}.chart .point{fill:var(--c)}' +
  '.legend{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;padding:0;margin:.5rem 0 0;list-style:none;font-size:.85rem}' +
  '.legend svg{width:2rem;height:.75rem;vertical-align:middle;margin-right:.4rem;stroke:var(--c);stroke-width:2}';

/**
 * A line chart as inline SVG with its legend; colours come from the page's style.
 *
 * @throws if there is no series, or none has a finite point
 *
 * @example
 * ```ts
 * import { renderLineChart } from '@heed/tasks';
 * renderLineChart({ x: 'epoch', y: 'loss', series: [{ name: 'train', values: [2.1, 1.4, 1.2] }] }); // <svg class="chart" …
 * ```
 */
export function renderLineChart({ x, y, series, scale = 'linear' }: LineChart): string {
  const drawable = ([at, value]: readonly [number, number]): boolean =>
    Number.isFinite(at) && Number.isFinite(value) && (scale === 'linear' || value > 0);
  const drawn = series.map((one) => thin(pointsOf(one)));
  const all = drawn.flat().filter(drawable);
  if (all.length === 0) {
    throw new Error(`renderLineChart: at least one finite point is needed, got none in ${series.length} series`);
  }
  const right = WIDTH - MARGIN.right;
  const bottom = HEIGHT - MARGIN.bottom;
  const across = scaleLinear(extent(all.map(([at]) => at)), [MARGIN.left, right]);
  const values = extent(all.map(([, value]) => value));
  const up =
    scale === 'log' ? scaleLog(values, [bottom, MARGIN.top]).nice() : scaleLinear(values, [bottom, MARGIN.top]).nice();

  const grid = up.ticks(6).map((tick) => {
    const at = round(up(tick));
    return (
      `<line class="grid" x1="${MARGIN.left}" x2="${right}" y1="${at}" y2="${at}"/>` +
      `<text class="tick" x="${MARGIN.left - 8}" y="${at}" text-anchor="end" dominant-baseline="central">${formatFigure(tick)}</text>`
    );
  });
  const ticks = across.ticks(7).map((tick) => {
    const text = formatFigure(tick);
    return `<text class="tick" x="${round(across(tick))}" y="${bottom + 18}" text-anchor="middle">${text}</text>`;
  });
  const path = line<readonly [number, number]>()
    .defined(drawable)
    .x(([at]) => across(at))
    .y(([, value]) => up(value))
    .digits(1);
  const curves = drawn.map((points, index) => {
    const only = points.filter(drawable);
    const [last] = only.slice(-1);
    if (last === undefined) return '';
    const dot = `<circle class="point series-${index % 6}" cx="${round(across(last[0]))}" cy="${round(up(last[1]))}" r="3"/>`;
    return `<path class="curve series-${index % 6}"${dash(index)} d="${path(points) ?? ''}"/>${dot}`;
  });
  const label = `${y} by ${x}: ${series.map(({ name }) => name).join(', ')}`;
  return [
    `<svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeMarkup(label)}">`,
    ...grid,
    ...ticks,
    `<text x="${(MARGIN.left + right) / 2}" y="${HEIGHT - 4}" text-anchor="middle">${escapeMarkup(x)}</text>`,
    `<text transform="translate(13 ${(MARGIN.top + bottom) / 2}) rotate(-90)" text-anchor="middle">${escapeMarkup(y)}</text>`,
    ...curves,
    '</svg>',
    legend(series),
  ].join('');
}

function legend(series: readonly ChartSeries[]): string {
  const items = series.map((one, index) => {
    const last = pointsOf(one).at(-1);
    const value = last === undefined ? 'no points' : formatFigure(last[1]);
    const sample = `<svg viewBox="0 0 32 12" aria-hidden="true"><path d="M0 6H32"${dash(index)}/></svg>`;
    return `<li class="series-${index % 6}">${sample}${escapeMarkup(one.name)}: ${value}</li>`;
  });
  return `<ul class="legend">${items.join('')}</ul>`;
}

type Points = readonly (readonly [number, number])[];

function pointsOf(series: ChartSeries): Points {
  return 'points' in series ? series.points : series.values.map((value, index) => [index + 1, value] as const);
}

/** Neighbours are averaged, so that a curve of many noisy steps stays small and legible. */
function thin(points: Points): Points {
  if (points.length <= MOST_POINTS) return points;
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  return Array.from({ length: MOST_POINTS }, (_, index) => {
    const from = Math.floor((index * points.length) / MOST_POINTS);
    const group = points.slice(from, Math.floor(((index + 1) * points.length) / MOST_POINTS));
    return [mean(group.map(([at]) => at)), mean(group.map(([, value]) => value))] as const;
  });
}

function extent(values: readonly number[]): [number, number] {
  const [low, high] = values.reduce(
    ([least, most], value) => [Math.min(least, value), Math.max(most, value)],
    [Infinity, -Infinity],
  );
  return low === high ? [low - Math.abs(low || 1) / 2, high + Math.abs(high || 1) / 2] : [low, high];
}

function dash(index: number): string {
  const pattern = DASHES[index % DASHES.length];
  return pattern === '' ? '' : ` stroke-dasharray="${pattern}"`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
