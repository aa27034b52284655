/**
 * The symbols that a model knows, each with its index.
 *
 * @example
 * ```ts
 * import { Vocabulary } from '@heed/tasks';
 * const letters = new Vocabulary(['a', 'b', 'c']);
 * letters.indexOf('b'); // 1
 * letters.at(1); // 'b'
 * ```
 */
export class Vocabulary {
  readonly symbols: readonly string[];
  private readonly indices: ReadonlyMap<string, number>;

  /** @throws if there are no symbols, or one occurs twice */
  constructor(symbols: readonly string[]) {
    this.indices = new Map(symbols.map((symbol, index) => [symbol, index]));
    if (symbols.length === 0) throw new Error('Vocabulary: at least one symbol is needed, got none');
    if (this.indices.size !== symbols.length) {
      const twice = symbols.find((symbol, index) => this.indices.get(symbol) !== index);
      throw new Error(`Vocabulary: symbols must differ, got ${JSON.stringify(twice)} twice`);
    }
    this.symbols = Object.freeze([...symbols]);
  }

  /** The symbols that occur in the sequences, sorted, after `special` ones. */
  static of(sequences: Iterable<readonly string[]>, special: readonly string[] = []): Vocabulary {
    const found = new Set<string>();
    for (const sequence of sequences) for (const symbol of sequence) found.add(symbol);
    for (const symbol of special) {
      if (found.has(symbol))
        throw new Error(`Vocabulary.of: ${JSON.stringify(symbol)} is reserved, but occurs in the data`);
    }
    return new Vocabulary([...special, ...[...found].sort()]);
  }

  get size(): number {
    return this.symbols.length;
  }

  /** Undefined for an unknown symbol. */
  indexOf(symbol: string): number | undefined {
    return this.indices.get(symbol);
  }

  has(symbol: string): boolean {
    return this.indices.has(symbol);
  }

  /** @throws if there is no such index */
  at(index: number): string {
    const symbol = this.symbols[index];
    if (symbol === undefined) throw new Error(`Vocabulary.at: index must be in [0, ${this.size}), got ${index}`);
    return symbol;
  }
}
