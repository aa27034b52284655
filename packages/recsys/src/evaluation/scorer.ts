/** What ranks items by how likely they come next. */
export interface Scorer {
  /** Number of items, V. */
  readonly items: number;
  /** Scores of all items after each history, higher is likelier; row by row, [histories · V]. */
  score(histories: readonly Int32Array[]): Float32Array | Promise<Float32Array>;
}
