import type { DatasetCard, FileReader } from '@heed/training';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { undirected } from '../../graph/edge-lists.ts';
import type { LabelledGraph, Matrix } from '../../graph/graph-data.ts';

const PACKAGE = { registry: 'pypi', name: 'graphdatascience', version: '2.2' } as const;
const FOLDER = 'graphdatascience/resources/cora';

/** Cora as Neo4j's Python client carries it: the same papers as `cora` in another order, without the public split. */
export const gdsCora: DatasetCard = {
  name: 'gds-cora',
  licence: 'Apache-2.0 (the package)',
  source: 'PyPI graphdatascience 2.2',
  reference: 'Sen et al. 2008, "Collective classification in network data"',
  files: [
    {
      name: 'cora_nodes.parquet',
      bytes: 93288,
      sha256: 'c54c0625af98570287dcb25e9f29e0b229948352a8de1dbf202fa39f36bfe591',
      package: { ...PACKAGE, path: `${FOLDER}/cora_nodes.parquet.gzip` },
    },
    {
      name: 'cora_rels.parquet',
      bytes: 26318,
      sha256: 'e0059f81e607c0262e93fbe3c77950b06098dab167f0071cba97a82c9440ca01',
      package: { ...PACKAGE, path: `${FOLDER}/cora_rels.parquet.gzip` },
    },
  ],
  statistics: { nodes: 2708, citations: 5429, edges: 10556, features: 1433, classes: 7, words: 49216 },
};

/** Classes by their numbers. */
export const gdsCoraClasses: readonly string[] = [
  'Neural Networks',
  'Rule Learning',
  'Reinforcement Learning',
  'Probabilistic Methods',
  'Theory',
  'Genetic Algorithms',
  'Case Based',
];

/**
 * Reads Cora from its two Parquet files. Edges are made undirected and distinct; `splitNodes` gives a random split.
 *
 * @throws if a file is missing or no Parquet
 *
 * @example
 * ```ts
 * import { gdsCora, readGdsCora } from '@heed/graph';
 * import { fetchData } from '@heed/node';
 * const graph = await readGdsCora(await fetchData(gdsCora));
 * console.log(graph.nodes); // 2708
 * ```
 */
export async function readGdsCora(files: FileReader): Promise<LabelledGraph> {
  const papers = await readRows<{ nodeId: bigint; subject: bigint; features: ArrayLike<bigint | number> }>(
    files,
    'cora_nodes.parquet',
  );
  const citations = await readRows<{ sourceNodeId: bigint; targetNodeId: bigint }>(files, 'cora_rels.parquet');
  const numberOf = new Map(papers.map(({ nodeId }, node) => [nodeId, node]));
  const width = papers[0]?.features.length ?? 0;
  const features: Matrix = { data: new Float32Array(papers.length * width), shape: [papers.length, width] };
  papers.forEach((paper, node) => features.data.set(Array.from(paper.features, Number), node * width));
  const ends = (list: readonly bigint[]) => Int32Array.from(list, (id) => numberOf.get(id) ?? -1);
  return {
    nodes: papers.length,
    features,
    ...undirected(
      {
        sources: ends(citations.map(({ sourceNodeId }) => sourceNodeId)),
        targets: ends(citations.map(({ targetNodeId }) => targetNodeId)),
      },
      papers.length,
    ),
    labels: Int32Array.from(papers, ({ subject }) => Number(subject)),
    classes: gdsCoraClasses.length,
  };
}

async function readRows<Row>(files: FileReader, name: string): Promise<Row[]> {
  const bytes = await files.read(name);
  const file = bytes.slice().buffer;
  return (await parquetReadObjects({ file, compressors })) as Row[];
}
