import { visibleLabel } from './display-width.ts';
import { escapeMarkup } from './escape-markup.ts';

export interface HtmlPageOptions {
  /** The page's title and heading. Default `Attention`. */
  readonly title?: string;
  /** A sentence or two below the heading. */
  readonly description?: string;
}

const STYLE =
  ':root{color-scheme:light dark}' +
  'body{margin:0 auto;padding:2rem 1.25rem 4rem;max-width:80rem;font:16px/1.5 system-ui,sans-serif;' +
  'background:Canvas;color:CanvasText}' +
  'h1{font-size:1.5rem;line-height:1.2;margin:0 0 .25rem}p{margin:0;max-width:45rem;opacity:.75}';

/** A page that asks for nothing over the network, and forbids itself to; it follows the reader's light or dark setting. */
export function htmlPage(
  { title = 'Attention', description }: { readonly [Name in keyof HtmlPageOptions]: string | undefined },
  style: string,
  body: readonly string[],
): string {
  const heading = escapeMarkup(visibleLabel(title));
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; form-action 'none'; base-uri 'none'">`,
    `<title>${heading}</title>`,
    `<style>${STYLE}${style}</style>`,
    '</head>',
    '<body>',
    `<header><h1>${heading}</h1>${description === undefined ? '' : `<p>${escapeMarkup(description)}</p>`}</header>`,
    ...body,
    '</body>',
    '</html>',
    '',
  ].join('\n');
}
