import { exifOrientation } from './exif-orientation.ts';

/** What a file says of its picture before any pixel is read. */
export interface ImageHeader {
  readonly format: 'png' | 'jpeg' | 'webp';
  /** As stored: before it is turned upright. */
  readonly width: number;
  readonly height: number;
  /** EXIF's orientation, 1 to 8; 1 where the file says nothing. */
  readonly orientation: number;
}

const OTHER_FORMATS: readonly (readonly [start: string, name: string])[] = [
  ['GIF8', 'GIF'],
  ['BM', 'BMP'],
  ['II*\0', 'TIFF'],
  ['MM\0*', 'TIFF'],
  ['%PDF', 'PDF'],
  ['<svg', 'SVG'],
  ['<?xml', 'XML'],
  ['\0\0\0', 'HEIF, AVIF or a film'],
];

/**
 * The format, by the file's content and not by its name, the size and the orientation.
 *
 * @param owner how messages begin: the function and the file
 * @throws if it is no PNG, JPEG or WebP, its beginning is cut off, or its pixels are of a kind that is not read: CMYK, 12 bits, animations
 */
export function readHeader(owner: string, bytes: Uint8Array): ImageHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    if (ascii(bytes, 0, 8) === '\x89PNG\r\n\x1a\n') return pngHeader(owner, bytes, view);
    if (bytes[0] === 0xff && bytes[1] === 0xd8) return jpegHeader(owner, bytes, view);
    if (ascii(bytes, 0, 4) === 'RIFF' && ascii(bytes, 8, 12) === 'WEBP') return webpHeader(owner, bytes, view);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Error(`${owner}: the file must be whole, its beginning is cut off after ${bytes.length} bytes`, {
      cause: error,
    });
  }
  const other = OTHER_FORMATS.find(([start]) => ascii(bytes, 0, start.length) === start);
  const found = bytes.length === 0 ? 'an empty file' : (other?.[1] ?? 'none of them');
  throw new Error(`${owner}: the file must be a PNG, JPEG or WebP: convert it, got ${found}`);
}

function pngHeader(owner: string, bytes: Uint8Array, view: DataView): ImageHeader {
  if (bytes.length < 33) throw cutOff(owner, bytes);
  if (ascii(bytes, 12, 16) !== 'IHDR')
    throw new Error(`${owner}: a PNG must begin with IHDR, got ${JSON.stringify(ascii(bytes, 12, 16))}`);
  const size = { width: view.getUint32(16), height: view.getUint32(20) };
  let orientation = 1;
  let ended = false;
  for (let at = 8; at + 8 <= bytes.length && !ended; at += 12 + view.getUint32(at)) {
    const kind = ascii(bytes, at + 4, at + 8);
    ended = kind === 'IEND' && at + 12 <= bytes.length;
    if (kind === 'eXIf') orientation = exifOrientation(bytes.subarray(at + 8, at + 8 + view.getUint32(at)));
  }
  if (!ended) throw cutOff(owner, bytes);
  return { format: 'png', ...size, orientation };
}

/** Markers that stand alone: no length follows. */
const alone = (marker: number) => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
/** The frame headers but for DHT, JPG and DAC, which share their range. */
const isFrame = (marker: number) => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);

function jpegHeader(owner: string, bytes: Uint8Array, view: DataView): ImageHeader {
  let size: { width: number; height: number } | undefined;
  let orientation = 1;
  for (let at = 2; ;) {
    if (view.getUint8(at) !== 0xff) throw new Error(`${owner}: the JPEG is damaged, got no marker at byte ${at}`);
    const marker = view.getUint8(at + 1);
    if (marker === 0xff)
      at++; // fill bytes
    else if (alone(marker)) at += 2;
    else {
      const length = view.getUint16(at + 2);
      if (marker === 0xe1 && ascii(bytes, at + 4, at + 10) === 'Exif\0\0')
        orientation = exifOrientation(bytes.subarray(at + 10, at + 2 + length));
      if (isFrame(marker)) {
        const [bits, channels] = [view.getUint8(at + 4), view.getUint8(at + 9)];
        if (bits !== 8) throw new Error(`${owner}: a JPEG must have 8 bits a channel, got ${bits}`);
        if (channels !== 1 && channels !== 3) {
          const kind = channels === 4 ? 'CMYK' : `${channels} channels`;
          throw new Error(`${owner}: a JPEG must be grey or coloured (YCbCr, RGB): convert it to RGB, got ${kind}`);
        }
        size = { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
      }
      if (marker === 0xda) {
        if (size === undefined) throw new Error(`${owner}: the JPEG is damaged, its picture begins before its size`);
        if (!endsAfter(bytes, at)) throw cutOff(owner, bytes);
        return { format: 'jpeg', ...size, orientation };
      }
      at += 2 + length;
    }
  }
}

/** Inside a scan 0xFF is followed by 0 or a restart marker, so that FF D9 is the picture's end. */
function endsAfter(bytes: Uint8Array, start: number): boolean {
  for (let at = bytes.indexOf(0xff, start); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    if (bytes[at + 1] === 0xd9) return true;
  }
  return false;
}

function webpHeader(owner: string, bytes: Uint8Array, view: DataView): ImageHeader {
  if (bytes.length < 8 + view.getUint32(4, true)) throw cutOff(owner, bytes);
  const kind = ascii(bytes, 12, 16);
  const uint24 = (at: number) => view.getUint16(at, true) + 65536 * view.getUint8(at + 2);
  if (kind === 'VP8 ') {
    return {
      format: 'webp',
      width: view.getUint16(26, true) & 0x3fff,
      height: view.getUint16(28, true) & 0x3fff,
      orientation: 1,
    };
  }
  if (kind === 'VP8L') {
    const bits = view.getUint32(21, true);
    return { format: 'webp', width: (bits & 0x3fff) + 1, height: ((bits >> 14) & 0x3fff) + 1, orientation: 1 };
  }
  if (kind !== 'VP8X') throw new Error(`${owner}: the WebP is damaged, got the chunk ${JSON.stringify(kind)}`);
  if ((view.getUint8(20) & 2) !== 0) throw new Error(`${owner}: a WebP must be one picture, got an animation`);
  let orientation = 1;
  for (let at = 12; at + 8 <= bytes.length;) {
    const length = view.getUint32(at + 4, true);
    if (ascii(bytes, at, at + 4) === 'EXIF') orientation = exifOrientation(bytes.subarray(at + 8, at + 8 + length));
    at += 8 + length + (length % 2);
  }
  return { format: 'webp', width: uint24(24) + 1, height: uint24(27) + 1, orientation };
}

function cutOff(owner: string, bytes: Uint8Array): Error {
  return new Error(`${owner}: the file must be whole, its end is cut off after ${bytes.length} bytes: get it again`);
}

function ascii(bytes: Uint8Array, start: number, end: number): string {
  return String.fromCharCode(...bytes.subarray(start, end));
}
