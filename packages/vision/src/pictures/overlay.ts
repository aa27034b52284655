import { encodePng } from '../images/encode-png.ts';
import { requireImage, withChannels, type Image } from '../images/image.ts';

/** How much each place of a picture was looked at. */
export interface Overlay {
  /** The layer and head, or how layers were joined. */
  readonly name: string;
  /** Rows and columns of places. */
  readonly grid: readonly [rows: number, columns: number];
  /** rows · columns numbers, row by row. */
  readonly weights: Float32Array;
}

export interface DrawOverlayOptions {
  /** How much of the colour covers the picture where most was looked at, 0 to 1. Default 0.7. */
  readonly strength?: number;
  /** Side of the picture that is drawn, the longer one; small ones are enlarged. Default: at least 224. */
  readonly size?: number;
}

/** From dark blue to yellow: every step is lighter than the one before, also in grey and to people who see no red. */
const COLOURS = [
  [13, 8, 135],
  [126, 3, 168],
  [204, 71, 120],
  [248, 149, 64],
  [240, 249, 33],
] as const;

/**
 * A picture with colours over it: the more a place was looked at, the lighter and the denser. Between the middles of places colours change evenly.
 *
 * @throws if the overlay's numbers do not fit its grid, or one is not finite
 */
export function drawOverlay(image: Image, { name, grid, weights }: Overlay, options: DrawOverlayOptions = {}): Image {
  requireImage('drawOverlay', image);
  const { strength = 0.7, size = Math.max(224, image.width, image.height) } = options;
  const [rows, columns] = grid;
  if (weights.length !== rows * columns || !weights.every(Number.isFinite)) {
    throw new Error(`drawOverlay: "${name}" must have ${rows} × ${columns} finite numbers, got ${weights.length}`);
  }
  const scale = size / Math.max(image.width, image.height);
  const [width, height] = [Math.max(1, Math.round(image.width * scale)), Math.max(1, Math.round(image.height * scale))];
  const { data: from } = withChannels(image, 3);
  const least = weights.reduce((a, b) => Math.min(a, b), Infinity);
  const range = weights.reduce((a, b) => Math.max(a, b), -Infinity) - least || 1;
  const at = (row: number, column: number) =>
    (weights[Math.min(rows - 1, Math.max(0, row)) * columns + Math.min(columns - 1, Math.max(0, column))] - least) /
    range;
  const data = new Uint8Array(3 * width * height);
  for (let y = 0, to = 0; y < height; y++) {
    const v = ((y + 0.5) / height) * rows - 0.5;
    const sourceRow = Math.min(image.height - 1, Math.floor(((y + 0.5) / height) * image.height)) * image.width;
    for (let x = 0; x < width; x++) {
      const u = ((x + 0.5) / width) * columns - 0.5;
      const [top, left] = [Math.floor(v), Math.floor(u)];
      const [down, right] = [v - top, u - left];
      const above = at(top, left) * (1 - right) + at(top, left + 1) * right;
      const below = at(top + 1, left) * (1 - right) + at(top + 1, left + 1) * right;
      const heat = above * (1 - down) + below * down;
      const source = 3 * (sourceRow + Math.min(image.width - 1, Math.floor(((x + 0.5) / width) * image.width)));
      const cover = strength * (0.35 + 0.65 * heat);
      for (const [channel, value] of colourOf(heat).entries())
        data[to++] = Math.round((1 - cover) * from[source + channel] + cover * value);
    }
  }
  return { width, height, channels: 3, data };
}

/** @param heat 0 to 1 */
function colourOf(heat: number): number[] {
  const place = heat * (COLOURS.length - 1);
  const base = Math.min(COLOURS.length - 2, Math.floor(place));
  return COLOURS[base].map((value, channel) => value + (COLOURS[base + 1][channel] - value) * (place - base));
}

/** What `renderOverlays` shows of one picture. */
export interface OverlaidImage {
  readonly image: Image;
  /** Below the picture: what was predicted, and what it is. */
  readonly caption: string;
  readonly overlays: readonly Overlay[];
}

/**
 * Pictures with their overlays as HTML: a figure for each, the picture itself first. Nothing is loaded from elsewhere: it goes into a report
 * (`writeReport` of @heed/node, as `html`) or any page.
 */
export async function renderOverlays(
  images: readonly OverlaidImage[],
  options: DrawOverlayOptions = {},
): Promise<string> {
  const figures = await Promise.all(
    images.map(async ({ image, caption, overlays }) => {
      const plain: Overlay = { name: 'the picture', grid: [1, 1], weights: new Float32Array(1) };
      const drawn = [
        drawOverlay(image, plain, { ...options, strength: 0 }),
        ...overlays.map((overlay) => drawOverlay(image, overlay, options)),
      ];
      const names = [plain.name, ...overlays.map(({ name }) => name)];
      const parts = await Promise.all(
        drawn.map(async (picture, i) => {
          const source = `data:image/png;base64,${base64(await encodePng(picture))}`;
          const name = escaped(names[i]);
          return `<div style="text-align:center"><img src="${source}" alt="${escaped(caption)}: ${name}" style="max-width:100%;width:9rem;image-rendering:pixelated"><br><small>${name}</small></div>`;
        }),
      );
      const row = `<div style="display:flex;flex-wrap:wrap;gap:.75rem">${parts.join('')}</div>`;
      return `<figure style="margin:0 0 1.5rem"><figcaption>${escaped(caption)}</figcaption>${row}</figure>`;
    }),
  );
  return figures.join('\n');
}

function base64(bytes: Uint8Array): string {
  let text = '';
  for (let start = 0; start < bytes.length; start += 8192)
    text += String.fromCharCode(...bytes.subarray(start, start + 8192));
  return btoa(text);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
