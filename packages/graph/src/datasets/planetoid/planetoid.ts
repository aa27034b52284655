import type { DatasetCard, FileReader } from '@heed/training';
import { undirected } from '../../graph/edge-lists.ts';
import type { LabelledGraph, Matrix, NodeSplit } from '../../graph/graph-data.ts';
import { readPythonArrays, type PickleKind, type CsrMatrix, type NumpyArray } from './python-arrays.ts';

const COMMIT = 'af6abf468a772cc055bec88c52e4d6f51b7c37e3';

/** Cora (Sen et al. 2008) with the split of Yang et al. 2016: papers, citations between them, which words they use, their field. */
export const cora: DatasetCard = {
  name: 'cora',
  licence: 'MIT',
  source: `github kimiyoung/planetoid, commit ${COMMIT}`,
  reference: 'Yang, Cohen & Salakhutdinov 2016, "Revisiting semi-supervised learning with graph embeddings"',
  files: [
    coraFile('x', 22119, '23cfa55d91c6f624233f5eb7b6e3f141f1bd2b2ae39608a63cf5d084bb27baab'),
    coraFile('y', 4054, '94465c14eb53e04ca262198dcbb2521ee8af60fb3f3d546cd6ca24a511b0e7d1'),
    coraFile('tx', 148025, 'b9afbaa4a400df991f6f02ef677e1e44da55ffc04801fd02f9e673987829226a'),
    coraFile('ty', 28135, '41f5ac76596a1699cc33f53084a2419e92961c42bb75f36fc38e616d348532ad'),
    coraFile('allx', 257305, '9419ba2f26f5c35243db64aba110e0f35a04851609e0dc5433450676ca6b8543'),
    coraFile('ally', 47959, '2b998f5cc7fedc86e7f97ca2498f47a1ffc1462c29e2d578b23bf3f62b6e7d71'),
    coraFile('graph', 59847, '58f13302f39dde8852dad6fe6d15b89b077b6d7f837626bce671ef80344b383d'),
    coraFile('test.index', 5000, '297ce89af2b51a6a194181c7dbe1796c6a1cf9cd9349a88383b1b1e227867875'),
  ],
  splits: { train: 140, validation: 500, test: 1000 },
  statistics: { nodes: 2708, edges: 10556, features: 1433, classes: 7, words: 49216 },
};

function coraFile(part: string, bytes: number, sha256: string) {
  return {
    name: `ind.cora.${part}`,
    bytes,
    sha256,
    url: `https://raw.githubusercontent.com/kimiyoung/planetoid/${COMMIT}/data/ind.cora.${part}`,
    mirror: `planetoid/ind.cora.${part}`,
  };
}

/** A citation graph with its public split. */
export interface CitationGraph extends LabelledGraph {
  readonly split: NodeSplit;
}

/**
 * Reads a Planetoid set: `cora`, `citeseer`, `pubmed`, or another in the same eight files.
 *
 * Features are as in the files (Cora: 0 or 1); `normaliseRows` divides them as GAT does. Edges are made undirected and distinct, self-loops are
 * kept. Nodes that have no row in the files (Citeseer has 15 among its test nodes) get zeros and the label −1. What the files give no class is in no
 * part of the split: nothing can be learned from it or measured on it.
 *
 * @param files where the eight files are: what `fetchData` gives, or a `Folder`
 * @param name the set's name in `ind.<name>.*`
 * @returns the graph, its labels, and the split of Yang et al. 2016: 20 nodes of each class, the next 500, the test nodes in order
 * @throws if a file is missing or cannot be read, or files do not go together
 *
 * @example
 * ```ts
 * import { cora, readPlanetoid } from '@heed/graph';
 * import { fetchData } from '@heed/node';
 * const graph = await readPlanetoid(await fetchData(cora), 'cora');
 * console.log(graph.nodes, graph.split.train.length); // 2708 140
 * ```
 */
export async function readPlanetoid(files: FileReader, name: string): Promise<CitationGraph> {
  const read = async <K extends PickleKind>(part: string, kind: K) => {
    const file = `ind.${name}.${part}`;
    return readPythonArrays(await files.read(file), file, kind);
  };
  const known = await read('allx', 'a sparse matrix');
  const tested = await read('tx', 'a sparse matrix');
  const testIndex = new TextDecoder().decode(await files.read(`ind.${name}.test.index`));
  const testOrder = testIndex.split(/\s+/).filter(Boolean).map(Number);
  const links = readNeighbours(await read('graph', 'lists of neighbours'));
  let nodes = known.shape[0];
  for (const list of [testOrder, links.sources, links.targets])
    for (const node of list) nodes = Math.max(nodes, node + 1);

  const features: Matrix = { data: new Float32Array(nodes * known.shape[1]), shape: [nodes, known.shape[1]] };
  const labels = new Int32Array(nodes).fill(-1);
  const knownRows = Int32Array.from({ length: known.shape[0] }, (_, row) => row);
  const [knownClasses, testClasses] = [await read('ally', 'a matrix'), await read('ty', 'a matrix')];
  const [trained, classes] = (await read('y', 'a matrix')).shape;
  requireRows(name, {
    ally: [knownClasses.shape[0], knownRows.length],
    tx: [tested.shape[0], testOrder.length],
    ty: [testClasses.shape[0], testOrder.length],
  });
  copySparseRows(known, features, knownRows);
  copySparseRows(tested, features, testOrder);
  copyClasses(knownClasses, labels, knownRows);
  copyClasses(testClasses, labels, testOrder);

  const labelled = (part: Int32Array) => part.filter((node) => labels[node] >= 0);
  return {
    nodes,
    features,
    ...undirected(links, nodes),
    labels,
    classes,
    split: {
      train: labelled(knownRows.slice(0, trained)),
      validation: labelled(knownRows.slice(trained, trained + 500)),
      test: labelled(Int32Array.from(testOrder).sort()),
    },
  };
}

function requireRows(name: string, rows: Readonly<Record<string, readonly [found: number, needed: number]>>): void {
  for (const [part, [found, needed]] of Object.entries(rows)) {
    if (found !== needed) {
      throw new Error(
        `readPlanetoid: ind.${name}.${part} must have ${needed} rows, one for each of its nodes, got ${found}`,
      );
    }
  }
}

/** Row r of the sparse matrix becomes row `destinations[r]` of the dense one. */
function copySparseRows({ indptr, indices, data }: CsrMatrix, to: Matrix, destinations: ArrayLike<number>): void {
  for (let row = 0; row < destinations.length; row++) {
    for (let entry = indptr.data[row]; entry < indptr.data[row + 1]; entry++) {
      to.data[destinations[row] * to.shape[1] + indices.data[entry]] = data.data[entry];
    }
  }
}

/** One-hot rows to class numbers; a row of zeros has none. */
function copyClasses({ data, shape }: NumpyArray, to: Int32Array, destinations: ArrayLike<number>): void {
  for (let row = 0; row < destinations.length; row++) {
    for (let column = 0; column < shape[1]; column++) {
      if (data[row * shape[1] + column] === 1) to[destinations[row]] = column;
    }
  }
}

function readNeighbours(neighbours: ReadonlyMap<number, readonly number[]>) {
  const pairs = [...neighbours].flatMap(([node, others]) => others.map((other) => [node, other] as const));
  return {
    sources: Int32Array.from(pairs, ([source]) => source),
    targets: Int32Array.from(pairs, ([, target]) => target),
  };
}
