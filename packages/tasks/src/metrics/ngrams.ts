/** How often each n-gram occurs. */
export function countNgrams(tokens: readonly string[], order: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i + order <= tokens.length; i++) {
    const ngram = tokens.slice(i, i + order).join(' ');
    counts.set(ngram, (counts.get(ngram) ?? 0) + 1);
  }
  return counts;
}

/** How many n-grams two texts have in common, and how many each has. */
export function matchNgrams(
  given: ReadonlyMap<string, number>,
  right: ReadonlyMap<string, number>,
): { readonly matches: number; readonly given: number; readonly right: number } {
  let matches = 0;
  for (const [ngram, count] of given) matches += Math.min(count, right.get(ngram) ?? 0);
  return { matches, given: total(given), right: total(right) };
}

function total(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}
