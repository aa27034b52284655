import { describe, expect, it } from 'vitest';
import { karateClub, karateClubCard } from './karate-club.ts';

describe('the karate club', () => {
  it('has the statistics that its card states', () => {
    const graph = karateClub();
    expect(graph.order).toBe(karateClubCard.statistics!.nodes);
    expect(graph.size).toBe(karateClubCard.statistics!.edges);
  });

  it('has the degrees that networkx has', () => {
    const graph = karateClub();
    expect(graph.mapNodes((member) => graph.degree(member))).toEqual([
      16, 9, 10, 6, 3, 4, 4, 4, 5, 2, 3, 1, 2, 5, 2, 2, 2, 2, 2, 3, 2, 2, 2, 5, 3, 3, 2, 4, 3, 4, 4, 6, 12, 17,
    ]);
  });

  it('split in two halves of 17', () => {
    const graph = karateClub();
    expect(graph.filterNodes((_, { label }) => label === 'instructor').length).toBe(17);
  });
});
