import { byteAlphabet, byteLevelWords } from './byte-level.ts';
import { bpeJson, type TokenizerJson } from './tokenizer-json.ts';

export interface TrainBpeOptions {
  /** Number of tokens, special ones and the 256 bytes included. */
  readonly vocabularySize: number;
  /** Tokens that stand for no text, e.g. `<s>`; they are numbered first. */
  readonly specialTokens?: readonly string[];
  /** Whether text is put in lower case first. Default false. */
  readonly lowerCase?: boolean;
  /** Pairs that are seen less often are not merged. Default 2. */
  readonly minimumCount?: number;
}

/** A word as token numbers, and how often it was seen. */
interface Word {
  tokens: number[];
  readonly count: number;
}

/** Two tokens side by side as one number: vocabularies are far smaller than this. */
const SIDE = 2 ** 24;

/**
 * Learns a byte-level BPE vocabulary (Sennrich et al. 2016; GPT-2's bytes, Radford et al. 2019): the most frequent pair of neighbours
 * becomes a token, again and again. Any text can be written in it. Equal, merge by merge, to Python `tokenizers`.
 *
 * @returns a `tokenizer.json`
 * @throws if the vocabulary has no room for the special tokens and the bytes
 *
 * @example
 * ```ts
 * import { trainBpe } from '@heed/nlp';
 * const { model } = trainBpe(['low lower lowest', 'low'], { vocabularySize: 260 });
 * model.merges.map((pair) => pair.join('')); // ['lo', 'Ġlo', 'Ġlow', 'Ġlowe']
 * ```
 */
export function trainBpe(texts: Iterable<string>, options: TrainBpeOptions): TokenizerJson {
  const { vocabularySize, specialTokens = [], lowerCase = false, minimumCount = 2 } = options;
  const tokens = [...specialTokens, ...byteAlphabet()];
  if (!Number.isInteger(vocabularySize) || vocabularySize < tokens.length) {
    throw new Error(
      `trainBpe: vocabularySize must be an integer of at least ${tokens.length} (special tokens and bytes), got ${vocabularySize}`,
    );
  }
  const merges = new Merging(countWords(texts, lowerCase, tokens), vocabularySize - tokens.length, minimumCount).run(
    tokens,
  );
  return tokenizerJson(specialTokens, lowerCase, tokens, merges);
}

function countWords(texts: Iterable<string>, lowerCase: boolean, tokens: readonly string[]): Word[] {
  const counts = new Map<string, number>();
  for (const text of texts) {
    const normal = text.normalize('NFC');
    for (const word of byteLevelWords(lowerCase ? normal.toLowerCase() : normal)) {
      counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  const numbers = new Map(tokens.map((token, number) => [token, number]));
  return Array.from(counts, ([word, count]) => ({ tokens: [...word].map((byte) => numbers.get(byte)!), count }));
}

/** Merges the most frequent pair until there are enough tokens, keeping count of pairs and of the words that have them. */
class Merging {
  private readonly counts = new Map<number, number>();
  private readonly places = new Map<number, Set<number>>();

  constructor(
    private readonly words: readonly Word[],
    private readonly wanted: number,
    private readonly minimumCount: number,
  ) {
    for (const index of words.keys()) this.count(index, 1);
  }

  /** @param tokens grows by the merged ones @returns the pairs in the order of their merging */
  run(tokens: string[]): [string, string][] {
    const merges: [string, string][] = [];
    const numbers = new Map(tokens.map((token, number) => [token, number]));
    while (merges.length < this.wanted) {
      const pair = this.mostFrequent();
      if (pair === undefined) break;
      const [left, right] = [Math.floor(pair / SIDE), pair % SIDE];
      const merged = tokens[left] + tokens[right];
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
    let most = Math.max(1, this.minimumCount) - 1;
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
      const pair = tokens[i] * SIDE + tokens[i + 1];
      this.counts.set(pair, (this.counts.get(pair) ?? 0) + sign * count);
      let places = this.places.get(pair);
      if (places === undefined) this.places.set(pair, (places = new Set()));
      if (sign === 1) places.add(index);
      else places.delete(index);
    }
  }
}

function tokenizerJson(
  specialTokens: readonly string[],
  lowerCase: boolean,
  tokens: readonly string[],
  merges: readonly (readonly [string, string])[],
): TokenizerJson {
  const byteLevel = { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true } as const;
  return bpeJson({
    specialTokens,
    tokens,
    merges,
    normalizer: {
      type: 'Sequence',
      normalizers: [{ type: 'NFC' }, ...(lowerCase ? [{ type: 'Lowercase' }] : [])],
    },
    pre_tokenizer: byteLevel,
    decoder: byteLevel,
  });
}
