import { visibleLabel } from './display-width.ts';
import { escapeMarkup } from './escape-markup.ts';
import { formatWeight } from './format-weight.ts';
import { htmlPage, type HtmlPageOptions } from './html-page.ts';
import { requireMap, type LabelledMap } from '../labelled-map.ts';
import { drawMap, MAP_STYLE, type SvgOptions } from './render-svg.ts';

export interface HtmlOptions extends HtmlPageOptions, Pick<SvgOptions, 'axes' | 'maximum' | 'scale'> {}

const PAGE_STYLE =
  'main{display:flex;flex-wrap:wrap;gap:1.5rem;margin-top:1.5rem;align-items:flex-start}' +
  'figure{margin:0;padding:1rem 1.25rem;max-width:100%;box-sizing:border-box;border-radius:.75rem;' +
  'border:1px solid color-mix(in srgb,CanvasText 14%,Canvas)}' +
  'figure .map{overflow-x:auto}figure svg{display:block;overflow:visible}' +
  'details{font-size:.8rem;margin-top:.5rem}summary{cursor:pointer;opacity:.65}' +
  'details div{overflow:auto;max-height:24rem;margin-top:.5rem}' +
  'table{border-collapse:collapse;font-variant-numeric:tabular-nums}th,td{padding:.15rem .5rem;text-align:right}' +
  'th{font-weight:600;unicode-bidi:isolate}thead th{position:sticky;top:0;background:Canvas}' +
  '.reading{position:fixed;pointer-events:none;z-index:1;padding:.3rem .6rem;border-radius:.4rem;font-size:.85rem;' +
  'white-space:nowrap;background:CanvasText;color:Canvas;font-variant-numeric:tabular-nums}.reading b{margin-left:.6rem}' +
  '.heed-map .crosshair{fill:none;stroke:currentColor;stroke-opacity:.35;pointer-events:none}' +
  '.heed-map .rows text,.heed-map .columns text{transition:opacity .1s}';

/** Reads the values from the table beside each map, so that the numbers stand in the page once and are there without scripts. */
const PAGE_SCRIPT = `
const reading = document.querySelector('.reading');
const svgNamespace = 'http://www.w3.org/2000/svg';
for (const figure of document.querySelectorAll('figure')) {
  const svg = figure.querySelector('svg');
  const table = figure.querySelector('table');
  const { left, top, cell } = Object.fromEntries(Object.entries(svg.dataset).map(([k, v]) => [k, Number(v)]));
  const rows = table.tBodies[0].rows;
  const columns = table.tHead.rows[0].cells;
  const crosshair = [0, 1].map(() => {
    const bar = document.createElementNS(svgNamespace, 'rect');
    bar.setAttribute('class', 'crosshair');
    return bar;
  });
  const place = (bar, box) => Object.entries(box).forEach(([name, value]) => bar.setAttribute(name, value));
  const hide = () => {
    reading.hidden = true;
    crosshair.forEach((bar) => bar.remove());
  };
  svg.addEventListener('pointerleave', hide);
  svg.addEventListener('pointermove', (event) => {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    const q = Math.floor((point.y - top) / cell);
    const k = Math.floor((point.x - left) / cell);
    if (q < 0 || k < 0 || q >= rows.length || k >= columns.length - 1) return hide();
    place(crosshair[0], { x: left, y: top + q * cell, width: (columns.length - 1) * cell, height: cell });
    place(crosshair[1], { x: left + k * cell, y: top, width: cell, height: rows.length * cell });
    svg.append(...crosshair);
    const value = document.createElement('b');
    value.textContent = rows[q].cells[k + 1].textContent;
    reading.replaceChildren(rows[q].cells[0].textContent + ' \\u2192 ' + columns[k + 1].textContent, value);
    reading.hidden = false;
    const x = Math.min(event.clientX + 14, innerWidth - reading.offsetWidth - 8);
    const y = event.clientY + 22 + reading.offsetHeight > innerHeight ? event.clientY - 12 - reading.offsetHeight : event.clientY + 18;
    reading.style.left = x + 'px';
    reading.style.top = y + 'px';
  });
}
`;

/**
 * A page with one or several maps. It asks for nothing over the network, follows the reader's light or dark setting, shows each
 * weight under the pointer, and has every map as a table too.
 *
 * @throws if there is no map, a map's sizes and labels do not agree or a weight is not finite
 *
 * @example
 * ```ts
 * import { renderHtml } from '@heed/attention-core';
 * const page = renderHtml([{ name: 'head 0', weights: [[1, 0], [0.4, 0.6]], rows: ['le', 'chat'], columns: ['the', 'cat'] }], {
 *   title: 'Translation',
 * });
 * ```
 */
export function renderHtml(maps: readonly LabelledMap[], { title, description, ...options }: HtmlOptions = {}): string {
  if (maps.length === 0) throw new Error('renderHtml: at least one map is needed, got none');
  return htmlPage({ title, description }, PAGE_STYLE + MAP_STYLE, [
    `<main>${maps.map((map) => renderFigure(map, options)).join('\n')}</main>`,
    '<div class="reading" hidden></div>',
    `<script>${PAGE_SCRIPT}</script>`,
  ]);
}

function renderFigure(map: LabelledMap, options: SvgOptions): string {
  requireMap('renderHtml', map);
  const svg = drawMap(map, options, { tooltips: false, style: false });
  return `<figure><div class="map">${svg}</div><details><summary>Values</summary><div>${renderTable(map)}</div></details></figure>`;
}

function renderTable({ weights, rows, columns }: LabelledMap): string {
  const label = (text: string) => escapeMarkup(visibleLabel(text));
  const head = columns.map((column) => `<th scope="col">${label(column)}</th>`).join('');
  const body = weights
    .map((row, q) => {
      const cells = row.map((weight) => `<td>${formatWeight(weight)}</td>`).join('');
      return `<tr><th scope="row">${label(rows[q])}</th>${cells}</tr>`;
    })
    .join('');
  return `<table><thead><tr><th></th>${head}</tr></thead><tbody>${body}</tbody></table>`;
}
