import { decodeJpeg, decodePng, decodeWebp, type Decoded } from './decoders.ts';
import { upright } from './geometry.ts';
import { onWhite, withChannels, type Image } from './image.ts';
import { readHeader } from './image-header.ts';

export interface DecodeOptions {
  /** What messages call the file. Default `the file`. */
  readonly name?: string;
  /** Larger pictures are refused before any room is made for their pixels. Default 67,108,864: 8,192 × 8,192. */
  readonly maximumPixels?: number;
  /** 1 for grey, 3 for colours. Default: as stored. */
  readonly channels?: 1 | 3;
}

/** 201 MB of colours. */
const MAXIMUM_PIXELS = 8192 ** 2;

/**
 * The picture in a PNG, JPEG or WebP file, told by its content, not its name; turned upright as its EXIF data say; what is transparent stands on
 * white. JPEGs are decoded by libjpeg-turbo, as Pillow does, WebPs by libwebp. 16-bit channels become 8 by their higher byte. Colour profiles are
 * not applied.
 *
 * @throws naming the file and what to do: if it is of another format, cut off or damaged, CMYK, an animation, or larger than `maximumPixels`
 *
 * @example
 * ```ts
 * import { decodeImage, encodePng } from '@heed/vision';
 * const file = await encodePng({ width: 1, height: 2, channels: 1, data: Uint8Array.of(7, 9) });
 * const { width, height } = await decodeImage(file, { name: 'two.png' }); // 1, 2
 * ```
 */
export async function decodeImage(
  bytes: Uint8Array,
  { name = 'the file', maximumPixels = MAXIMUM_PIXELS, channels }: DecodeOptions = {},
): Promise<Image> {
  const owner = `decodeImage: ${name}`;
  if (!(bytes instanceof Uint8Array)) throw new Error(`${owner}: bytes must be a Uint8Array, got ${typeof bytes}`);
  const { format, width, height, orientation } = readHeader(owner, bytes);
  if (width < 1 || height < 1) throw new Error(`${owner}: a picture must have an area, got ${width} × ${height}`);
  if (width * height > maximumPixels) {
    throw new Error(
      `${owner}: a picture must have at most maximumPixels=${maximumPixels}: shrink it or raise the limit, got ${width} × ${height}`,
    );
  }
  const decoded = await decode(owner, format, bytes);
  if (decoded.width !== width || decoded.height !== height) {
    throw new Error(
      `${owner}: the file is damaged, its header says ${width} × ${height}, got ${decoded.width} × ${decoded.height}`,
    );
  }
  const image = upright(withoutAlpha(decoded), orientation);
  return channels === undefined ? image : withChannels(image, channels);
}

async function decode(owner: string, format: 'png' | 'jpeg' | 'webp', bytes: Uint8Array): Promise<Decoded> {
  let cause: unknown;
  try {
    const decoders = { png: decodePng, jpeg: decodeJpeg, webp: decodeWebp };
    const decoded = await decoders[format](bytes);
    if (decoded !== null && decoded.data.length === decoded.width * decoded.height * decoded.channels) return decoded;
  } catch (error) {
    cause = error;
  }
  throw new Error(`${owner}: the ${format.toUpperCase()} is damaged: get it again`, { cause });
}

function withoutAlpha({ width, height, channels, data }: Decoded): Image {
  const bytes = data instanceof Uint8Array ? data : new Uint8Array(data.buffer, data.byteOffset, data.length);
  if (channels === 1 || channels === 3) return { width, height, channels, data: bytes };
  if (channels === 4) return { width, height, channels: 3, data: onWhite(bytes) };
  const rgba = new Uint8Array(width * height * 4);
  for (let pixel = 0; pixel < width * height; pixel++) {
    rgba.fill(bytes[2 * pixel], 4 * pixel, 4 * pixel + 3);
    rgba[4 * pixel + 3] = bytes[2 * pixel + 1];
  }
  return withChannels({ width, height, channels: 3, data: onWhite(rgba) }, 1);
}
