/** The names that somebody who typed `typed` may have meant, nearest first; at most three. */
export function nearNames(typed: string, names: readonly string[]): string[] {
  const last = (name: string): string => name.slice(name.lastIndexOf('/') + 1);
  return names
    .map((name) => {
      const part = last(typed);
      const contains = part !== '' && name.includes(part);
      return { name, distance: contains ? 0 : Math.min(editDistance(typed, name), editDistance(part, last(name)) + 1) };
    })
    .filter(({ name, distance }) => distance <= Math.max(2, last(name).length / 3))
    .sort((one, other) => one.distance - other.distance)
    .slice(0, 3)
    .map(({ name }) => name);
}

/** Levenshtein's distance: the least number of letters to insert, delete or replace. */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (one[i - 1] === other[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[other.length];
}
