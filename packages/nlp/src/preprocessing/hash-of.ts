/** A hash of numbers, eight digits of base 16: tells data apart, so that a checkpoint is not continued on other data. */
export function hashOf(numbers: Iterable<number>): string {
  let hash = 0x811c9dc5; // FNV-1a
  for (const number of numbers) hash = Math.imul(hash ^ number, 0x01000193) >>> 0;
  return hash.toString(16).padStart(8, '0');
}
