import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readWav } from './read-wav.ts';
import { writeWav, type WavCoding } from './write-wav.ts';

interface WavCase {
  readonly coding: string;
  readonly rate: number;
  readonly file: string;
  readonly channels: readonly (readonly number[])[];
}

// made by tooling/golden/speech-sound.py
const golden = JSON.parse(readFileSync(new URL('wav.golden.json', import.meta.url), 'utf8')) as WavCase[];
const bytesOf = ({ file }: WavCase) => new Uint8Array(Buffer.from(file, 'base64'));
const sound = { samples: Float32Array.of(0, 0.5, -1, 0.25, 0.125), rate: 8000 };

describe('readWav', () => {
  it.each(golden)('reads $coding with $channels.length channels as libsndfile does', (wav) => {
    const read = readWav(bytesOf(wav));
    expect(read.rate).toBe(wav.rate);
    expect(read.truncated).toBe(false);
    expect(read.channels.map((channel) => [...channel])).toEqual(wav.channels);
    const mean = wav.channels[0].map(
      (_, i) => wav.channels.reduce((sum, channel) => sum + channel[i], 0) / wav.channels.length,
    );
    expect(read.samples).toBeAllClose(Float32Array.from(mean), { absolute: 1e-7, relative: 0 }); // one rounding to float32
  });

  it('passes over chunks that it does not know, also of odd lengths', () => {
    const wav = writeWav(sound);
    const extra = Uint8Array.of(...Buffer.from('LIST'), 3, 0, 0, 0, 1, 2, 3, 0);
    const longer = Uint8Array.of(...wav.subarray(0, 36), ...extra, ...wav.subarray(36));
    expect(readWav(longer).samples).toEqual(readWav(wav).samples);
  });

  it('reads a stream, whose header gives no length, to its end', () => {
    const wav = writeWav(sound);
    const view = new DataView(wav.buffer);
    view.setUint32(4, 0xffff_ffff, true);
    view.setUint32(40, 0xffff_ffff, true);
    expect(readWav(wav)).toMatchObject({ samples: sound.samples, truncated: false });
  });

  it('gives what is there of a file that ends early, and says so', () => {
    const wav = writeWav(sound);
    const read = readWav(wav.subarray(0, wav.length - 3));
    expect([...read.samples]).toEqual([0, 0.5, -1]);
    expect(read.truncated).toBe(true);
  });

  it('refuses headers that are cut off at any byte', () => {
    const wav = writeWav(sound);
    for (let length = 0; length < 44; length++) expect(() => readWav(wav.subarray(0, length))).toThrow('readWav: ');
  });

  it('refuses what contradicts itself or cannot be, naming it', () => {
    const changed = (at: number, value: number, bytes: 2 | 4 = 2) => {
      const wav = writeWav(sound);
      const view = new DataView(wav.buffer);
      if (bytes === 2) view.setUint16(at, value, true);
      else view.setUint32(at, value, true);
      return wav;
    };
    expect(() => readWav(changed(22, 0))).toThrow('there must be 1 to 64 channels, got 0');
    expect(() => readWav(changed(24, 0, 4))).toThrow('rate must be from 1000 to 768000 samples a second, got 0');
    expect(() => readWav(changed(32, 3))).toThrow('a frame of 1 × 16 bits must have 2 bytes, got 3');
    expect(() => readWav(changed(20, 2))).toThrow(
      'the coding must be PCM, float, A-law or µ-law, got code 2 of 16 bits',
    );
    expect(() => readWav(changed(34, 12))).toThrow('got code 1 of 12 bits');
    const floats = writeWav(sound, { coding: 'float32' });
    new DataView(floats.buffer).setFloat32(58 + 8, NaN, true);
    expect(() => readWav(floats)).toThrow('readWav: samples must be finite, got NaN at 2');
    expect(() => readWav(new TextEncoder().encode('RIFF....WAVEdata\0\0\0\0'))).toThrow(
      'the format must come before the samples',
    );
  });
});

describe('writeWav', () => {
  it.each(['int8', 'int16', 'int24', 'int32', 'float32', 'a-law', 'mu-law'] as WavCoding[])(
    'writes in %s what it read of a file of libsndfile, byte for byte where floats can hold it',
    (coding) => {
      const wav = golden.find((entry) => entry.coding === coding && entry.channels.length === 1)!;
      const { samples, rate } = readWav(bytesOf(wav));
      const written = writeWav({ samples, rate }, { coding });
      expect(readWav(written).samples).toEqual(samples);
      if (coding === 'int32') return; // 24 bits are left of 32
      const stored = Buffer.from(written).subarray(Buffer.from(written).indexOf('data') + 8);
      expect(Buffer.from(bytesOf(wav)).includes(stored)).toBe(true);
    },
  );

  it('clips what is too loud instead of wrapping it round', () => {
    const { samples } = readWav(writeWav({ samples: Float32Array.of(3, -3), rate: 8000 }));
    expect([...samples]).toEqual([32767 / 32768, -1]);
  });

  it('refuses sounds that are none and unknown codings, naming them', () => {
    expect(() => writeWav({ samples: new Float32Array(), rate: 8000 })).toThrow(
      'writeWav: a sound must have samples, got none',
    );
    expect(() => writeWav({ samples: Float32Array.of(0, NaN), rate: 8000 })).toThrow(
      'writeWav: samples must be finite, got NaN at 1',
    );
    expect(() => writeWav(sound, { coding: 'mp3' as never })).toThrow('coding must be one of int8, int16');
  });
});
