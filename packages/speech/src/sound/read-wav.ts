import { compandingTable } from './companding.ts';
import { requireRate, type Sound } from './sound.ts';

/** What a WAV file holds. `samples` is the mean of the channels. */
export interface WavSound extends Sound {
  readonly channels: readonly Float32Array[];
  /** Bits of each stored sample. */
  readonly bits: number;
  /** Whether the file ended before its header said so. A header of unknown length, as streams have it, says nothing. */
  readonly truncated: boolean;
}

/** The names of chunks, 'fmt ' and 'data', as numbers. */
const FORMAT = 0x666d_7420;
const SAMPLES = 0x6461_7461;
const PCM = 1;
const FLOAT = 3;
const A_LAW = 6;
const MU_LAW = 7;
const EXTENSIBLE = 0xfffe;
/** What follows the format's number in the identifier of an extensible header. */
const GUID_TAIL = [0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80, 0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71];
/** The length by which writers of streams say that they did not know it. */
const UNKNOWN = 0xffff_ffff;
const CHANNELS = 64;

interface Format {
  readonly code: number;
  readonly channels: number;
  readonly rate: number;
  readonly bits: number;
}

/**
 * Reads a WAV file: whole numbers of 8, 16, 24 and 32 bits, floats of 32 and 64, A-law and µ-law, plain and extensible headers.
 *
 * Chunks other than the format and the samples are passed over. A file that ends early gives what is there.
 *
 * @throws if it is no WAV file, its header is cut off or contradicts itself, the coding is another, or a stored float is not finite
 *
 * @example
 * ```ts
 * import { readWav, writeWav } from '@heed/speech';
 * const { samples, rate } = readWav(writeWav({ samples: Float32Array.of(0, 0.5, -1), rate: 8000 }));
 * console.log([...samples], rate); // [0, 0.5, -1] 8000
 * ```
 */
export function readWav(bytes: Uint8Array): WavSound {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = (at: number) => String.fromCharCode(...bytes.subarray(at, at + 4));
  if (bytes.length < 12 || text(0) !== 'RIFF' || text(8) !== 'WAVE') {
    throw new Error(
      `readWav: a file must begin with RIFF and WAVE, got ${JSON.stringify(text(0))} of ${bytes.length} bytes`,
    );
  }
  let format: Format | undefined;
  for (let at = 12; at + 8 <= bytes.length;) {
    const [name, size] = [view.getUint32(at), view.getUint32(at + 4, true)];
    const start = at + 8;
    if (name === FORMAT) format = readFormat(view, start, size);
    if (name === SAMPLES) {
      if (format === undefined) throw new Error('readWav: the format must come before the samples, got none');
      const left = bytes.length - start;
      const { rate, bits } = format;
      return {
        ...decode(view, start, Math.min(size, left), format),
        rate,
        bits,
        truncated: size > left && size !== UNKNOWN,
      };
    }
    at = start + size + (size % 2); // chunks begin at even places
  }
  throw new Error(
    `readWav: there must be ${format === undefined ? 'a format' : 'samples'}, got none in ${bytes.length} bytes`,
  );
}

function readFormat(view: DataView, start: number, size: number): Format {
  if (size < 16 || start + size > view.byteLength) {
    throw new Error(`readWav: the format must have 16 bytes or more, got ${Math.min(size, view.byteLength - start)}`);
  }
  const channels = view.getUint16(start + 2, true);
  const rate = view.getUint32(start + 4, true);
  const block = view.getUint16(start + 12, true);
  const bits = view.getUint16(start + 14, true);
  let code = view.getUint16(start, true);
  if (code === EXTENSIBLE) {
    const known = size >= 40 && GUID_TAIL.every((byte, i) => view.getUint8(start + 26 + i) === byte);
    if (!known)
      throw new Error('readWav: an extensible format must name one of the plain ones, got another identifier');
    code = view.getUint16(start + 24, true);
  }
  if (channels < 1 || channels > CHANNELS) {
    throw new Error(`readWav: there must be 1 to ${CHANNELS} channels, got ${channels}`);
  }
  requireRate('readWav', rate);
  if (!isKnown(code, bits))
    throw new Error(`readWav: the coding must be PCM, float, A-law or µ-law, got code ${code} of ${bits} bits`);
  if (block !== (channels * bits) / 8) {
    throw new Error(
      `readWav: a frame of ${channels} × ${bits} bits must have ${(channels * bits) / 8} bytes, got ${block}`,
    );
  }
  return { code, channels, rate, bits };
}

function isKnown(code: number, bits: number): boolean {
  if (code === PCM) return [8, 16, 24, 32].includes(bits);
  if (code === FLOAT) return bits === 32 || bits === 64;
  return (code === A_LAW || code === MU_LAW) && bits === 8;
}

function decode(view: DataView, start: number, length: number, { code, channels, bits }: Format) {
  const width = bits / 8;
  const frames = Math.floor(length / (width * channels));
  const read = reader(view, code, bits);
  const all = Array.from({ length: channels }, () => new Float32Array(frames));
  for (let frame = 0, at = start; frame < frames; frame++) {
    for (const channel of all) {
      channel[frame] = read(at);
      at += width;
    }
  }
  if (code === FLOAT) {
    for (const channel of all) {
      const wrong = channel.findIndex((sample) => !Number.isFinite(sample));
      if (wrong >= 0) throw new Error(`readWav: samples must be finite, got ${channel[wrong]} at ${wrong}`);
    }
  }
  const samples = channels === 1 ? all[0] : new Float32Array(frames);
  if (channels > 1)
    for (let i = 0; i < frames; i++) samples[i] = all.reduce((sum, channel) => sum + channel[i], 0) / channels;
  return { samples, channels: all };
}

function reader(view: DataView, code: number, bits: number): (at: number) => number {
  if (code === FLOAT) return bits === 32 ? (at) => view.getFloat32(at, true) : (at) => view.getFloat64(at, true);
  if (code !== PCM) {
    const table = compandingTable(code === A_LAW ? 'a-law' : 'mu-law');
    return (at) => table[view.getUint8(at)] / 32_768;
  }
  if (bits === 8) return (at) => (view.getUint8(at) - 128) / 128; // the only one without a sign
  if (bits === 16) return (at) => view.getInt16(at, true) / 32_768;
  if (bits === 24) return (at) => ((view.getInt8(at + 2) << 16) | view.getUint16(at, true)) / 8_388_608;
  return (at) => view.getInt32(at, true) / 2_147_483_648;
}
