/**
 * A hash of numbers, eight hexadecimal digits: in the `config` of `train()` it tells data apart, so that a checkpoint is not continued on other
 * data. FNV-1a over int32 numbers as they are, others as the two halves of their float64.
 *
 * @example
 * ```ts
 * import { fingerprint } from '@heed/training';
 * fingerprint([1, 2, 3]) === fingerprint([1, 2, 3.5]); // false
 * ```
 */
export function fingerprint(numbers: Iterable<number>): string {
  let hash = 0x811c9dc5;
  const mix = (word: number) => (hash = Math.imul(hash ^ word, 0x01000193) >>> 0);
  const float = new Float64Array(1);
  const halves = new Int32Array(float.buffer);
  for (const number of numbers) {
    if ((number | 0) === number) mix(number);
    else {
      float[0] = number;
      halves.forEach(mix);
    }
  }
  return hash.toString(16).padStart(8, '0');
}
