/** A picture as bytes, row by row, the channels of each pixel side by side. */
export interface Image {
  readonly width: number;
  readonly height: number;
  /** 1 is grey, 3 is red, green, blue. */
  readonly channels: 1 | 3;
  /** height · width · channels bytes. */
  readonly data: Uint8Array;
}

/** What a canvas gives: `ImageData`, or as much of it. */
export interface RgbaPixels {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue and alpha of each pixel. */
  readonly data: Uint8ClampedArray | Uint8Array;
}

/** @throws unless sizes are positive integers and there is a byte for every channel of every pixel */
export function requireImage(owner: string, image: Image): void {
  const { width, height, channels, data } = image ?? {};
  const sized = [width, height].every((size) => Number.isSafeInteger(size) && size > 0);
  if (!sized || (channels !== 1 && channels !== 3) || !ArrayBuffer.isView(data)) {
    throw new Error(
      `${owner}: an image must have a width and a height of at least 1, 1 or 3 channels and bytes, ` +
        `got width=${width}, height=${height}, channels=${channels}, data=${typeof data}`,
    );
  }
  const expected = width * height * channels;
  if (data.length !== expected) {
    throw new Error(
      `${owner}: an image of ${width} × ${height} × ${channels} must have ${expected} bytes, got ${data.length}`,
    );
  }
}

/**
 * A picture from a canvas' pixels; what is transparent stands on white.
 *
 * @throws if there are not four bytes a pixel
 *
 * @example
 * ```ts
 * import { imageFromPixels } from '@heed/vision';
 * const image = imageFromPixels({ width: 1, height: 1, data: Uint8Array.of(255, 0, 0, 0) });
 * image.data; // 255, 255, 255
 * ```
 */
export function imageFromPixels({ width, height, data }: RgbaPixels): Image {
  if (data.length !== 4 * width * height) {
    throw new Error(
      `imageFromPixels: ${width} × ${height} pixels must have ${4 * width * height} bytes, got ${data.length}`,
    );
  }
  const image: Image = { width, height, channels: 3, data: onWhite(data) };
  requireImage('imageFromPixels', image);
  return image;
}

/**
 * Red, green and blue of pixels with alpha, over white, in Pillow's integers (`Image.alpha_composite`): 7 bits more than a byte.
 *
 * @param rgba four bytes a pixel @returns three bytes a pixel
 */
export function onWhite(rgba: Uint8Array | Uint8ClampedArray): Uint8Array {
  const pixels = rgba.length / 4;
  const data = new Uint8Array(3 * pixels);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const alpha = rgba[4 * pixel + 3];
    // over an opaque ground the result's alpha is 255, so that the source's share is alpha / 255
    const share = Math.floor((alpha * 255 * 255 * 128) / (alpha * 255 + 255 * (255 - alpha)));
    for (let channel = 0; channel < 3; channel++) {
      const value = rgba[4 * pixel + channel] * share + 255 * (255 * 128 - share) + (128 << 7);
      data[3 * pixel + channel] = alpha === 0 ? 255 : (((value >> 8) + value) >> 8) >> 7;
    }
  }
  return data;
}

/** The same picture with one channel (Pillow's `convert('L')`: ITU-R 601 in 16-bit integers) or with three (grey thrice). */
export function withChannels(image: Image, channels: 1 | 3): Image {
  if (image.channels === channels) return image;
  const { width, height, data: from } = image;
  const pixels = width * height;
  const data = new Uint8Array(pixels * channels);
  if (channels === 3) for (let i = 0; i < data.length; i++) data[i] = from[Math.floor(i / 3)];
  else {
    for (let i = 0; i < pixels; i++) {
      data[i] = (from[3 * i] * 19595 + from[3 * i + 1] * 38470 + from[3 * i + 2] * 7471 + 0x8000) >> 16;
    }
  }
  return { width, height, channels, data };
}
