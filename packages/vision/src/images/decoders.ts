/**
 * The libraries that decode, each loaded when the first file of its kind comes. All give red, green, blue and perhaps alpha as bytes, grey
 * being one channel or two.
 */
import type { DecodedPng } from 'fast-png';

/** Bytes of a decoded picture; 2 and 4 channels have alpha last. */
export interface Decoded {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 2 | 3 | 4;
  readonly data: Uint8Array | Uint8ClampedArray;
}

interface JpegDecoder {
  getEncodedBuffer(length: number): Uint8Array;
  decode(): void;
  getFrameInfo(): { readonly width: number; readonly height: number; readonly componentCount: number };
  getDecodedBuffer(): Uint8Array;
  delete(): void;
}
interface JpegCodec {
  readonly JPEGDecoder: new () => JpegDecoder;
}
type NodeProcess = { getBuiltinModule?: (name: string) => unknown; versions?: { node?: string } };

/** Node's own modules where there is a Node; the sources import none, for they run in browsers. */
const nodeModule = <T>(name: string) => {
  const { process } = globalThis as { process?: NodeProcess };
  return process?.versions?.node === undefined ? undefined : (process.getBuiltinModule?.(name) as T | undefined);
};

let jpegCodec: Promise<JpegCodec> | undefined;

async function loadJpegCodec(): Promise<JpegCodec> {
  const loaded: unknown =
    nodeModule('node:fs') === undefined
      ? // @ts-expect-error the package brings no types
        await import('@cornerstonejs/codec-libjpeg-turbo-8bit/decode')
      : // @ts-expect-error the package brings no types
        await import('@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs');
  return (loaded as { default: () => Promise<JpegCodec> }).default();
}

/** libjpeg-turbo: the WebAssembly build where its file can be found beside it, which is in Node, else the same compiled to JavaScript. */
export async function decodeJpeg(bytes: Uint8Array): Promise<Decoded> {
  jpegCodec ??= loadJpegCodec();
  const decoder = new (await jpegCodec).JPEGDecoder();
  try {
    decoder.getEncodedBuffer(bytes.length).set(bytes);
    decoder.decode();
    const { width, height, componentCount } = decoder.getFrameInfo();
    return { width, height, channels: componentCount as 1 | 3, data: decoder.getDecodedBuffer().slice() };
  } finally {
    decoder.delete();
  }
}

/** 16 bits become 8 by their higher byte, palettes their colours, fewer bits all 8. */
export async function decodePng(bytes: Uint8Array): Promise<Decoded> {
  const { decode, convertIndexedToRgb } = await import('fast-png');
  const png = decode(bytes, { checkCrc: true });
  const { width, height, palette, transparency } = png;
  if (palette !== undefined) {
    const channels = palette.some((colour) => colour.length === 4) ? 4 : 3;
    const data = convertIndexedToRgb(png);
    return { width, height, channels: (data.length / (width * height)) as typeof channels, data: data as Uint8Array };
  }
  const data = toBytes(png);
  const channels = png.channels as Decoded['channels'];
  if (transparency === undefined || transparency.length === 0) return { width, height, channels, data };
  return { width, height, ...withTransparentColour(png, data) };
}

/** One byte for each channel, whatever the depth. */
function toBytes({ width, height, channels, depth, data }: DecodedPng): Uint8Array {
  if (depth === 8) return data as Uint8Array;
  const bytes = new Uint8Array(width * height * channels);
  if (depth === 16) {
    for (let i = 0; i < bytes.length; i++) bytes[i] = data[i] >> 8;
    return bytes;
  }
  const line = Math.ceil((width * depth) / 8); // rows begin with a byte
  const most = 2 ** depth - 1;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bit = x * depth;
      const value = (data[y * line + (bit >> 3)] >> (8 - depth - (bit & 7))) & most;
      bytes[y * width + x] = (value * 255) / most;
    }
  }
  return bytes;
}

/** PNG's tRNS outside of palettes: one colour is transparent. */
function withTransparentColour(
  { transparency, channels, depth, data, width, height }: DecodedPng,
  bytes: Uint8Array,
): Pick<Decoded, 'channels' | 'data'> {
  const clear = [...transparency!.subarray(0, channels)];
  const packed = depth < 8; // values were stretched
  const wanted = packed ? clear.map((value) => (value * 255) / (2 ** depth - 1)) : clear;
  const values = packed ? bytes : data;
  const out = new Uint8Array(width * height * (channels + 1));
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let c = 0; c < channels; c++) out[pixel * (channels + 1) + c] = bytes[pixel * channels + c];
    const same = wanted.every((value, c) => values[pixel * channels + c] === value);
    out[pixel * (channels + 1) + channels] = same ? 0 : 255;
  }
  return { channels: (channels + 1) as 2 | 4, data: out };
}

interface WebpCodec {
  decode(
    bytes: Uint8Array,
  ): { readonly width: number; readonly height: number; readonly data: Uint8ClampedArray } | null;
}

let webpCodec: Promise<WebpCodec> | undefined;

/** libwebp. @returns always with alpha */
export async function decodeWebp(bytes: Uint8Array): Promise<Decoded | null> {
  webpCodec ??= (async () => {
    const { default: create } = (await import('@jsquash/webp/codec/dec/webp_dec.js')) as {
      default: (options: object) => Promise<WebpCodec>;
    };
    const files = nodeModule<{ readFileSync(path: string): Uint8Array }>('node:fs');
    const modules = nodeModule<{ createRequire(url: string): { resolve(name: string): string } }>('node:module');
    if (files === undefined || modules === undefined) return create({ noInitialRun: true }); // it fetches its WebAssembly
    const path = modules.createRequire(import.meta.url).resolve('@jsquash/webp/codec/dec/webp_dec.wasm');
    return create({ noInitialRun: true, wasmBinary: files.readFileSync(path) });
  })();
  const codec = await webpCodec;
  const scope = globalThis as { ImageData?: unknown };
  if (scope.ImageData !== undefined) return withAlpha(codec.decode(bytes));
  // the codec makes an ImageData, which Node lacks: it has one while the codec runs
  scope.ImageData = PlainImageData;
  try {
    return withAlpha(codec.decode(bytes));
  } finally {
    delete scope.ImageData;
  }
}

class PlainImageData {
  constructor(
    readonly data: Uint8ClampedArray,
    readonly width: number,
    readonly height: number,
  ) {}
}

function withAlpha(image: ReturnType<WebpCodec['decode']>): Decoded | null {
  return image && { width: image.width, height: image.height, channels: 4, data: image.data };
}
