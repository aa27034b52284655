import { describe, expect, it } from 'vitest';
import { dictionaryLookup } from './dictionary-lookup.ts';

describe('dictionaryLookup', () => {
  const { attributes, values, labels, edges, nodes } = dictionaryLookup({ keys: 4, graphs: 3, seed: 7 });

  it('gives every query the value of the one key with its attribute', () => {
    expect(nodes).toBe(24);
    for (let graph = 0; graph < 3; graph++) {
      for (let query = 8 * graph + 4; query < 8 * graph + 8; query++) {
        const key = [0, 1, 2, 3].map((i) => 8 * graph + i).find((node) => attributes[node] === attributes[query])!;
        expect(labels[query]).toBe(values[key]);
        expect(values[query]).toBe(4);
        expect(labels[key]).toBe(-1);
      }
    }
  });

  it('leads from every key to every query of its graph, and nowhere else', () => {
    const pairs = [...edges.sources].map((source, edge) => [source, edges.targets[edge]]);
    expect(pairs.length).toBe(3 * 16);
    expect(new Set(pairs.map(String)).size).toBe(3 * 16);
    for (const [source, target] of pairs) {
      expect(Math.floor(source / 8)).toBe(Math.floor(target / 8));
      expect(source % 8).toBeLessThan(4);
      expect(target % 8).toBeGreaterThanOrEqual(4);
    }
  });

  it('is another one with another seed', () => {
    expect(dictionaryLookup({ keys: 4, graphs: 3, seed: 7 }).values).toEqual(values);
    expect(dictionaryLookup({ keys: 4, graphs: 3, seed: 8 }).values).not.toEqual(values);
  });

  it('refuses a dictionary without keys', () => {
    expect(() => dictionaryLookup({ keys: 0, graphs: 1, seed: 1 })).toThrow('must be positive integers, got 0 and 1');
  });
});
