import { escapeMarkup } from '@heed/attention-core';
import { formatFigure } from '@heed/tasks';
import type { TargetForecast } from '../tasks/forecaster/forecaster-config.ts';

/** A forecast with what came before it. */
export interface Fan {
  /** The last values before the forecast: as many as are to be seen. */
  readonly history: ArrayLike<number>;
  readonly forecast: TargetForecast;
  /** What the baseline is called. */
  readonly baselineName: string;
  /** What happened, where it is known. */
  readonly actual?: ArrayLike<number>;
  /** How much each step of the history was looked at; drawn below it. */
  readonly attention?: ArrayLike<number>;
  /** What a step is. Default `step`. */
  readonly step?: string;
}

const WIDTH = 640;
const HEIGHT = 320;
const MARGIN = { top: 12, right: 16, bottom: 40, left: 60 };
/** Height of the attention's strip. */
const STRIP = 46;

/**
 * The history, the forecast and its baseline with their intervals as a fan, and below them how much each past step was looked at: inline SVG for a page
 * with `CHART_STYLE` of @heed/tasks. Missing values are gaps.
 *
 * @throws if nothing is finite
 *
 * @example
 * ```ts
 * import { renderFan, type Forecast } from '@heed/timeseries';
 * const show = (history: number[], { targets, baselineName }: Forecast) => renderFan({ history, forecast: targets[0], baselineName });
 * ```
 */
export function renderFan({ history, forecast, baselineName, actual, attention, step = 'step' }: Fan): string {
  const past = Array.from(history);
  const { values, intervals, baseline, name } = forecast;
  const everything = [past, values, baseline, actual ?? [], ...intervals.flatMap(({ low, high }) => [low, high])];
  const finite = everything.flatMap((list) => Array.from(list).filter(Number.isFinite));
  if (finite.length === 0) throw new Error(`renderFan: a value must be finite, got none of ${name}`);
  const low = finite.reduce((least, value) => Math.min(least, value));
  const high = finite.reduce((most, value) => Math.max(most, value));
  const room = high > low ? (high - low) / 20 : 1;
  const first = -past.length;
  const bottom = HEIGHT - MARGIN.bottom - (attention === undefined ? 0 : STRIP + 8);
  const across = (at: number) =>
    round(MARGIN.left + ((at - first) / (values.length - 1 - first)) * (WIDTH - MARGIN.left - MARGIN.right));
  const up = (value: number) =>
    round(bottom - ((value - low + room) / (high - low + 2 * room)) * (bottom - MARGIN.top));

  /** From the last known value on, so that a forecast begins where the past ends. */
  const from = (list: ArrayLike<number>): [number, number][] => [
    ...past.slice(-1).map((value): [number, number] => [-1, value]),
    ...Array.from(list, (value, i): [number, number] => [i, value]),
  ];
  const curve = (points: readonly (readonly [number, number])[], series: number, dashes = '') => {
    let pen = 'M';
    const d = points.map(([at, value]) => {
      if (!Number.isFinite(value)) {
        pen = 'M';
        return '';
      }
      const part = `${pen}${across(at)} ${up(value)}`;
      pen = 'L';
      return part;
    });
    const dash = dashes === '' ? '' : ` stroke-dasharray="${dashes}"`;
    return `<path class="curve series-${series}"${dash} d="${d.join('')}"/>`;
  };
  const bands = [...intervals]
    .reverse()
    .filter((interval) => [...interval.low, ...interval.high].every(Number.isFinite))
    .map((interval) => {
      const outline = [...from(interval.high), ...from(interval.low).reverse()];
      const d = outline.map(([at, value], i) => `${i === 0 ? 'M' : 'L'}${across(at)} ${up(value)}`).join('');
      return `<path class="series-0" style="fill:var(--c);fill-opacity:.16;stroke:none" d="${d}Z"/>`;
    });
  const ticks = [low, (low + high) / 2, high].map((value) => {
    const at = up(value);
    const text = `<text class="tick" x="${MARGIN.left - 8}" y="${at}" text-anchor="end" dominant-baseline="central">${formatFigure(value)}</text>`;
    return `<line class="grid" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${at}" y2="${at}"/>${text}`;
  });
  const marks = [first, Math.round(first / 2), 0, values.length - 1].map(
    (at) =>
      `<text class="tick" x="${across(at)}" y="${HEIGHT - MARGIN.bottom + 18}" text-anchor="middle">${at > 0 ? `+${at + 1}` : at}</text>`,
  );
  const curves: [label: string, drawn: string, series: number][] = [
    [
      'past',
      curve(
        Array.from(past, (value, i) => [first + i, value]),
        5,
      ),
      5,
    ],
    [
      `forecast, ${intervals.map(({ level }) => `${Math.round(100 * level)} %`).join(' and ')}`,
      curve(from(values), 0),
      0,
    ],
    [baselineName, curve(from(baseline), 1, '7 3'), 1],
    ...(actual === undefined ? [] : [['what happened', curve(from(actual), 2, '2 3'), 2] as [string, string, number]]),
  ];
  const legend = curves.map(([label, , series]) => {
    const sample = '<svg viewBox="0 0 32 12" aria-hidden="true"><path d="M0 6H32"/></svg>';
    return `<li class="series-${series}">${sample}${escapeMarkup(label)}</li>`;
  });
  const label = `${name}: past, forecast with intervals, ${baselineName}`;
  return [
    `<svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeMarkup(label)}">`,
    ...ticks,
    ...bands,
    ...curves.map(([, drawn]) => drawn),
    ...(attention === undefined ? [] : strip(attention)),
    ...marks,
    `<text x="${(MARGIN.left + WIDTH - MARGIN.right) / 2}" y="${HEIGHT - 4}" text-anchor="middle">${escapeMarkup(step)}</text>`,
    '</svg>',
    `<ul class="legend">${legend.join('')}</ul>`,
  ].join('');

  /** Bars below the past, the highest as high as the strip. */
  function strip(weights: ArrayLike<number>): string[] {
    const shown = Array.from(weights).slice(-past.length);
    const most = shown.reduce((largest, weight) => Math.max(largest, weight), 0);
    const base = HEIGHT - MARGIN.bottom;
    const bars = shown.map((weight, i) => {
      const height = most > 0 ? round((STRIP * weight) / most) : 0;
      const at = across(i - shown.length);
      return `<rect x="${at}" y="${round(base - height)}" width="${Math.max(0.5, round(across(1) - across(0)))}" height="${height}" style="fill:var(--purple);stroke:none"/>`;
    });
    const text = `<text class="tick" x="${MARGIN.left - 8}" y="${base - STRIP / 2}" text-anchor="end" dominant-baseline="central">attention</text>`;
    return [text, ...bars];
  }
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
