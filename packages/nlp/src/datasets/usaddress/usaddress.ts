import type { DatasetCard } from '@heed/training';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { splitTagged, type TaggedSplits, type TaggedTokens } from '../tagged-tokens.ts';

/** Addresses in the United States, each token labelled by hand with what it is: number, street name, place name, … */
export const usaddress: DatasetCard = {
  name: 'usaddress',
  licence: 'MIT',
  source: 'PyPI usaddress 0.5.16 (sdist), training/labeled.xml',
  reference: 'https://github.com/datamade/usaddress',
  files: [
    {
      name: 'labeled.xml',
      bytes: 428_370,
      sha256: 'dbd125fa01fbdbc4e25cce722c648ce4e224e4c9bdb9b5a14498aa8a042aee32',
      package: {
        registry: 'pypi',
        name: 'usaddress',
        version: '0.5.16',
        archive: 'sdist',
        sha256: 'f7e614e2489c159cf85be1b6f86edbfaf329dbeedef4d002a025757afd1ec6c6',
        path: 'training/labeled.xml',
      },
    },
  ],
  splits: { train: 1_110, validation: 151, test: 252, rule: 'by distinct address in lower case, splitUsaddress()' },
  statistics: {
    addresses: 1_513,
    tokens: 10_722,
    components: 8_922,
    'types of component': 29,
    'longest address, tokens': 19,
  },
};

/** What the parser makes of `<StreetName>Main</StreetName>`: `{ StreetName: [{ '#text': 'Main' }] }`; white space between is text. */
type XmlNode = Readonly<Record<string, readonly XmlNode[] | string>>;

const TEXT = '#text';

/**
 * The addresses of a training file of usaddress. Neighbouring tokens of one type are one component: the file tells no more.
 *
 * @throws if the text is no well-formed XML, is no `AddressCollection`, or has an address without tokens or a token that is not one word
 *
 * @example
 * ```ts
 * import { parseUsaddress } from '@heed/nlp';
 * parseUsaddress(
 *   '<AddressCollection><AddressString><AddressNumber>1</AddressNumber> <StreetName>Long</StreetName> <StreetName>Way</StreetName></AddressString></AddressCollection>',
 * ); // [{ tokens: ['1', 'Long', 'Way'], labels: ['B-AddressNumber', 'B-StreetName', 'I-StreetName'] }]
 * ```
 */
export function parseUsaddress(xml: string): TaggedTokens[] {
  const valid = XMLValidator.validate(xml);
  if (valid !== true) {
    throw new Error(`parseUsaddress: the text must be well-formed XML, got line ${valid.err.line}: ${valid.err.msg}`);
  }
  const parser = new XMLParser({ preserveOrder: true, parseTagValue: false, trimValues: true, textNodeName: TEXT });
  const root = elements(parser.parse(xml) as XmlNode[]).find(({ name }) => name === 'AddressCollection');
  if (root === undefined) throw new Error('parseUsaddress: the root must be <AddressCollection>, got none');
  return elements(root.children).map(({ name, children }, index) => {
    if (name !== 'AddressString') {
      throw new Error(`parseUsaddress: every address must be an <AddressString>, got <${name}> as number ${index + 1}`);
    }
    return readAddress(children, index + 1);
  });
}

/** The splits that results in this package are measured on: 250 distinct addresses to test, 150 to choose by, the others to train on. */
export function splitUsaddress(addresses: readonly TaggedTokens[]): TaggedSplits {
  return splitTagged(addresses, { test: 250, validation: 150 }, 2016);
}

function readAddress(nodes: readonly XmlNode[], number: number): TaggedTokens {
  const components = elements(nodes);
  if (components.length === 0) throw new Error(`parseUsaddress: address ${number} must have tokens, got none`);
  const tokens = components.map(({ name, children }) => {
    const token = children.length === 1 ? children[0][TEXT] : undefined;
    if (typeof token !== 'string' || !/^\S+$/.test(token)) {
      throw new Error(
        `parseUsaddress: a token must be one word, got ${JSON.stringify(token ?? '')} in <${name}> of address ${number}`,
      );
    }
    return token;
  });
  const labels = components.map(({ name }, i) => `${components[i - 1]?.name === name ? 'I' : 'B'}-${name}`);
  return { tokens, labels };
}

function elements(nodes: readonly XmlNode[]): { name: string; children: readonly XmlNode[] }[] {
  return nodes.flatMap((node) => {
    const name = Object.keys(node).find((key) => key !== ':@')!;
    const children = node[name];
    return typeof children === 'string' || name === TEXT ? [] : [{ name, children }];
  });
}
