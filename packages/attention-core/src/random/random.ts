import { philox, wordsToNormals, wordToUniform } from './philox.ts';
import { countWeights } from './weight-limit.ts';
import { drawsInitialWeights } from './without-initial-weights.ts';

/** Where a `Random` stands: JSON that `Random.restore` takes back. */
export interface RandomState {
  readonly key: readonly [number, number];
  readonly position: number;
}

/**
 * A seeded source of random numbers on the host, for initial weights, shuffling and sampling of data.
 * What runs inside a model's `forward` draws from a `RandomStream` instead.
 *
 * @example
 * ```ts
 * import { Random } from '@heed/attention-core';
 * const random = new Random(7);
 * random.uniform(); // the same number on every machine and backend
 * const shuffled = random.shuffle(['a', 'b', 'c']);
 * const forTheEncoder = random.fork('encoder'); // independent of what else is drawn here
 * ```
 */
export class Random {
  private readonly key: readonly [number, number];
  private position = 0;

  /** @param seed a safe non-negative integer */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new Error(`Random: seed must be a non-negative safe integer, got ${seed}`);
    }
    this.key = [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0];
  }

  /** Continues where `state()` was taken. */
  static restore(state: RandomState): Random {
    const random = new Random(0);
    Object.assign(random, { key: [state.key[0], state.key[1]], position: state.position });
    return random;
  }

  state(): RandomState {
    return { key: this.key, position: this.position };
  }

  /** An independent source; the same label always gives the same one, whatever else was drawn. */
  fork(label: string): Random {
    const words = new Uint32Array(4);
    let hash = 0x811c9dc5; // FNV-1a over the label's code units
    for (let i = 0; i < label.length; i++) hash = Math.imul(hash ^ label.charCodeAt(i), 0x01000193) >>> 0;
    philox(words, this.key, [hash, label.length, 0, 0xf0f0f0f0]);
    return Random.restore({ key: [words[0], words[1]], position: 0 });
  }

  /** The next `count` unsigned 32-bit words. */
  words(count: number): Uint32Array {
    const counter = [this.position >>> 0, Math.floor(this.position / 2 ** 32) >>> 0, 0, 0] as const;
    this.position += Math.ceil(count / 4);
    return philox(new Uint32Array(count), this.key, counter);
  }

  /** A number in [0, 1). */
  uniform(): number {
    return wordToUniform(this.words(1)[0]);
  }

  /** An integer in [0, below). */
  integer(below: number): number {
    if (!Number.isInteger(below) || below < 1 || below > 2 ** 32) {
      throw new Error(`Random.integer: below must be an integer in [1, 2^32], got ${below}`);
    }
    return this.words(1)[0] % below;
  }

  /** `count` numbers in [low, high); within `withoutInitialWeights` zeros. */
  uniforms(count: number, low = 0, high = 1): Float32Array {
    countWeights(count);
    if (!drawsInitialWeights()) return this.zeros(count);
    return Float32Array.from(this.words(count), (word) => low + (high - low) * wordToUniform(word));
  }

  /** `count` normal numbers of the given mean and standard deviation; within `withoutInitialWeights` zeros. */
  normals(count: number, mean = 0, deviation = 1): Float32Array {
    countWeights(count);
    if (!drawsInitialWeights()) return this.zeros(count);
    const words = this.words(count + (count % 2));
    const out = new Float32Array(words.length);
    for (let i = 0; i < words.length; i += 2) {
      const [first, second] = wordsToNormals(words[i], words[i + 1]);
      out[i] = mean + deviation * first;
      out[i + 1] = mean + deviation * second;
    }
    return out.subarray(0, count);
  }

  /** A shuffled copy (Fisher–Yates). */
  shuffle<T>(items: readonly T[]): T[] {
    const out = [...items];
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [out[i], out[j]] = [out[j], out[i]];
    }
    return out;
  }

  /** Passes over the words that `count` numbers take. */
  private zeros(count: number): Float32Array {
    this.position += Math.ceil(count / 4);
    return new Float32Array(count);
  }
}
