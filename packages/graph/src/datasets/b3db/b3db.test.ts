import { createHash } from 'node:crypto';
import { storedFiles } from '@heed/testing';
import { describe, expect, it } from 'vitest';
import { requireUndirected } from '../../graph/edge-lists.ts';
import { checkGraph } from '../../graph/graph-data.ts';
import { b3db, parseB3db } from './b3db.ts';
import { atomFeatures, atomLabels, bondFeatures, moleculeGraph } from './molecule-graph.ts';

const files = storedFiles(b3db);

describe.skipIf(files === undefined)('B3DB', () => {
  it('has the file and the statistics that its card states', async () => {
    const [{ name, sha256 }] = b3db.files;
    const bytes = await files!.read(name);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
    const molecules = parseB3db(new TextDecoder().decode(bytes));
    expect(molecules.length).toBe(b3db.statistics!.molecules);
    expect(molecules.filter(({ permeable }) => permeable).length).toBe(b3db.statistics!.permeable);
    expect(molecules[0]).toEqual({
      name: 'sulphasalazine',
      smiles: 'O=C(O)c1cc(N=Nc2ccc(S(=O)(=O)Nc3ccccn3)cc2)ccc1O',
      permeable: false,
    });
  });
});

describe('parseB3db', () => {
  it('reads values in quotes that hold tabs, line ends and quotes', () => {
    const text = 'compound_name\tSMILES\tBBB+/BBB-\n"a\t""b""\nc"\tCCO\tBBB+\nd\tC\tBBB-\n';
    expect(parseB3db(text)).toEqual([
      { name: 'a\t"b"\nc', smiles: 'CCO', permeable: true },
      { name: 'd', smiles: 'C', permeable: false },
    ]);
  });

  it('says which column or class is wrong', () => {
    expect(() => parseB3db('SMILES\nC\n')).toThrow('there must be a column compound_name, got SMILES');
    expect(() => parseB3db('compound_name\tSMILES\tBBB+/BBB-\na\tC\tBBB\n')).toThrow(
      'a class must be BBB+ or BBB-, got BBB in row 1',
    );
  });
});

describe('moleculeGraph', () => {
  const feature = (graph: ReturnType<typeof moleculeGraph>, atom: number, column: string) =>
    graph.features.data[atom * atomFeatures.length + atomFeatures.indexOf(column)];

  it('has atoms, bonds in both directions, and what is known of them', () => {
    const ethanol = moleculeGraph('CCO');
    expect(ethanol.nodes).toBe(3);
    expect([...ethanol.sources]).toEqual([0, 1, 1, 2]);
    expect([...ethanol.targets]).toEqual([1, 0, 2, 1]);
    expect(feature(ethanol, 2, 'O')).toBe(1);
    expect(feature(ethanol, 0, 'hydrogens / 4')).toBe(0.75); // CH₃
    expect(feature(ethanol, 2, 'hydrogens / 4')).toBe(0.25); // OH
    expect([...ethanol.edgeFeatures!.data.subarray(0, 5)]).toEqual([1, 0, 0, 0, 0]);
    expect(atomLabels('CCO')).toEqual(['C', 'C', 'O']);
  });

  it('knows aromatic rings, charges and multiple bonds', () => {
    const benzene = moleculeGraph('c1ccccc1');
    expect([benzene.nodes, benzene.sources.length]).toEqual([6, 12]);
    expect(feature(benzene, 0, 'aromatic')).toBe(1);
    expect(feature(benzene, 0, 'in a ring')).toBe(1);
    expect([...benzene.edgeFeatures!.data.subarray(0, 5)]).toEqual([0, 0, 0, 1, 1]);
    expect(feature(moleculeGraph('[NH4+]'), 0, 'charge')).toBe(1);
    expect([...moleculeGraph('C#N').edgeFeatures!.data.subarray(0, 5)]).toEqual([0, 0, 1, 0, 0]);
  });

  it('is a sound undirected graph, for a single atom too', () => {
    for (const smiles of ['C', '[Na+].[Cl-]', 'CC(=O)Oc1ccccc1C(=O)O']) {
      const graph = moleculeGraph(smiles);
      expect(() => checkGraph('test', graph)).not.toThrow();
      expect(() => requireUndirected('test', graph, graph.nodes)).not.toThrow();
      expect(graph.edgeFeatures!.shape[1]).toBe(bondFeatures.length);
    }
  });

  it('refuses what is no SMILES', () => {
    expect(() => moleculeGraph('not a molecule (')).toThrow(
      "moleculeGraph: the text must be SMILES, got 'not a molecule ('",
    );
  });
});
