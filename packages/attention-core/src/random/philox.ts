/**
 * Philox 4×32-10, the counter-based generator of Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3".
 * TensorFlow's stateless ops use the same one, so that a seed gives the same bits on every backend.
 */

const MULTIPLIER_A = 0xd2511f53;
const MULTIPLIER_B = 0xcd9e8d57;
const WEYL_A = 0x9e3779b9;
const WEYL_B = 0xbb67ae85;
const ROUNDS = 10;

/** Upper 32 bits of the product of two unsigned 32-bit integers. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(carry / 0x10000)) >>> 0;
}

/** Four unsigned 32-bit words, lowest first. */
export type Counter = readonly [number, number, number, number];

/** Two unsigned 32-bit words, lowest first. */
export type Key = readonly [number, number];

/**
 * Fills `out` with the generator's words for the counters `counter`, `counter + 1`, …: four words each. Only the counter's lowest
 * word is advanced, so `out` may hold at most 2^34 words.
 */
export function philox(out: Uint32Array, key: Key, counter: Counter): Uint32Array {
  for (let offset = 0, block = counter[0]; offset < out.length; offset += 4, block = (block + 1) >>> 0) {
    let c0 = block;
    let c1 = counter[1];
    let c2 = counter[2];
    let c3 = counter[3];
    let k0 = key[0];
    let k1 = key[1];
    for (let round = 0; round < ROUNDS; round++) {
      const high0 = multiplyHigh(MULTIPLIER_A, c0);
      const low0 = Math.imul(MULTIPLIER_A, c0);
      const high1 = multiplyHigh(MULTIPLIER_B, c2);
      const low1 = Math.imul(MULTIPLIER_B, c2);
      c0 = (high1 ^ c1 ^ k0) >>> 0;
      c1 = low1 >>> 0;
      c2 = (high0 ^ c3 ^ k1) >>> 0;
      c3 = low0 >>> 0;
      k0 = (k0 + WEYL_A) >>> 0;
      k1 = (k1 + WEYL_B) >>> 0;
    }
    out[offset] = c0;
    if (offset + 1 < out.length) out[offset + 1] = c1;
    if (offset + 2 < out.length) out[offset + 2] = c2;
    if (offset + 3 < out.length) out[offset + 3] = c3;
  }
  return out;
}

/** A word's lower 23 bits as a number in [0, 1), as TensorFlow makes its float32 uniforms. */
export function wordToUniform(word: number): number {
  return (word & 0x7fffff) / 0x800000;
}

/** Two words as two independent standard normals (Box–Muller, in TensorFlow's order). */
export function wordsToNormals(first: number, second: number): [number, number] {
  const radius = Math.sqrt(-2 * Math.log(Math.max(wordToUniform(first), 1e-7)));
  const angle = 2 * Math.PI * wordToUniform(second);
  return [Math.sin(angle) * radius, Math.cos(angle) * radius];
}
