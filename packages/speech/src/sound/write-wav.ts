import { compand } from './companding.ts';
import { requireSound, type Sound } from './sound.ts';

/** How samples are stored. */
export type WavCoding = 'int8' | 'int16' | 'int24' | 'int32' | 'float32' | 'a-law' | 'mu-law';

export interface WriteWavOptions {
  /** Default 'int16'. Whole numbers are rounded, and what is louder than 1 is clipped. */
  readonly coding?: WavCoding;
}

interface Coding {
  readonly code: number;
  readonly bits: number;
  readonly write: (view: DataView, at: number, sample: number) => void;
}

const CODINGS: Readonly<Record<WavCoding, Coding>> = {
  int8: { code: 1, bits: 8, write: (view, at, sample) => view.setUint8(at, whole(sample, 128) + 128) },
  int16: { code: 1, bits: 16, write: (view, at, sample) => view.setInt16(at, whole(sample, 32_768), true) },
  int24: {
    code: 1,
    bits: 24,
    write: (view, at, sample) => {
      const value = whole(sample, 8_388_608);
      view.setUint16(at, value & 0xffff, true);
      view.setInt8(at + 2, value >> 16);
    },
  },
  int32: { code: 1, bits: 32, write: (view, at, sample) => view.setInt32(at, whole(sample, 2_147_483_648), true) },
  float32: { code: 3, bits: 32, write: (view, at, sample) => view.setFloat32(at, sample, true) },
  'a-law': {
    code: 6,
    bits: 8,
    write: (view, at, sample) => view.setUint8(at, compand('a-law', whole(sample, 32_768))),
  },
  'mu-law': {
    code: 7,
    bits: 8,
    write: (view, at, sample) => view.setUint8(at, compand('mu-law', whole(sample, 32_768))),
  },
};

/** A sound as a WAV file. @throws if it has no samples, one that is not finite, or the coding is unknown */
export function writeWav(sound: Sound, { coding = 'int16' }: WriteWavOptions = {}): Uint8Array {
  requireSound('writeWav', sound);
  const { samples, rate } = sound;
  const known = CODINGS[coding] as Coding | undefined;
  if (known === undefined) {
    throw new Error(`writeWav: coding must be one of ${Object.keys(CODINGS).join(', ')}, got ${String(coding)}`);
  }
  const { code, bits, write } = known;
  const width = bits / 8;
  const size = samples.length * width;
  const plain = code === 1;
  const header = plain ? 44 : 58; // other codings have a longer format, and say how many samples there are
  const bytes = new Uint8Array(header + size + (size % 2));
  const view = new DataView(bytes.buffer);
  const text = (at: number, name: string) => bytes.set(new TextEncoder().encode(name), at);
  text(0, 'RIFF');
  view.setUint32(4, bytes.length - 8, true);
  text(8, 'WAVEfmt ');
  view.setUint32(16, plain ? 16 : 18, true);
  view.setUint16(20, code, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, rate * width, true);
  view.setUint16(32, width, true);
  view.setUint16(34, bits, true);
  if (!plain) {
    text(38, 'fact');
    view.setUint32(42, 4, true);
    view.setUint32(46, samples.length, true);
  }
  text(header - 8, 'data');
  view.setUint32(header - 4, size, true);
  for (const [i, sample] of samples.entries()) write(view, header + i * width, sample);
  return bytes;
}

function whole(sample: number, scale: number): number {
  return Math.max(-scale, Math.min(scale - 1, Math.round(sample * scale)));
}
