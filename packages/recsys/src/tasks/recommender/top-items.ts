/**
 * The `k` highest scores, highest first; of equal ones the item with the lower index is ahead.
 *
 * @param without items that are left out
 */
export function topItems(
  scores: Float32Array,
  k: number,
  without: ReadonlySet<number>,
): { readonly item: number; readonly score: number }[] {
  const best: { item: number; score: number }[] = []; // highest first
  for (let item = 0; item < scores.length; item++) {
    const score = scores[item];
    if (best.length === k && !(score > best[k - 1].score)) continue;
    if (without.has(item)) continue;
    let place = best.length;
    while (place > 0 && best[place - 1].score < score) place--;
    best.splice(place, 0, { item, score });
    if (best.length > k) best.pop();
  }
  return best;
}
