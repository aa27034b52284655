import { requireImage, type Image } from './image.ts';

/** Where a rectangle begins, and how large it is, in pixels. */
export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Where each pixel of a picture comes from. */
function rearrange(image: Image, width: number, height: number, source: (x: number, y: number) => number): Image {
  const { channels, data: from } = image;
  const data = new Uint8Array(width * height * channels);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const start = source(x, y) * channels;
      for (let channel = 0; channel < channels; channel++) data[to++] = from[start + channel];
    }
  }
  return { width, height, channels, data };
}

/** Left and right exchanged. */
export function flipHorizontally(image: Image): Image {
  const { width, height } = image;
  return rearrange(image, width, height, (x, y) => y * width + (width - 1 - x));
}

/**
 * A part of a picture. What lies outside is `fill` in every channel.
 *
 * @throws if the rectangle's numbers are no integers or it has no area
 *
 * @example
 * ```ts
 * import { crop } from '@heed/vision';
 * const image = { width: 2, height: 1, channels: 1, data: Uint8Array.of(7, 9) } as const;
 * crop(image, { left: 1, top: 0, width: 2, height: 1 }).data; // 9, 0
 * ```
 */
export function crop(image: Image, { left, top, width, height }: Rectangle, fill = 0): Image {
  requireImage('crop', image);
  const numbers = [left, top, width, height];
  if (!numbers.every(Number.isSafeInteger) || width < 1 || height < 1) {
    throw new Error(
      `crop: the rectangle must be of integers and have an area, got left=${left}, top=${top}, width=${width}, height=${height}`,
    );
  }
  const { channels, data: from } = image;
  const data = new Uint8Array(width * height * channels).fill(fill);
  const [first, last] = [Math.max(0, left), Math.min(image.width, left + width)];
  const end = first < last ? Math.min(image.height, top + height) : 0;
  for (let y = Math.max(0, top); y < end; y++) {
    const row = from.subarray((y * image.width + first) * channels, (y * image.width + last) * channels);
    data.set(row, ((y - top) * width + first - left) * channels);
  }
  return { width, height, channels, data };
}

/** The middle of a picture, as torchvision's and transformers' `center_crop`: where it is smaller, black is put around. */
export function centreCrop(image: Image, width: number, height: number): Image {
  const left = Math.floor((image.width - width) / 2);
  const top = Math.floor((image.height - height) / 2);
  return crop(image, { left, top, width, height });
}

/** Turned upright: EXIF's orientation, 1 to 8, says how the camera was held. */
export function upright(image: Image, orientation: number): Image {
  const { width: w, height: h } = image;
  switch (orientation) {
    case 2:
      return flipHorizontally(image);
    case 3:
      return rearrange(image, w, h, (x, y) => (h - 1 - y) * w + (w - 1 - x));
    case 4:
      return rearrange(image, w, h, (x, y) => (h - 1 - y) * w + x);
    case 5:
      return rearrange(image, h, w, (x, y) => x * w + y);
    case 6:
      return rearrange(image, h, w, (x, y) => (h - 1 - x) * w + y);
    case 7:
      return rearrange(image, h, w, (x, y) => (h - 1 - x) * w + (w - 1 - y));
    case 8:
      return rearrange(image, h, w, (x, y) => x * w + (w - 1 - y));
    default:
      return image;
  }
}
