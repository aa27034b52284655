/** One series of numbers after another, however long. */
export function concatenate(first: Float64Array, second: ArrayLike<number>): Float64Array {
  const both = new Float64Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
