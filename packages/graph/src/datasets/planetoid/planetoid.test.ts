import { createHash } from 'node:crypto';
import { storedFiles } from '@heed/testing';
import { describe, expect, it } from 'vitest';
import { normaliseRows } from '../../graph/graph-data.ts';
import { NodeClassifier } from '../../tasks/node-classifier/node-classifier.ts';
import { cora, readPlanetoid } from './planetoid.ts';
import { csrPickle, matrixPickle, neighboursPickle } from './pickles.test-support.ts';

const files = storedFiles(cora);
const readCora = () => readPlanetoid(files!, 'cora');

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
    await expect(readPlanetoid(holding(pickle), 'evil')).rejects.toThrow(
      'readPythonArrays: ind.evil.allx cannot be read: it must hold arrays only, got an object of os.system',
    );
  });

  it('says which file is damaged', async () => {
    await expect(readPlanetoid(holding(Uint8Array.of(0x80, 2)), 'bad')).rejects.toThrow(
      'readPythonArrays: ind.bad.allx cannot be read: Unexpected end of file.',
    );
  });
});

describe('a folder of four known nodes and four others', () => {
  // 3 is of no class; of the others, 5 has no row, 4 has an empty one, and 7 is of no class
  const tiny: Record<string, Uint8Array> = {
    x: csrPickle([
      [1, 0, 0],
      [0, 1, 0],
    ]),
    y: matrixPickle([
      [1, 0],
      [0, 1],
    ]),
    allx: csrPickle([
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 0],
      [0, 0, 2],
    ]),
    ally: matrixPickle([
      [1, 0],
      [0, 1],
      [0, 1],
      [0, 0],
    ]),
    tx: csrPickle([
      [0.5, 0, 1],
      [0, 0, 0],
      [0, 3, 0],
    ]),
    ty: matrixPickle([
      [0, 1],
      [1, 0],
      [0, 0],
    ]),
    graph: neighboursPickle([
      [0, [1, 1]],
      [1, [0, 2]],
      [3, [3]],
      [4, [6]],
      [5, []],
      [6, [4, 0]],
    ]),
    'test.index': new TextEncoder().encode('6\n4\n7\n'),
  };
  const folder = (files: Record<string, Uint8Array>) => ({
    read: (file: string) => Promise.resolve(files[file.replace('ind.tiny.', '')]),
  });

  it('is read by the protocol of Cora', async () => {
    const graph = await readPlanetoid(folder(tiny), 'tiny');
    expect(graph).toMatchObject({ nodes: 8, classes: 2 });
    expect([...graph.features.data]).toEqual(
      [
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 0],
        [0, 0, 2],
        [0, 0, 0],
        [0, 0, 0],
        [0.5, 0, 1],
        [0, 3, 0],
      ].flat(),
    );
    expect([...graph.labels]).toEqual([0, 1, 1, -1, 0, -1, 1, -1]);
    const edges = [...graph.sources].map((source, edge) => `${source}→${graph.targets[edge]}`);
    expect(edges).toEqual(['1→0', '6→0', '0→1', '2→1', '1→2', '3→3', '6→4', '0→6', '4→6']);
    expect({
      train: [...graph.split.train],
      validation: [...graph.split.validation],
      test: [...graph.split.test],
    }).toEqual({ train: [0, 1], validation: [2], test: [4, 6] });
  });

  it('is trained on and measured as it is, isolated and empty nodes among the others', async () => {
    const data = await readPlanetoid(folder(tiny), 'tiny');
    const classifier = new NodeClassifier({ architecture: 'gat', heads: 2, headWidth: 4, seed: 1 });
    await classifier.fit({ ...data, features: normaliseRows(data.features) }, { epochs: 3 });
    const { loss, accuracy } = await classifier.evaluate(data);
    expect(Number.isFinite(loss)).toBe(true);
    expect([0, 0.5, 1]).toContain(accuracy);
    classifier.dispose();
  });

  it('is refused where its files do not go together, naming the file', async () => {
    const files = { ...tiny, 'test.index': new TextEncoder().encode('6\n4\n') };
    await expect(readPlanetoid(folder(files), 'tiny')).rejects.toThrow(
      'readPlanetoid: ind.tiny.tx must have 2 rows, one for each of its nodes, got 3',
    );
  });

  it('may hold arrays column after column, as Fortran has them, and bytes as Python 3 writes them', async () => {
    const rows = [
      [1, 0],
      [0, 1],
      [0, 1],
      [0, 0],
    ];
    const files = {
      ...tiny,
      ally: matrixPickle(rows, { fortran: true }),
      y: matrixPickle(rows.slice(0, 2), { python: 3 }),
    };
    expect([...(await readPlanetoid(folder(files), 'tiny')).labels]).toEqual([0, 1, 1, -1, 0, -1, 1, -1]);
  });
});
