import { Random } from '@heed/attention-core';
import { describe, expect, it } from 'vitest';
import { decodeImage } from './decode-image.ts';
import { encodePng } from './encode-png.ts';
import { goldenBytes, goldenNames, goldenShape } from './golden.test-support.ts';

const bytesOf = (name: string) => goldenBytes(`file/${name}`);

describe('decodeImage', () => {
  it.each(goldenNames('pixels/'))('gives the pixels of %s as Pillow does', async (name) => {
    const { width, height, channels, data } = await decodeImage(bytesOf(name), { name });
    const [rows, columns] = goldenShape(`pixels/${name}`);
    expect([height, width]).toEqual([rows, columns]);
    const expected = goldenBytes(`pixels/${name}`);
    // a grey picture with alpha is grey to us; Pillow's way to white makes it three equal channels
    const ours =
      expected.length === 3 * data.length ? Uint8Array.from(expected, (_, i) => data[Math.floor(i / 3)]) : data;
    expect(channels === 1 || expected.length === 3 * width * height).toBe(true);
    expect(Buffer.compare(Buffer.from(ours), Buffer.from(expected))).toBe(0);
  });

  it('makes grey of colours and colours of grey where it is asked to', async () => {
    expect((await decodeImage(bytesOf('rgb.png'), { channels: 1 })).data.length).toBe(13 * 17);
    const thrice = await decodeImage(bytesOf('grey.png'), { channels: 3 });
    expect([thrice.channels, thrice.data[0], thrice.data[2]]).toEqual([3, thrice.data[1], thrice.data[1]]);
  });

  it.each(['rgb.png', 'rgb.jpg', 'progressive.jpg', 'lossless.webp', 'alpha.webp'])(
    'refuses %s cut off anywhere, naming file and remedy',
    async (name) => {
      const whole = bytesOf(name);
      for (let length = 0; length < whole.length - 1; length += 7) {
        await expect(decodeImage(whole.subarray(0, length), { name })).rejects.toThrow(
          `decodeImage: ${name}: the file must be`,
        );
      }
    },
  );

  it('tells the format by the content, whatever the name', async () => {
    expect((await decodeImage(bytesOf('rgb.jpg'), { name: 'photo.png' })).width).toBe(17);
    const text = new TextEncoder().encode('GIF89a and more');
    await expect(decodeImage(text, { name: 'cat.png' })).rejects.toThrow(
      'decodeImage: cat.png: the file must be a PNG, JPEG or WebP: convert it, got GIF',
    );
    await expect(decodeImage(new Uint8Array())).rejects.toThrow(
      'decodeImage: the file: the file must be a PNG, JPEG or WebP: convert it, got an empty file',
    );
  });

  it('refuses CMYK by name', async () => {
    await expect(decodeImage(bytesOf('cmyk.jpg'), { name: 'print.jpg' })).rejects.toThrow(
      'decodeImage: print.jpg: a JPEG must be grey or coloured (YCbCr, RGB): convert it to RGB, got CMYK',
    );
  });

  it('refuses a picture that is too large before there is room for its pixels, even if its header lies', async () => {
    const large = bytesOf('rgb.png');
    new DataView(large.buffer).setUint32(16, 20_000);
    new DataView(large.buffer).setUint32(20, 20_000);
    const before = process.memoryUsage().arrayBuffers;
    await expect(decodeImage(large, { name: 'wide.png' })).rejects.toThrow(
      'decodeImage: wide.png: a picture must have at most maximumPixels=67108864: shrink it or raise the limit, got 20000 × 20000',
    );
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1e6);
    await expect(decodeImage(bytesOf('rgb.jpg'), { maximumPixels: 200 })).rejects.toThrow('got 17 × 13');
  });

  it('reads 20,000 pixels in a row', async () => {
    const row = { width: 20_000, height: 1, channels: 1, data: new Uint8Array(20_000).fill(9) } as const;
    expect((await decodeImage(await encodePng(row))).width).toBe(20_000);
  });

  it('refuses bytes that are changed inside, where the format can tell', async () => {
    const damaged = bytesOf('rgb.png');
    damaged[60] ^= 255;
    await expect(decodeImage(damaged, { name: 'a.png' })).rejects.toThrow(
      'decodeImage: a.png: the PNG is damaged: get it again',
    );
    const header = bytesOf('rgb.jpg');
    header[20] = 0;
    header[21] = 0;
    await expect(decodeImage(header, { name: 'a.jpg' })).rejects.toThrow('decodeImage: a.jpg: ');
  });

  it.each([
    'rgb.png',
    'palette-clear.png',
    'rgb.jpg',
    'progressive.jpg',
    'turned-6.jpg',
    'lossless.webp',
    'lossy.webp',
  ])(
    'gives a picture or an error that names the file for bytes of %s that were changed at random, and reads on afterwards',
    async (name) => {
      const random = new Random(11);
      const outcomes = new Set<string>();
      for (let round = 0; round < 100; round++) {
        const bytes = bytesOf(name);
        for (let change = 0; change <= round % 4; change++) bytes[random.integer(bytes.length)] = random.integer(256);
        const outcome = await decodeImage(bytes, { name, maximumPixels: 1e5 }).then(
          ({ width, height, channels, data }) => (data.length === width * height * channels ? 'picture' : 'misfit'),
          (error: Error) => (error.message.startsWith(`decodeImage: ${name}: `) ? 'refusal' : error.message),
        );
        outcomes.add(outcome);
      }
      expect([...outcomes].filter((outcome) => outcome !== 'picture' && outcome !== 'refusal')).toEqual([]);
      expect((await decodeImage(bytesOf(name))).data.length).toBeGreaterThan(0);
    },
  );

  it('passes over EXIF data that are damaged', async () => {
    const turned = bytesOf('turned-6.jpg');
    const text = String.fromCharCode(...turned);
    const count = text.indexOf('Exif') + 6 + 8; // the number of entries
    turned[count] = 0xff;
    turned[count + 1] = 0xff;
    expect((await decodeImage(turned)).width).toBeGreaterThan(0);
  });
});
