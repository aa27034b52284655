import { createHash } from 'node:crypto';
import { storedFiles } from '@heed/testing';
import { describe, expect, it } from 'vitest';
import { gdsCora, readGdsCora } from './gds-cora.ts';

const files = storedFiles(gdsCora);

describe.skipIf(files === undefined)('Cora from Parquet', () => {
  it('has the files and the statistics that its card states', async () => {
    for (const { name, sha256 } of gdsCora.files) {
      const found = createHash('sha256')
        .update(await files!.read(name))
        .digest('hex');
      expect({ name, sha256: found }).toEqual({ name, sha256 });
    }
    const graph = await readGdsCora(files!);
    expect(graph.nodes).toBe(gdsCora.statistics!.nodes);
    expect(graph.sources.length).toBe(gdsCora.statistics!.edges);
    expect(graph.features.shape[1]).toBe(gdsCora.statistics!.features);
    expect(graph.features.data.reduce((sum, value) => sum + value, 0)).toBe(gdsCora.statistics!.words);
  });

  it('has as many papers of each class as the Planetoid set', async () => {
    const { labels, classes } = await readGdsCora(files!);
    const counts = Array<number>(classes).fill(0);
    for (const label of labels) counts[label]++;
    expect(counts.sort((a, b) => a - b)).toEqual([180, 217, 298, 351, 418, 426, 818]);
  });
});

describe('readGdsCora', () => {
  it('refuses what is no Parquet', async () => {
    await expect(readGdsCora({ read: () => Promise.resolve(new Uint8Array(64)) })).rejects.toThrow('parquet');
  });
});
