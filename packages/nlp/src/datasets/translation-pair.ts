/** A text and its translation. */
export interface TranslationPair {
  readonly source: string;
  readonly target: string;
}
