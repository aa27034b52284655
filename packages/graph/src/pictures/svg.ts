import { escapeMarkup } from '@heed/attention-core';

/** Colours that stay apart for most colour-blind eyes (Okabe & Ito 2008). */
export const PALETTE = [
  '#0072b2',
  '#e69f00',
  '#009e73',
  '#cc79a7',
  '#d55e00',
  '#56b4e9',
  '#f0e442',
  '#777777',
] as const;

/** A square SVG document. */
export function svg(size: number, title: string | undefined, parts: readonly string[]): string {
  const name = title === undefined ? '' : `<title>${escapeMarkup(title)}</title>`;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" width="${size}" height="${size}" ` +
    `font-family="sans-serif" role="img">${name}<rect width="100%" height="100%" fill="#fff"/>${parts.join('')}</svg>`
  );
}

export function circle(x: number, y: number, radius: number, fill: string, stroke: string): string {
  return `<circle cx="${x}" cy="${y}" r="${radius.toFixed(1)}" fill="${fill}" stroke="${stroke}"/>`;
}
