import { escapeMarkup, printableText, type LabelledMap } from '@heed/attention-core';

export interface RenderDocumentOptions {
  /** The page's title and heading. Default `Document`. */
  readonly title?: string;
  /** A sentence or two below the heading, e.g. what the document was taken for. */
  readonly description?: string;
}

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'";
const LONGEST = 2000;

const STYLE =
  ':root{color-scheme:light dark}' +
  'body{margin:0 auto;padding:2rem 1.25rem 4rem;max-width:50rem;font:16px/1.7 system-ui,sans-serif;background:Canvas;color:CanvasText}' +
  'h1{font-size:1.5rem;line-height:1.2;margin:0 0 .25rem}body>p{margin:0 0 1.5rem;opacity:.75}' +
  '.sentence{display:flex;gap:.75rem;padding:.1rem .5rem;unicode-bidi:isolate}' +
  '.sentence>b{flex:none;width:3.5rem;height:1.4rem;line-height:1.4rem;margin-top:.15rem;text-align:right;padding:0 .3rem;border-radius:.25rem;' +
  'font-size:.8rem;font-variant-numeric:tabular-nums;background:color-mix(in srgb,#c2410c calc(var(--w)*70%),Canvas)}' +
  '.sentence span{border-radius:.2rem;padding:0 .1rem;background:color-mix(in srgb,#2563eb calc(var(--w)*60%),Canvas)}';

/**
 * A document as a hierarchical network read it, as one standalone HTML page: each sentence in a line with its weight for the document, and in it each
 * word as strongly marked as it counted for its sentence, times the square root of the sentence's own weight (Yang et al. 2016, figure 5). Weights
 * stand in the words' titles.
 *
 * @param maps the attention of a prediction by `TextClassifier` with architecture 'han'
 * @throws if the first map is not one row over the sentences, or there is not one map of words for each of them
 *
 * @example
 * ```ts
 * import { renderDocument } from '@heed/nlp';
 * const html = renderDocument([
 *   { name: 'sentences', rows: ['document'], columns: ['Buy now !', 'See you .'], weights: [[0.9, 0.1]] },
 *   { name: 'words of sentence 1', rows: ['Buy now !'], columns: ['Buy', 'now', '!'], weights: [[0.6, 0.3, 0.1]] },
 *   { name: 'words of sentence 2', rows: ['See you .'], columns: ['See', 'you', '.'], weights: [[0.4, 0.4, 0.2]] },
 * ]);
 * ```
 */
export function renderDocument(
  maps: readonly LabelledMap[],
  { title = 'Document', description = '' }: RenderDocumentOptions = {},
): string {
  const [sentences, ...words] = maps;
  if (sentences === undefined || sentences.rows.length !== 1) {
    throw new Error(
      `renderDocument: the first map must be one row over the sentences, got ${sentences === undefined ? 'none' : `${sentences.rows.length} rows`}`,
    );
  }
  if (words.length !== sentences.columns.length || words.some(({ rows }) => rows.length !== 1)) {
    throw new Error(
      `renderDocument: each sentence must have a map of one row over its words, got ${words.length} maps for ${sentences.columns.length} sentences`,
    );
  }
  const [weights] = sentences.weights;
  const strongest = largest(weights);
  const lines = words.map((map, i) => {
    const most = largest(map.weights[0]);
    const marked = map.columns.map((word, j) => {
      const strength = Math.sqrt(share(weights[i], strongest)) * share(map.weights[0][j], most);
      return `<span style="--w:${strength.toFixed(3)}" title="${percent(map.weights[0][j])}">${shown(word)}</span>`;
    });
    const weight = `<b style="--w:${share(weights[i], strongest).toFixed(3)}">${percent(weights[i])}</b>`;
    return `<div class="sentence">${weight}<div dir="auto">${marked.join(' ')}</div></div>`;
  });
  return (
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}"><title>${shown(title)}</title><style>${STYLE}</style></head><body><h1>${shown(title)}</h1><p>${shown(description)}</p>\n` +
    `${lines.join('\n')}\n</body></html>\n`
  );
}

/** What somebody else wrote, as a page may have it. */
function shown(text: string): string {
  return escapeMarkup(printableText(text, { most: LONGEST, lines: true }));
}

/** A part of the largest, from 0 to 1; a weight that is no number marks nothing. */
function share(weight: number, most: number): number {
  return most > 0 && weight > 0 && weight <= most ? weight / most : 0;
}

function largest(weights: readonly number[]): number {
  return weights.reduce((most, weight) => (Number.isFinite(weight) && weight > most ? weight : most), 0);
}

function percent(part: number): string {
  return Number.isFinite(part) ? `${(100 * part).toFixed(1)} %` : 'no number';
}
