import { moleculeGraph, parseB3db } from '@heed/graph';
import { parseUsaddress, readCmudict } from '@heed/nlp';
import { readAmazonBeauty, readMovielens100k } from '@heed/recsys';
import * as fc from 'fast-check';
import { defineAttack } from '../attack.ts';
import { damaged } from './bytes.ts';

type Kind = 'b3db' | 'smiles' | 'usaddress' | 'cmudict' | 'beauty' | 'movielens';
type Table = readonly [Kind, string];

const SOUND: Readonly<Record<Kind, string>> = {
  b3db: 'compound_name\tSMILES\tBBB+/BBB-\nethanol\tCCO\tBBB+\n',
  smiles: 'CC(=O)Oc1ccccc1C(=O)O',
  usaddress: '<AddressCollection><AddressString><StreetName>Main</StreetName></AddressString></AddressCollection>',
  cmudict: 'export const dictionary = {\n  "word": "W ER D",\n  "words": "W ER D Z"\n}\n',
  beauty: '1 2\n1 3\n2 2\n',
  movielens: 'user\titem\trating\ttime\n1\t2\t3\t4\n',
};
const KINDS = Object.keys(SOUND) as Kind[];
const units = [
  '(',
  ')',
  '[',
  'C',
  '=',
  '1',
  '%10',
  '<a>',
  '<a ',
  '&x;',
  '<!ENTITY a "b">',
  '\t',
  '\n',
  '"',
  '0 ',
  '  "__proto__": "A"\n',
];

export const tables = defineAttack<Table>({
  name: 'tables',
  seconds: 30, // the reader of SMILES takes seconds to load
  cases: Object.fromEntries<() => Table>([
    ...KINDS.flatMap((kind) =>
      units.map((unit) => [`${kind} of ${JSON.stringify(unit)}`, (): Table => [kind, unit.repeat(100_000 / unit.length)]] as const),
    ),
    ['entities that double', () => ['usaddress', `<!DOCTYPE a [<!ENTITY a0 "aa">${Array.from({ length: 40 }, (_, i) => `<!ENTITY a${i + 1} "&a${i};&a${i};">`).join('')}]><AddressCollection>&a40;</AddressCollection>`]],
    ['a word of the prototype', () => ['cmudict', '{\n  "__proto__": "P",\n  "constructor": "K"\n}']],
    ['10^5 branches', () => ['smiles', `C${'(C'.repeat(100_000)}${')'.repeat(100_000)}`]],
  ]),
  drawn: fc.constantFrom(...KINDS).chain((kind) =>
    damaged(new TextEncoder().encode(SOUND[kind])).map((bytes): Table => [kind, new TextDecoder().decode(bytes)]),
  ),
  draws: 60,
  async run([kind, text]) {
    const files = { read: () => Promise.resolve(new TextEncoder().encode(text)) };
    const readers: Readonly<Record<Kind, () => unknown>> = {
      b3db: () => parseB3db(text),
      smiles: () => moleculeGraph(text),
      usaddress: () => parseUsaddress(text),
      cmudict: () => readCmudict(files),
      beauty: () => readAmazonBeauty(files),
      movielens: () => readMovielens100k(files),
    };
    return readers[kind]();
  },
}); // prettier-ignore
