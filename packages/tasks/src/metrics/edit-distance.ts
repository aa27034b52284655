/**
 * The least number of insertions, deletions and replacements that turn one sequence into the other (Levenshtein 1966).
 *
 * @example
 * ```ts
 * import { editDistance } from '@heed/tasks';
 * editDistance(['K', 'AE', 'T'], ['K', 'AH', 'T', 'S']); // 2
 * ```
 */
export function editDistance<T>(from: readonly T[], to: readonly T[]): number {
  let above = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (const [i, symbol] of from.entries()) {
    const row = [i + 1];
    for (let j = 0; j < to.length; j++) {
      const replaced = above[j] + (symbol === to[j] ? 0 : 1);
      row.push(Math.min(replaced, above[j + 1] + 1, row[j] + 1));
    }
    above = row;
  }
  return above[to.length];
}
