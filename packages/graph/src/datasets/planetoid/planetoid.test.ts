import { createHash } from 'node:crypto';
import { storedFiles } from '@heed/testing';
import { describe, expect, it } from 'vitest';
import { cora, readPlanetoid } from './planetoid.ts';

const files = storedFiles(cora);
const readCora = () => readPlanetoid('cora', files!);

describe.skipIf(files === undefined)('Cora', () => {
  it('has the files that its card describes', async () => {
    for (const { name, bytes, sha256 } of cora.files) {
      const content = await files!.read(name);
      expect({ name, bytes: content.length }).toEqual({ name, bytes });
      expect({ name, sha256: createHash('sha256').update(content).digest('hex') }).toEqual({ name, sha256 });
    }
  });

  it('has the statistics that its card states, which SciPy counts too', async () => {
    const graph = await readCora();
    const { statistics, splits } = cora;
    expect(graph.nodes).toBe(statistics!.nodes);
    expect(graph.sources.length).toBe(statistics!.edges);
    expect(graph.features.shape).toEqual([statistics!.nodes, statistics!.features]);
    expect(graph.classes).toBe(statistics!.classes);
    expect(graph.features.data.reduce((sum, value) => sum + value, 0)).toBe(statistics!.words);
    expect(graph.split.train.length).toBe(splits!.train);
    expect(graph.split.validation.length).toBe(splits!.validation);
    expect(graph.split.test.length).toBe(splits!.test);
  });

  it('has the values that SciPy reads', async () => {
    const graph = await readCora();
    const words = (node: number) =>
      [...graph.features.data.subarray(node * 1433, (node + 1) * 1433)].flatMap((value, word) =>
        value === 1 ? [word] : [],
      );
    expect(words(0)).toEqual([19, 81, 146, 315, 774, 877, 1194, 1247, 1274]);
    expect(words(2707)).toEqual([19, 186, 329, 447, 454, 754, 774, 896, 1022, 1114, 1328, 1412, 1414]);
    const perClass = (nodes: Iterable<number>) => {
      const counts = Array<number>(7).fill(0);
      for (const node of nodes) counts[graph.labels[node]]++;
      return counts;
    };
    expect(perClass(graph.labels.keys())).toEqual([351, 217, 418, 818, 426, 298, 180]);
    expect(perClass(graph.split.train)).toEqual([20, 20, 20, 20, 20, 20, 20]);
    expect([...graph.labels.subarray(1708, 1712)]).toEqual([3, 2, 2, 2]);
    expect(graph.split.test[0]).toBe(1708);
    expect(graph.split.test[999]).toBe(2707);
    const neighbours = [...graph.sources].filter((_, edge) => graph.targets[edge] === 0);
    expect(neighbours).toEqual([633, 1862, 2582]);
  });
});

describe('readPlanetoid', () => {
  const holding = (bytes: Uint8Array) => ({ read: () => Promise.resolve(bytes) });

  it('makes no object of a class that is no array', async () => {
    const pickle = new TextEncoder().encode("cos\nsystem\n(S'true'\ntR.");
    await expect(readPlanetoid('evil', holding(pickle))).rejects.toThrow(
      'readPythonArrays: ind.evil.allx cannot be read: it must hold arrays only, got an object of os.system',
    );
  });

  it('says which file is damaged', async () => {
    await expect(readPlanetoid('bad', holding(Uint8Array.of(0x80, 2)))).rejects.toThrow(
      'readPythonArrays: ind.bad.allx cannot be read: Unexpected end of file.',
    );
  });
});
