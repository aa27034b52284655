import type { DatasetCard } from '@heed/training';
import { UndirectedGraph } from 'graphology';

/** Zachary's karate club (1977): who met whom outside of the club, before it split in two. */
export const karateClubCard: DatasetCard = {
  name: 'karate-club',
  licence: 'public facts, in the source itself',
  reference: 'Zachary 1977, "An information flow model for conflict and fission in small groups"',
  files: [],
  splits: { train: 2, test: 32 },
  statistics: { nodes: 34, edges: 78, classes: 2 },
};

/** Neighbours with a higher number, by node. */
const FRIENDS: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 17, 19, 21, 31],
  1: [2, 3, 7, 13, 17, 19, 21, 30],
  2: [3, 7, 8, 9, 13, 27, 28, 32],
  3: [7, 12, 13],
  4: [6, 10],
  5: [6, 10, 16],
  6: [16],
  8: [30, 32, 33],
  9: [33],
  13: [33],
  14: [32, 33],
  15: [32, 33],
  18: [32, 33],
  19: [33],
  20: [32, 33],
  22: [32, 33],
  23: [25, 27, 29, 32, 33],
  24: [25, 27, 31],
  25: [31],
  26: [29, 33],
  27: [33],
  28: [31, 33],
  29: [32, 33],
  30: [32, 33],
  31: [32, 33],
  32: [33],
};

const STAYED_WITH_INSTRUCTOR = new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 16, 17, 19, 21]);
const INSTRUCTOR = 0;
const PRESIDENT = 33;
const MEMBERS = 34;

/**
 * The club as a graphology graph. Each member's features are 34 numbers, all 0 but the member's own; `label` is the side the member
 * took, `split` is `train` for the instructor and the president alone: a model must infer all others from them.
 *
 * @example
 * ```ts
 * import { karateClub } from '@heed/graph';
 * karateClub().size; // 78 friendships
 * ```
 */
export function karateClub(): UndirectedGraph {
  const graph = new UndirectedGraph();
  for (let member = 0; member < MEMBERS; member++) {
    graph.addNode(member, {
      features: Array.from({ length: MEMBERS }, (_, other) => (other === member ? 1 : 0)),
      label: STAYED_WITH_INSTRUCTOR.has(member) ? 'instructor' : 'president',
      split: member === INSTRUCTOR || member === PRESIDENT ? 'train' : 'test',
    });
  }
  for (const [member, friends] of Object.entries(FRIENDS)) {
    for (const friend of friends) graph.addEdge(member, friend);
  }
  return graph;
}
