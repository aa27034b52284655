/** What weights are of: every pair of query and key, or the edges of a graph. */
export type MapKind = 'matrix' | 'edges';
