import { escapeMarkup, headViews, renderSvg, type LabelledMap } from '@heed/attention-core';
import { CHART_STYLE, renderLineChart, type LineChart } from '@heed/tasks';
import { renderTable, TABLE_STYLE, type Table } from './table.ts';

/** One part of a report: a heading, words, and something to look at. */
export type ReportSection = {
  readonly title: string;
  /** A sentence or two below the heading; an empty line begins a new paragraph. */
  readonly text?: string;
} & ReportContent;

type ReportContent =
  | { readonly lineChart: LineChart }
  | { readonly table: Table }
  /** Heat maps; `axes` says what rows and columns are. */
  | {
      readonly attention: LabelledMap | readonly LabelledMap[];
      readonly axes?: { readonly rows: string; readonly columns: string };
    }
  /** Every head of every layer, as lines between tokens and as a grid of maps; once in a report is enough. */
  | { readonly heads: readonly (readonly LabelledMap[])[] }
  /** Sections in columns, to be compared; below each other where the window is narrow. */
  | { readonly sideBySide: readonly ReportSection[] }
  /** Markup in a frame of its own, whose scripts run: it can neither load anything nor lead the reader elsewhere. */
  | { readonly svg: string }
  | { readonly html: string }
  | { readonly text: string };

export interface Report {
  /** Default `Report`. */
  readonly title?: string;
  /** Below the title: what was done, on which data, in how long. */
  readonly summary?: string;
  readonly sections?: readonly ReportSection[];
  /** Heat maps, for a report of nothing else. */
  readonly attention?: LabelledMap | readonly LabelledMap[];
}

const PAGE_STYLE =
  ':root{color-scheme:light dark;--line:color-mix(in srgb,CanvasText 15%,Canvas);' +
  '--blue:#1d5fbf;--orange:#b84a00;--green:#00734f;--purple:#7a3ba8;--red:#b3263b;--grey:#5b6270}' +
  '@media(prefers-color-scheme:dark){:root{--blue:#6cb0ff;--orange:#ffa25e;--green:#4ed1a1;--purple:#cf9bf5;' +
  '--red:#ff8a98;--grey:#aab2bf}}' +
  'body{margin:0 auto;padding:2rem 1.25rem 4rem;max-width:76rem;font:16px/1.55 system-ui,sans-serif;' +
  'background:Canvas;color:CanvasText}h1{font-size:1.6rem;line-height:1.2;margin:0 0 .5rem}' +
  'h2{font-size:1.15rem;margin:0 0 .5rem}h3{font-size:1rem;margin:0 0 .5rem}p{max-width:46rem;margin:0 0 .75rem}' +
  'header p{opacity:.8}section{margin-top:2.25rem}section section{margin-top:0}' +
  '.columns{display:grid;gap:1.5rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,22rem),1fr))}' +
  'iframe{border:0;width:100%}.maps{display:flex;flex-wrap:wrap;gap:1.25rem;align-items:flex-start}.map{overflow-x:auto;max-width:100%}';

/** Everything is inside the page; should any markup name something outside, the browser does not ask for it. */
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'";

/**
 * A report as one HTML page: no request goes out from it, and it follows the reader's light or dark setting.
 *
 * @throws if a table's rows and columns, or a map's sizes and labels, do not agree, or a chart has no point
 */
export function renderReport({ title = 'Report', summary, sections = [], attention }: Report): string {
  const heading = escapeMarkup(title);
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`,
    `<title>${heading}</title>`,
    `<style>${PAGE_STYLE}${CHART_STYLE}${TABLE_STYLE}</style>`,
    '</head>',
    '<body>',
    `<header><h1>${heading}</h1>${paragraphs(summary)}</header>`,
    '<main>',
    ...(attention === undefined ? [] : [renderMaps(attention)]),
    ...sections.map((section) => renderSection(section, 2)),
    '</main>',
    ...(hasFrame(sections) ? [FIT_FRAMES] : []),
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

function hasFrame(sections: readonly ReportSection[]): boolean {
  return sections.some(
    (section) => 'svg' in section || 'html' in section || ('sideBySide' in section && hasFrame(section.sideBySide)),
  );
}

function renderSection(section: ReportSection, level: 2 | 3): string {
  const heading = `<h${level}>${escapeMarkup(section.title)}</h${level}>`;
  return `<section>${heading}${paragraphs(section.text)}${renderContent(section)}</section>`;
}

function renderContent(section: ReportSection): string {
  if ('lineChart' in section) return renderLineChart(section.lineChart);
  if ('table' in section) return renderTable(section.table);
  if ('attention' in section) return renderMaps(section.attention, section.axes);
  if ('heads' in section) return headViews(section.heads);
  if ('sideBySide' in section) {
    return `<div class="columns">${section.sideBySide.map((part) => renderSection(part, 3)).join('')}</div>`;
  }
  if ('svg' in section) return frame(section.svg);
  return 'html' in section ? frame(section.html) : '';
}

/** A document apart, without an origin: it has no forms, opens nothing, and can send nothing but its height. */
function frame(markup: string): string {
  const style =
    '<style>:root{color-scheme:light dark}body{margin:0;font:16px/1.55 system-ui,sans-serif;color:CanvasText}</style>';
  const policy = `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`;
  const measure = `<script>new ResizeObserver(()=>parent.postMessage({heedHeight:document.documentElement.offsetHeight},'*')).observe(document.documentElement)</script>`;
  return `<iframe sandbox="allow-scripts" srcdoc="${escapeMarkup(`<!doctype html>${policy}${style}${measure}${markup}`)}"></iframe>`;
}

const FIT_FRAMES =
  "<script>addEventListener('message',e=>{for(const f of document.querySelectorAll('iframe'))" +
  "if(f.contentWindow===e.source&&e.data&&e.data.heedHeight>0)f.style.height=Math.min(e.data.heedHeight,20000)+'px'})</script>";

function renderMaps(
  maps: LabelledMap | readonly LabelledMap[],
  axes?: { readonly rows: string; readonly columns: string },
): string {
  const list = 'weights' in maps ? [maps] : maps;
  const drawn = list.map((map) => `<div class="map">${renderSvg(map, axes === undefined ? {} : { axes })}</div>`);
  return `<div class="maps">${drawn.join('')}</div>`;
}

function paragraphs(text: string | undefined): string {
  if (text === undefined) return '';
  return text
    .split(/\n\s*\n/)
    .map((paragraph) => `<p>${escapeMarkup(paragraph.trim())}</p>`)
    .join('');
}
