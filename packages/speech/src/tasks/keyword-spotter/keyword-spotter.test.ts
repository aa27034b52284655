import { describeTaskContract } from '@heed/testing';
import { memoryFolder } from '@heed/training';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { slidingWindows } from '../../sound/sliding-windows.ts';
import type { Sound } from '../../sound/sound.ts';
import type { KeywordSpotterConfig } from './keyword-spotter-config.ts';
import { KeywordSpotter } from './keyword-spotter.ts';

const RATE = 4000;
/** A glide from one frequency to another, in the same time. */
const glide = (from: number, to: number, seconds: number): Sound => {
  const length = Math.round(seconds * RATE);
  const samples = Float32Array.from({ length }, (_, i) => {
    const time = i / RATE;
    return 0.5 * Math.sin(2 * Math.PI * (from * time + ((to - from) * time * time) / (2 * seconds)));
  });
  return { samples, rate: RATE };
};
const seconds = [0.2, 0.25, 0.3, 0.35];
const examples = seconds.flatMap((length) => [
  { ...glide(300, 1500, length), label: 'rising' },
  { ...glide(1500, 300, length), label: 'falling' },
]);
const made: KeywordSpotter[] = [];
const create = (change: Partial<KeywordSpotterConfig> = {}) => {
  const sizes = { rate: RATE, mels: 8, modelWidth: 8, layers: 1, heads: 2, dropout: 0, maximumSeconds: 1 };
  const spotter = new KeywordSpotter({ labels: ['rising', 'falling'], ...sizes, ...change });
  made.push(spotter);
  return spotter;
};
afterEach(() => made.splice(0).forEach((spotter) => spotter.dispose()));

describeTaskContract('KeywordSpotter', {
  create: () => create(),
  untrained: () => create(),
  load: (folder) => KeywordSpotter.load(folder),
  folder: memoryFolder,
  fit: (task, options) => task.fit(examples, { batchSize: 2, specAugment: { timeWidth: 4 }, ...options }),
  fitBadly: (task) => task.fit([...examples, { samples: new Float32Array(), rate: RATE, label: 'rising' }]),
  inputs: [
    glide(300, 1500, 0.22),
    glide(1400, 400, 0.4),
    glide(500, 1000, 0.1),
    { samples: Float32Array.of(0.1), rate: RATE },
  ],
  predict: (task, inputs, options) => task.spot(inputs, options),
  outcome: ({ label, probabilities }) => ({ exact: label, numbers: Object.values(probabilities) }),
});

describe('KeywordSpotter', () => {
  const folder = memoryFolder();
  beforeAll(async () => {
    const spotter = create();
    await spotter.fit(examples, {
      steps: 50,
      learningRate: 0.01,
      batchSize: 4,
      speeds: [0.9, 1, 1.1],
      buckets: 2,
      labelSmoothing: 0.1,
    });
    await spotter.save(folder);
    spotter.dispose();
  });
  const trained = async () => {
    const spotter = await KeywordSpotter.load(folder);
    made.push(spotter);
    return spotter;
  };
  async function* pieces(sound: Float32Array, size: number) {
    for (let at = 0; at < sound.length; at += size) yield sound.subarray(at, at + size);
  }

  it('learns glides, hears new ones, at other rates and whatever their loudness', async () => {
    const spotter = await trained();
    const [low, high] = [glide(350, 1400, 0.27), glide(1450, 350, 0.23)];
    const quiet = { ...low, samples: low.samples.map((sample) => sample / 50) };
    const clipped = { ...high, samples: high.samples.map((sample) => Math.max(-0.3, Math.min(0.3, sample))) };
    const sounds = [low, high, quiet, clipped];
    expect((await spotter.spot(sounds)).map(({ label }) => label)).toEqual(['rising', 'falling', 'rising', 'falling']);
    const faster = {
      samples: Float32Array.from({ length: 2 * low.samples.length }, (_, i) => low.samples[i >> 1]),
      rate: 2 * RATE,
    };
    expect((await spotter.spot([faster]))[0].label).toBe('rising');
    expect((await spotter.evaluate(examples)).accuracy).toBe(1);
  });

  it('shows which moments decided', async () => {
    const [{ attention }] = await (await trained()).spot([glide(300, 1500, 0.22)], { attention: true });
    expect(attention!.columns.slice(0, 3)).toEqual(['0.00 s', '0.02 s', '0.04 s']);
    expect(attention!.weights[0].reduce((sum, weight) => sum + weight)).toBeCloseTo(1, 5);
  });

  it('hears sound as it comes, and says when', async () => {
    const spotter = await trained();
    const sound = Float32Array.of(...glide(300, 1500, 0.3).samples, ...glide(1500, 300, 0.3).samples);
    const heard: [string, string][] = [];
    for await (const { label, time } of spotter.listen(pieces(sound, 77), { rate: RATE, window: 0.3, every: 0.3 })) {
      heard.push([label, time.toFixed(1)]);
    }
    expect(heard).toEqual([
      ['rising', '0.3'],
      ['falling', '0.6'],
    ]);
  });

  it('refuses sounds that are none, too long ones and unknown labels, naming them', async () => {
    const spotter = create();
    const fit = (samples: Float32Array, label = 'rising', rate = RATE) => spotter.fit([{ samples, rate, label }]);
    await expect(spotter.fit([])).rejects.toThrow('KeywordSpotter.fit: at least one sound is needed, got none');
    await expect(fit(new Float32Array())).rejects.toThrow('a sound must have samples, got none in sound 0');
    await expect(fit(Float32Array.of(0, NaN))).rejects.toThrow('samples must be finite, got NaN at 1 in sound 0');
    await expect(fit(new Float32Array(9), 'flat')).rejects.toThrow(
      'label must be one of ["rising","falling"], got "flat" at 0',
    );
    await expect(fit(new Float32Array(9), 'rising', 0)).rejects.toThrow('rate must be from 1000 to 768000');
    await expect(fit(new Float32Array(5000))).rejects.toThrow('at most maximumSeconds=1, got 1.25 in sound 0');
    expect(() => create({ labels: ['a', 'a'] })).toThrow('labels: must differ');
    const long = { ...glide(300, 1500, 1.2) };
    const task = await trained();
    await expect(task.spot([long])).rejects.toThrow(
      'KeywordSpotter.spot: a sound must last at most maximumSeconds=1, got 1.20',
    );
    expect((await task.spot([long], { truncation: 'end' })).length).toBe(1);
  });
});

describe('slidingWindows', () => {
  it.each([1, 2, 3, 7, 50])('gives the same windows of pieces of %i samples', async (size) => {
    const sound = Float32Array.from({ length: 11 }, (_, i) => i);
    async function* pieces() {
      for (let at = 0; at < 11; at += size) yield sound.subarray(at, at + size);
    }
    const windows: [number[], number][] = [];
    for await (const { samples, end } of slidingWindows(pieces(), { window: 4, every: 3 }))
      windows.push([[...samples], end]);
    expect(windows).toEqual([
      [[0, 1, 2, 3], 4],
      [[3, 4, 5, 6], 7],
      [[6, 7, 8, 9], 10],
      [[7, 8, 9, 10], 11],
    ]);
  });
});
