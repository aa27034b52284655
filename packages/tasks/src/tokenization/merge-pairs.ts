/** A word as token numbers, and how often it was seen. */
export interface CountedWord {
  tokens: number[];
  readonly count: number;
}

export interface MergeOptions {
  /** So many tokens are there at the end, if there are as many pairs to merge. */
  readonly vocabularySize: number;
  /** Pairs that are seen less often are not merged. */
  readonly minimumCount: number;
  /** How two tokens are written as one. Default: side by side. */
  readonly join?: (left: string, right: string) => string;
}

/**
 * Makes a token of the most frequent pair of neighbours, again and again; among equally frequent pairs of the one of the lowest numbers.
 *
 * @param words are written in the new tokens afterwards
 * @param tokens grows by the merged ones
 * @returns the pairs in the order of their merging
 */
export function mergePairs(words: readonly CountedWord[], tokens: string[], options: MergeOptions): [string, string][] {
  return new Merging(words, options).run(tokens);
}

/** Merges the most frequent pair until there are enough tokens, keeping count of pairs and of the words that have them. */
class Merging {
  private readonly counts = new Map<number, number>();
  private readonly places = new Map<number, Set<number>>();

  constructor(
    private readonly words: readonly CountedWord[],
    private readonly options: MergeOptions,
  ) {
    for (const index of words.keys()) this.count(index, 1);
  }

  /** @param tokens grows by the merged ones @returns the pairs in the order of their merging */
  run(tokens: string[]): [string, string][] {
    const merges: [string, string][] = [];
    const numbers = new Map(tokens.map((token, number) => [token, number]));
    const { vocabularySize, join = (left, right) => left + right } = this.options;
    while (tokens.length < vocabularySize) {
      const pair = this.mostFrequent();
      if (pair === undefined) break;
      const [left, right] = [Math.floor(pair / vocabularySize), pair % vocabularySize];
      const merged = join(tokens[left], tokens[right]);
      let number = numbers.get(merged);
      if (number === undefined) {
        number = tokens.push(merged) - 1;
        numbers.set(merged, number);
      }
      merges.push([tokens[left], tokens[right]]);
      this.merge(pair, left, right, number);
    }
    return merges;
  }

  /** Among equally frequent pairs the one of the lowest numbers. */
  private mostFrequent(): number | undefined {
    let best: number | undefined;
    let most = Math.max(1, this.options.minimumCount) - 1;
    for (const [pair, count] of this.counts) {
      if (count > most || (count === most && best !== undefined && pair < best)) [best, most] = [pair, count];
    }
    return best;
  }

  private merge(pair: number, left: number, right: number, number: number): void {
    for (const index of Array.from(this.places.get(pair) ?? [])) {
      this.count(index, -1);
      const { tokens } = this.words[index];
      const merged: number[] = [];
      for (let i = 0; i < tokens.length; i++) {
        const found = tokens[i] === left && tokens[i + 1] === right;
        merged.push(found ? number : tokens[i]);
        if (found) i++;
      }
      this.words[index].tokens = merged;
      this.count(index, 1);
    }
    this.counts.delete(pair);
    this.places.delete(pair);
  }

  /** Adds (1) or takes away (−1) a word's pairs. */
  private count(index: number, sign: 1 | -1): void {
    const { tokens, count } = this.words[index];
    for (let i = 0; i + 1 < tokens.length; i++) {
      const pair = tokens[i] * this.options.vocabularySize + tokens[i + 1]; // small integers are quick keys;
      const seen = (this.counts.get(pair) ?? 0) + sign * count;
      if (seen > 0) this.counts.set(pair, seen);
      else this.counts.delete(pair); // or the search for the most frequent one would pass it for ever
      let places = this.places.get(pair);
      if (places === undefined) this.places.set(pair, (places = new Set()));
      if (sign === 1) places.add(index);
      else places.delete(index);
    }
  }
}
