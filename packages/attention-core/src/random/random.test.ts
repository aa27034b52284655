import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { philox, wordToUniform, type Counter, type Key } from './philox.ts';
import { RandomStream, seedKey } from './random-stream.ts';
import { Random } from './random.ts';
import { withoutInitialWeights } from './without-initial-weights.ts';

describe('philox', () => {
  // philox4x32-10 in the known-answer vectors (kat_vectors) of Salmon et al.'s Random123
  it.each<[Counter, Key, string]>([
    [[0, 0, 0, 0], [0, 0], '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
    [[0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff], '408f276d 41c83b0e a20bc7c6 6d5451fd'],
    [[0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0], 'd16cfe09 94fdcceb 5001e420 24126ea1'],
  ])('gives the published words (%#)', (counter, key, words) => {
    const out = philox(new Uint32Array(4), key, counter);
    expect([...out].map((word) => word.toString(16).padStart(8, '0')).join(' ')).toBe(words);
  });

  it('gives block after block for counters that follow each other', () => {
    const both = philox(new Uint32Array(7), [1, 2], [5, 6, 7, 8]);
    expect(both.subarray(4)).toEqual(philox(new Uint32Array(3), [1, 2], [6, 6, 7, 8]));
  });
});

describe('Random', () => {
  it('gives the same for the same seed and goes on from a stored state', () => {
    const random = new Random(2 ** 40 + 3);
    random.normals(3);
    const restored = Random.restore(JSON.parse(JSON.stringify(random.state())) as ReturnType<Random['state']>);
    expect(restored.uniforms(5)).toEqual(random.uniforms(5));
    expect(new Random(2 ** 40 + 3).uniforms(2)).not.toEqual(new Random(3).uniforms(2));
  });

  it('forks by label, whatever was drawn before', () => {
    const [fresh, used] = [new Random(7), new Random(7)];
    used.uniforms(100);
    expect(used.fork('encoder').uniforms(4)).toEqual(fresh.fork('encoder').uniforms(4));
    expect(fresh.fork('encoder').uniforms(4)).not.toEqual(fresh.fork('decoder').uniforms(4));
  });

  it('has uniforms and normals of the stated mean and deviation', () => {
    const count = 20_000;
    const moments = (values: Float32Array) => {
      const mean = values.reduce((sum, value) => sum + value, 0) / count;
      return { mean, deviation: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count) };
    };
    const uniform = moments(new Random(1).uniforms(count, -1, 3));
    expect(Math.abs(uniform.mean - 1)).toBeLessThan(0.025); // three standard errors
    expect(Math.abs(uniform.deviation - 4 / Math.sqrt(12))).toBeLessThan(0.025);
    const normal = moments(new Random(1).normals(count, 2, 3));
    expect(Math.abs(normal.mean - 2)).toBeLessThan(0.065);
    expect(Math.abs(normal.deviation - 3)).toBeLessThan(0.05);
  });

  it('shuffles into a permutation, each order equally often', () => {
    const random = new Random(4);
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = random.shuffle(['a', 'b', 'c']).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual(['abc', 'acb', 'bac', 'bca', 'cab', 'cba']);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(90); // three deviations
  });

  it('refuses seeds and bounds that it could not honour', () => {
    expect(() => new Random(-1)).toThrow('Random: seed must be a non-negative safe integer, got -1');
    expect(() => new Random(1).integer(0)).toThrow('Random.integer: below must be an integer in [1, 2^32], got 0');
  });
});

describe('withoutInitialWeights', () => {
  it('draws zeros, and leaves a source where drawing would have left it', () => {
    for (const count of [1, 4, 5, 6, 7]) {
      const [drawing, passing] = [new Random(3), new Random(3)];
      drawing.uniforms(count);
      drawing.normals(count);
      const passed = withoutInitialWeights(() => [passing.uniforms(count, 1, 2), passing.normals(count, 5)]);
      expect(passed).toEqual([new Float32Array(count), new Float32Array(count)]);
      expect(passing.state()).toEqual(drawing.state());
    }
  });

  it('shuffles and forks as ever', () => {
    const items = ['a', 'b', 'c', 'd'];
    expect(withoutInitialWeights(() => new Random(3).shuffle(items))).toEqual(new Random(3).shuffle(items));
    expect(withoutInitialWeights(() => new Random(3).fork('a').state())).toEqual(new Random(3).fork('a').state());
  });

  it('ends when the function returns, waits or throws', async () => {
    const expected = new Random(3).uniforms(2);
    const inner = () => withoutInitialWeights(() => withoutInitialWeights(() => 1) + new Random(3).uniforms(1)[0]);
    expect(inner()).toBe(1); // an inner scope does not end the outer one
    const later = withoutInitialWeights(async () => {
      await Promise.resolve();
      return new Random(3).uniforms(2);
    });
    expect(new Random(3).uniforms(2)).toEqual(expected);
    expect(await later).toEqual(expected);
    const failing = () =>
      withoutInitialWeights(() => {
        throw new Error('no model');
      });
    expect(failing).toThrow('no model');
    expect(new Random(3).uniforms(2)).toEqual(expected);
  });
});

describe('RandomStream', () => {
  it('gives on every backend the bits of philox with counter (block, draw, step, 0)', () => {
    const [seed, step] = [7 + 3 * 2 ** 32, 11];
    const stream = RandomStream.of(seed, step);
    for (const draw of [0, 1]) {
      const words = philox(new Uint32Array(10), [7, 3], [0, draw, step, 0]);
      expect([...stream.uniform([2, 5]).dataSync()]).toEqual([...words].map(wordToUniform));
    }
  });

  it('repeats a reserved draw as often as it is asked for', () => {
    const stream = RandomStream.of(1, 0);
    const again = stream.reserve();
    const first = again([3]);
    stream.uniform([3]);
    expect(again([3])).toBeAllClose(first, { absolute: 0, relative: 0 });
  });

  it('draws anew at every step, from a step that is a tensor', () => {
    const at = (step: number) => new RandomStream(seedKey(1), tf.scalar(step, 'int32')).uniform([4]);
    expect(at(1)).not.toBeAllClose(at(2));
    expect(at(1)).toBeAllClose(RandomStream.of(1, 1).uniform([4]), { absolute: 0, relative: 0 });
  });

  it('has integers below the bound and normals of mean 0 and deviation 1', () => {
    const stream = RandomStream.of(9, 0);
    const integers = stream.integers([1000], 3).dataSync();
    expect(new Set(integers)).toEqual(new Set([0, 1, 2]));
    const normals = stream.normal([10_000]);
    expect(Math.abs(tf.mean(normals).dataSync()[0])).toBeLessThan(0.03); // three standard errors
    expect(Math.abs(tf.mean(tf.square(normals)).dataSync()[0] - 1)).toBeLessThan(0.045);
    expect(() => stream.integers([1], 0)).toThrow(
      'RandomStream.integers: below must be an integer in [1, 2^23], got 0',
    );
  });
});
