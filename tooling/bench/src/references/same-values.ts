/**
 * Numbers that are the same in every language, so that contenders compute with the same weights and their results can be compared:
 * same_values.py is the twin.
 */

/** Uniforms in [0, 1) that only the name decides. */
function uniforms(name: string, size: number): Float64Array {
  let seed = 0x811c9dc5; // FNV-1a
  for (const byte of new TextEncoder().encode(name)) seed = Math.imul(seed ^ byte, 0x01000193);
  return Float64Array.from({ length: size }, (_, i) => {
    let x = (Math.imul(i, 0x9e3779b1) + seed) >>> 0; // then the finaliser of "triple32", by Chris Wellons
    x = Math.imul(x ^ (x >>> 17), 0xed5ad4bb) >>> 0;
    x = Math.imul(x ^ (x >>> 11), 0xac4c1b51) >>> 0;
    x = Math.imul(x ^ (x >>> 15), 0x31848bab) >>> 0;
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  });
}

/** Whole numbers in [0, below). */
export function sameIntegers(name: string, shape: readonly number[], below: number): Int32Array {
  return Int32Array.from(uniforms(name, sizeOf(shape)), (value) => Math.floor(value * below));
}

/** Uniforms in [−1, 1). */
export function sameInputs(name: string, shape: readonly number[]): Float32Array {
  return Float32Array.from(uniforms(name, sizeOf(shape)), (value) => 2 * value - 1);
}

/** What a weight of that name and shape begins with: uniform in ±1/√inputs, vectors in ±0.1, the gains of norms about 1. */
export function sameWeight(name: string, shape: readonly number[]): Float32Array {
  const inputs = sizeOf(shape) / shape[shape.length - 1];
  const bound = shape.length === 1 ? 0.1 : 1 / Math.sqrt(inputs);
  const centre = /norm\.weight$/i.test(name) ? 1 : 0;
  return Float32Array.from(uniforms(name, sizeOf(shape)), (value) => centre + bound * (2 * value - 1));
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}
