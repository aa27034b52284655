import { Molecule } from 'openchemlib';
import { matrix, type GraphData } from '../../graph/graph-data.ts';

/** Elements that have a column of their own; all others share the last. */
const ELEMENTS = ['C', 'N', 'O', 'S', 'F', 'Cl', 'Br', 'I', 'P'] as const;

/** What the columns of a molecule's node features say. */
export const atomFeatures: readonly string[] = [
  ...ELEMENTS,
  'other element',
  'neighbours / 4',
  'hydrogens / 4',
  'charge',
  'aromatic',
  'in a ring',
];

/** What the columns of a molecule's edge features say. */
export const bondFeatures: readonly string[] = ['single', 'double', 'triple', 'aromatic', 'in a ring'];

/**
 * A molecule as a graph: atoms but hydrogens are nodes, each bond is an edge in both directions. OpenChemLib reads the SMILES.
 *
 * @throws if the text is no SMILES
 *
 * @example
 * ```ts
 * import { moleculeGraph } from '@heed/graph';
 * const ethanol = moleculeGraph('CCO');
 * ethanol.nodes; // 3
 * ethanol.sources; // [0, 1, 1, 2]
 * ```
 */
export function moleculeGraph(smiles: string): GraphData {
  const molecule = readSmiles(smiles);
  const atoms = Array.from({ length: molecule.getAtoms() }, (_, atom) => describeAtom(molecule, atom));
  const bonds = Array.from({ length: molecule.getBonds() }, (_, bond) => ({
    ends: [molecule.getBondAtom(0, bond), molecule.getBondAtom(1, bond)] as const,
    features: describeBond(molecule, bond),
  }));
  const edges = bonds.flatMap(({ ends: [one, other], features }) => [
    { source: one, target: other, features },
    { source: other, target: one, features },
  ]);
  const none = { data: new Float32Array(), shape: [0, bondFeatures.length] as const };
  return {
    nodes: atoms.length,
    features: matrix(atoms),
    edgeFeatures: edges.length === 0 ? none : matrix(edges.map(({ features }) => features)),
    sources: Int32Array.from(edges, ({ source }) => source),
    targets: Int32Array.from(edges, ({ target }) => target),
  };
}

/** The letters of a molecule's atoms, for pictures. */
export function atomLabels(smiles: string): string[] {
  const molecule = readSmiles(smiles);
  return Array.from({ length: molecule.getAtoms() }, (_, atom) => molecule.getAtomLabel(atom));
}

/** B3DB's longest has some 400 characters; a parser of other people takes minutes for 100,000. */
const LONGEST_SMILES = 2000;

function readSmiles(smiles: string): Molecule {
  if (smiles.length > LONGEST_SMILES) {
    throw new Error(`moleculeGraph: SMILES must have at most ${LONGEST_SMILES} characters, got ${smiles.length}`);
  }
  try {
    const molecule = Molecule.fromSmiles(smiles);
    molecule.ensureHelperArrays(Molecule.cHelperRings);
    return molecule;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`moleculeGraph: the text must be SMILES, got '${smiles}' (${reason})`, { cause: error });
  }
}

function describeAtom(molecule: Molecule, atom: number): number[] {
  const label = molecule.getAtomLabel(atom);
  const known = ELEMENTS.findIndex((element) => element === label);
  const element = known === -1 ? ELEMENTS.length : known;
  return [
    ...Array.from({ length: ELEMENTS.length + 1 }, (_, index) => Number(index === element)),
    molecule.getConnAtoms(atom) / 4,
    molecule.getAllHydrogens(atom) / 4,
    molecule.getAtomCharge(atom),
    Number(molecule.isAromaticAtom(atom)),
    Number(molecule.isRingAtom(atom)),
  ];
}

function describeBond(molecule: Molecule, bond: number): number[] {
  const aromatic = molecule.isAromaticBond(bond);
  const order = molecule.getBondOrder(bond);
  return [
    ...[1, 2, 3].map((kind) => Number(!aromatic && order === kind)),
    Number(aromatic),
    Number(molecule.isRingBond(bond)),
  ];
}
