/**
 * Where each label stands among the known ones.
 *
 * @param owner how the message begins
 * @throws if one is not known, naming it and its place
 *
 * @example
 * ```ts
 * import { labelIndices } from '@heed/tasks';
 * labelIndices('Example', ['cat', 'dog'], ['dog', 'dog', 'cat']); // [1, 1, 0]
 * ```
 */
export function labelIndices(owner: string, known: readonly string[], labels: readonly string[]): number[] {
  const indices = new Map(known.map((label, index) => [label, index]));
  return labels.map((label, i) => {
    const index = indices.get(label);
    if (index !== undefined) return index;
    throw new Error(
      `${owner}: a label must be one of ${JSON.stringify(known)}, got ${JSON.stringify(label) ?? 'undefined'} at ${i}`,
    );
  });
}
