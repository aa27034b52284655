/** A text and what it says in short. */
export interface SummaryPair {
  readonly text: string;
  readonly summary: string;
}
