import { readFileSync } from 'node:fs';
import { Random, readSafetensors } from '@heed/attention-core';
import { expectGradientsToMatchDifferences } from '@heed/testing';
import * as tf from '@tensorflow/tfjs';
import { afterAll, describe, expect, it } from 'vitest';
import { logMel, melSpectrogram, mfcc } from './log-mel.ts';
import { melFilters } from './mel-filters.ts';
import { specAugment } from './spec-augment.ts';
import { frameCount, spectrogram } from './spectrogram.ts';
import { whisperFeatures } from './whisper-features.ts';

// made by tooling/golden/speech-sound.py
const golden = readSafetensors(readFileSync(new URL('spectra.golden.safetensors', import.meta.url))).tensors();
const sound = tf.reshape(golden.sound, [1, -1]) as tf.Tensor2D;
afterAll(() => tf.dispose([golden, sound]));
const sizes = { rate: 16000, window: 400, hop: 160, fft: 512 };
/** Of log₁₀ and ln, 60 to 80 dB below the loudest: single precision. */
const close = { absolute: 1e-4, relative: 1e-4 };

describe('features', () => {
  it("equal Whisper's, also padded to its 30 seconds", () => {
    expect(tf.squeeze(whisperFeatures(sound), [0])).toBeAllClose(golden.whisper, close);
    const padded = tf.pad(sound, [
      [0, 0],
      [0, 480_000 - sound.shape[1]],
    ]);
    const features = whisperFeatures(padded);
    expect(features.shape).toEqual([1, 3000, 80]);
    expect(tf.slice(tf.squeeze(features, [0]), [0, 0], [60, -1])).toBeAllClose(golden['whisper-padded'], close);
  });

  it("equal librosa's: Slaney's mel with zeros around, HTK's without, MFCC", () => {
    expect(tf.squeeze(logMel(sound, { ...sizes, mels: 64, pad: 'zeros' }), [0])).toBeAllClose(golden.slaney, close);
    const htk = { ...sizes, mels: 40, low: 20, high: 7600, scale: 'htk', norm: 'height', pad: 'none' } as const;
    expect(tf.squeeze(logMel(sound, htk), [0])).toBeAllClose(golden.htk, close);
    const cepstrum = mfcc(sound, { ...sizes, mels: 40, coefficients: 13, pad: 'zeros' });
    expect(tf.squeeze(cepstrum, [0])).toBeAllClose(golden.mfcc, { absolute: 2e-3, relative: 1e-4 }); // decibels: 10 × log₁₀
  });

  it('have filters of both scales and norms', () => {
    expect(melFilters({ rate: 16000, fft: 400, mels: 80 })).toBeAllClose(
      golden['slaney-filters'].dataSync() as Float32Array,
    );
    const htk = melFilters({ rate: 8000, fft: 256, mels: 23, low: 20, scale: 'htk', norm: 'height' });
    expect(htk).toBeAllClose(golden['htk-filters'].dataSync() as Float32Array, { absolute: 1e-6, relative: 1e-5 });
  });

  it('find a tone in its own band of the spectrum', () => {
    const tone = tf.tensor2d(
      Float32Array.from({ length: 1024 }, (_, i) => Math.sin((2 * Math.PI * 8 * i) / 64)),
      [1, 1024],
    );
    const power = spectrogram(tone, { window: 64, hop: 32, pad: 'none' });
    expect(power.shape).toEqual([1, frameCount(1024, { window: 64, hop: 32, pad: 'none' }), 33]);
    // a sine of amplitude 1 under a Hann window of N samples: (N / 4)²
    expect(tf.argMax(power, 2).dataSync()[0]).toBe(8);
    expect(tf.max(power, 2).dataSync()[0]).toBeCloseTo(16 ** 2, 2);
  });

  it('have gradients by the sound', () => {
    const short = tf.slice(sound, [0, 3000], [1, 40]) as tf.Tensor2D;
    const options = { rate: 16000, window: 16, hop: 8, mels: 4 };
    expectGradientsToMatchDifferences((x) => tf.sum(melSpectrogram(x as tf.Tensor2D, options)), [short]);
  });

  it('of silence are finite', () => {
    const silence = tf.zeros([1, 800]) as tf.Tensor2D;
    for (const features of [whisperFeatures(silence), logMel(silence, { ...sizes, mels: 40 })]) {
      expect(tf.all(tf.isFinite(features)).dataSync()[0]).toBe(1);
    }
  });

  it('refuse sounds that are too short and sizes that cannot be, naming them', () => {
    expect(() => whisperFeatures(tf.zeros([1, 1]))).toThrow(
      'a sound must have at least 201 samples for fft=400, got 1',
    );
    expect(() => spectrogram(tf.zeros([1, 9]), { window: 16, hop: 4, pad: 'none' })).toThrow(
      'at least 16 samples for fft=16, got 9',
    );
    expect(() => spectrogram(tf.zeros([1, 99]), { window: 16, hop: 0 })).toThrow(
      'hop must be a positive integer, got 0',
    );
    expect(() => spectrogram(tf.zeros([1, 99]), { window: 16, hop: 4, fft: 8 })).toThrow('window must be at most fft');
    expect(() => melFilters({ rate: 8000, fft: 256, mels: 0 })).toThrow('mels must be a positive integer, got 0');
    expect(() => melFilters({ rate: 8000, fft: 256, mels: 4, high: 5000 })).toThrow(
      'must rise from 0 to rate / 2 = 4000',
    );
    expect(() => mfcc(sound, { ...sizes, mels: 4, coefficients: 5 })).toThrow(
      'coefficients must be from 1 to mels=4, got 5',
    );
  });
});

describe('specAugment', () => {
  const features = Float32Array.from({ length: 60 }, (_, i) => i);

  it('replaces whole stripes by the mean, and nothing else', () => {
    const masked = specAugment(features, 6, new Random(3), { timeWidth: 4, timeFraction: 0.5, frequencyWidth: 3 });
    const changed = (frame: number, band: number) => masked[frame * 6 + band] !== features[frame * 6 + band];
    const frames = Array.from({ length: 10 }, (_, frame) => [0, 1, 2, 3, 4, 5].every((band) => changed(frame, band)));
    const bands = [0, 1, 2, 3, 4, 5].map((band) =>
      Array.from({ length: 10 }, (_, frame) => changed(frame, band)).every(Boolean),
    );
    expect(frames.filter(Boolean).length).toBeLessThanOrEqual(4);
    expect(bands.filter(Boolean).length).toBeLessThanOrEqual(3);
    for (let frame = 0; frame < 10; frame++) {
      for (let band = 0; band < 6; band++) {
        const hidden = frames[frame] || bands[band];
        expect(masked[frame * 6 + band]).toBe(hidden ? 29.5 : features[frame * 6 + band]);
      }
    }
    expect(frames.some(Boolean) || bands.some(Boolean)).toBe(true);
  });

  it('does nothing where no stripes are asked for, and refuses half a frame', () => {
    expect(specAugment(features, 6, new Random(3), {})).toEqual(features);
    expect(() => specAugment(features, 7, new Random(3), {})).toThrow('must be a multiple of bands=7 numbers, got 60');
  });
});
