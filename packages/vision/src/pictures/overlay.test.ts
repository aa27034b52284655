import { describe, expect, it } from 'vitest';
import { decodeImage } from '../images/decode-image.ts';
import type { Image } from '../images/image.ts';
import { drawOverlay, renderOverlays } from './overlay.ts';

const image: Image = { width: 4, height: 2, channels: 1, data: new Uint8Array(8).fill(100) };
const overlay = { name: 'layer 1', grid: [1, 2] as const, weights: Float32Array.of(0.1, 0.9) };

describe('drawOverlay', () => {
  it('is lightest where most was looked at, and as large as it is asked for', () => {
    const drawn = drawOverlay(image, overlay, { strength: 1, size: 8 });
    expect([drawn.width, drawn.height, drawn.channels]).toEqual([8, 4, 3]);
    const light = (x: number) => drawn.data[3 * x] + drawn.data[3 * x + 1] + drawn.data[3 * x + 2];
    expect(light(7)).toBeGreaterThan(light(0));
    expect([...drawn.data.subarray(21, 24)]).toEqual([240, 249, 33]);
  });

  it('leaves the picture as it is with strength 0, and takes equal numbers as the least', () => {
    expect([...drawOverlay(image, overlay, { strength: 0, size: 4 }).data]).toEqual(Array(24).fill(100));
    const even = drawOverlay(image, { ...overlay, weights: Float32Array.of(3, 3) }, { size: 4 });
    expect(even.data[0]).toBe(even.data[9]);
  });

  it('refuses numbers that do not fit the grid or are none', () => {
    expect(() => drawOverlay(image, { ...overlay, grid: [2, 2] })).toThrow(
      'drawOverlay: "layer 1" must have 2 × 2 finite numbers, got 2',
    );
    expect(() => drawOverlay(image, { ...overlay, weights: Float32Array.of(NaN, 1) })).toThrow('finite');
  });
});

describe('renderOverlays', () => {
  it('gives a figure with the picture and its overlays, and text as text', async () => {
    const html = await renderOverlays([{ image, caption: 'a <b> & "c"', overlays: [overlay] }], { size: 8 });
    expect(html.match(/<img /g)?.length).toBe(2);
    expect(html).toContain('a &lt;b> &amp; &quot;c&quot;');
    const [, encoded] = /base64,([^"]+)"/.exec(html)!;
    const read = await decodeImage(Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0)));
    expect([read.width, read.height]).toEqual([8, 4]);
  });
});
