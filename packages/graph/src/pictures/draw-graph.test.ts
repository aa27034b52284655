import { describe, expect, it } from 'vitest';
import { karateClub } from '../datasets/karate-club/karate-club.ts';
import { matrix } from '../graph/graph-data.ts';
import { readGraph } from '../graph/graphology-graph.ts';
import { drawEmbeddings, principalPlane } from './draw-embeddings.ts';
import { drawGraph, layOutGraph } from './draw-graph.ts';

const club = readGraph(karateClub()).data;
const count = (text: string, part: string) => text.split(part).length - 1;

describe('layOutGraph', () => {
  it('gives the same places for the same seed, all finite', () => {
    const places = layOutGraph(club, 34, { seed: 3 });
    expect(places.length).toBe(68);
    expect(places.every(Number.isFinite)).toBe(true);
    expect(layOutGraph(club, 34, { seed: 3 })).toEqual(places);
  });

  it('brings linked nodes nearer than others', () => {
    const places = layOutGraph(club, 34);
    const distance = (one: number, other: number) =>
      Math.hypot(places[2 * one] - places[2 * other], places[2 * one + 1] - places[2 * other + 1]);
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const all = Array.from({ length: 34 * 34 }, (_, i) => [i % 34, Math.floor(i / 34)]).filter(([a, b]) => a < b);
    const linked = [...club.sources].map((source, edge) => distance(source, club.targets[edge]));
    expect(mean(linked)).toBeLessThan(0.8 * mean(all.map(([a, b]) => distance(a, b))));
  });

  it('copes with no node and with one', () => {
    const none = { sources: new Int32Array(), targets: new Int32Array() };
    expect(layOutGraph(none, 0).length).toBe(0);
    expect(layOutGraph(none, 1).length).toBe(2);
  });
});

describe('drawGraph', () => {
  it('draws every node, and every pair of linked nodes once', () => {
    const picture = drawGraph(club, 34, { classes: club.labels });
    expect(count(picture, '<circle')).toBe(34);
    expect(count(picture, '<line')).toBe(78);
  });

  it('draws the edge with the greater weight wider, the greater of both directions counting', () => {
    const edges = { sources: Int32Array.of(0, 1, 1, 2), targets: Int32Array.of(1, 0, 2, 2) };
    const picture = drawGraph(edges, 3, { weights: [0.1, 0.8, 0.4, 9], places: Float32Array.of(0, 0, 1, 0, 1, 1) });
    // 0.8 is the greatest but for the loop, which is not drawn; 0.4 is half of it
    const widths = [...picture.matchAll(/stroke-width="([\d.]+)"/g)].map((match) => Number(match[1]));
    expect(widths).toEqual([6, 3.25]);
  });

  it('writes labels as text, never as markup', () => {
    const none = { sources: new Int32Array(), targets: new Int32Array() };
    const picture = drawGraph(none, 1, { labels: ['<b>&"'], title: '<i>' });
    expect(picture).toContain('&lt;b&gt;&amp;&quot;');
    expect(picture).toContain('<title>&lt;i&gt;</title>');
  });

  it('refuses lists of another length', () => {
    expect(() => drawGraph(club, 34, { weights: [1] })).toThrow('drawGraph: weights must have 156 entries, got 1');
    expect(() => drawGraph(club, 34, { labels: ['a'] })).toThrow('drawGraph: labels must have 34 entries, got 1');
  });
});

describe('principalPlane', () => {
  it('finds the directions of a flat cloud', () => {
    // on the line (3, 4) / 5 through the origin, with a little along (4, −3) / 5
    const rows = [-2, -1, 0, 1, 2].map((t, i) => {
      const across = i % 2 === 0 ? 0.1 : -0.15;
      return [0.6 * t + 0.8 * across, 0.8 * t - 0.6 * across, 0];
    });
    const plane = principalPlane(matrix(rows));
    [-2, -1, 0, 1, 2].forEach((t, row) => expect(plane[2 * row]).toBeCloseTo(t, 1));
    [0.1, -0.15, 0.1, -0.15, 0.1].forEach((across, row) => expect(plane[2 * row + 1]).toBeCloseTo(across, 1));
  });

  it('needs two numbers in a row', () => {
    expect(() => principalPlane(matrix([[1], [2]]))).toThrow('rows must have at least two numbers, got 1');
  });
});

describe('drawEmbeddings', () => {
  it('draws a dot for each row and one for each name', () => {
    const picture = drawEmbeddings(
      matrix([
        [0, 1],
        [1, 0],
        [2, 2],
      ]),
      { classes: [0, 1, 1], classNames: ['a', 'b'] },
    );
    expect(count(picture, '<circle')).toBe(5);
    expect(picture).toContain('>a</text>');
  });

  it('refuses classes of another length', () => {
    expect(() => drawEmbeddings(matrix([[0, 1]]), { classes: [] })).toThrow('one entry per row, got 0 for 1');
  });
});
