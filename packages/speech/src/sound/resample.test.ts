import { describe, expect, it } from 'vitest';
import { addNoise, changeSpeed } from './augment.ts';
import { resample } from './resample.ts';

const tone = (hertz: number, rate: number, length: number) =>
  Float32Array.from({ length }, (_, i) => Math.sin((2 * Math.PI * hertz * i) / rate));
/** Away from the ends, where the filter sees what was never heard. */
const middle = (samples: Float32Array) => samples.subarray(400, samples.length - 400);
const loudest = (samples: Float32Array) => samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);

describe('resample', () => {
  it.each([
    [8000, 16000],
    [44100, 16000],
    [48000, 16000],
    [96000, 16000],
    [11025, 16000],
    [16000, 8000],
  ])('brings a tone from %i to %i samples a second, as the same tone', (from, to) => {
    const { samples, rate } = resample({ samples: tone(440, from, from / 2), rate: from }, to);
    expect(rate).toBe(to);
    expect(samples.length).toBe(to / 2);
    // the filter's ripple: 90 dB below, and what is between two of its 4,096 phases
    expect(middle(samples)).toBeAllClose(middle(tone(440, to, to / 2)), { absolute: 1e-4, relative: 0 });
  });

  it('removes what the lower rate cannot hold, instead of folding it back', () => {
    const { samples } = resample({ samples: tone(5000, 16000, 16000), rate: 16000 }, 8000);
    expect(loudest(middle(samples))).toBeLessThan(1e-4);
  });

  it('keeps a constant, and leaves a sound of the right rate alone', () => {
    const sound = { samples: new Float32Array(4000).fill(0.5), rate: 8000 };
    expect(middle(resample(sound, 11025).samples)).toBeAllClose(new Float32Array(5513 - 800).fill(0.5), {
      absolute: 1e-5,
    });
    expect(resample(sound, 8000)).toBe(sound);
  });

  it('takes a single sample, and refuses none, NaN and impossible rates, naming them', () => {
    expect(resample({ samples: Float32Array.of(0.5), rate: 8000 }, 16000).samples.length).toBe(2);
    expect(() => resample({ samples: new Float32Array(), rate: 8000 }, 16000)).toThrow(
      'a sound must have samples, got none',
    );
    expect(() => resample({ samples: Float32Array.of(NaN), rate: 8000 }, 16000)).toThrow(
      'samples must be finite, got NaN at 0',
    );
    expect(() => resample({ samples: Float32Array.of(0), rate: 0 }, 16000)).toThrow('rate must be from 1000 to 768000');
    expect(() => resample({ samples: [0] as never, rate: 8000 }, 16000)).toThrow(
      'samples must be a Float32Array, got Array',
    );
  });
});

describe('changeSpeed', () => {
  it('makes a tone shorter and higher', () => {
    const faster = changeSpeed(tone(400, 8000, 8800), 1.1);
    expect(faster.length).toBe(8000);
    expect(middle(faster)).toBeAllClose(middle(tone(440, 8000, 8000)), { absolute: 1e-3, relative: 0 }); // a short filter
    expect(() => changeSpeed(faster, 0)).toThrow('factor must be from 0.25 to 4, got 0');
  });
});

describe('addNoise', () => {
  it('adds noise of the power that was asked for', () => {
    const sound = tone(440, 8000, 8000);
    const noise = tone(1000, 8000, 1000);
    const noisy = addNoise(sound, noise, 20);
    const added = noisy.map((sample, i) => sample - sound[i]);
    expect(loudest(added)).toBeCloseTo(0.1, 3); // 20 dB is a tenth of the amplitude
    expect(addNoise(new Float32Array(5), noise, 20)).toEqual(new Float32Array(5));
    expect(() => addNoise(sound, new Float32Array(), 20)).toThrow('noise must have samples, got none');
  });
});
