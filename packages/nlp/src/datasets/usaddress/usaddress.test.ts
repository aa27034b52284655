import { createHash } from 'node:crypto';
import { storedFiles } from '@heed/testing';
import { describe, expect, it } from 'vitest';
import { entitiesOf } from '../../metrics/entity-f1.ts';
import { parseUsaddress, splitUsaddress, usaddress } from './usaddress.ts';

const collection = (...addresses: string[]) =>
  `<AddressCollection>\n  ${addresses.map((tokens) => `<AddressString>${tokens}</AddressString>`).join('\n  ')}\n</AddressCollection>`;

describe('parseUsaddress', () => {
  it('reads tokens in their order, and joins neighbours of one type', () => {
    const xml = collection(
      '<AddressNumber>007</AddressNumber> <StreetName>A&amp;B</StreetName> <StreetName>Long</StreetName> <StreetNamePostType>Way,</StreetNamePostType>',
      '<PlaceName>Hull</PlaceName>\n <StateName>1e3</StateName> <PlaceName>York</PlaceName>',
    );
    expect(parseUsaddress(xml)).toEqual([
      {
        tokens: ['007', 'A&B', 'Long', 'Way,'],
        labels: ['B-AddressNumber', 'B-StreetName', 'I-StreetName', 'B-StreetNamePostType'],
      },
      { tokens: ['Hull', '1e3', 'York'], labels: ['B-PlaceName', 'B-StateName', 'B-PlaceName'] },
    ]);
  });

  it.each([
    [
      'broken XML',
      '<AddressCollection><AddressString>',
      'parseUsaddress: the text must be well-formed XML, got line 1',
    ],
    ['another root', '<a></a>', 'parseUsaddress: the root must be <AddressCollection>, got none'],
    [
      'another element',
      '<AddressCollection><a>b</a></AddressCollection>',
      'every address must be an <AddressString>, got <a> as number 1',
    ],
    ['an address without tokens', collection(''), 'address 1 must have tokens, got none'],
    ['an empty token', collection('<StreetName></StreetName>'), 'got "" in <StreetName> of address 1'],
    ['two words in a token', collection('<StreetName>a b</StreetName>'), 'got "a b" in <StreetName> of address 1'],
  ])('refuses %s', (_, xml, message) => {
    expect(() => parseUsaddress(xml)).toThrow(message);
  });
});

const [file] = usaddress.files;
const bytes = await storedFiles(usaddress)?.read(file.name);

describe.skipIf(bytes === undefined)('usaddress', () => {
  const addresses = bytes === undefined ? [] : parseUsaddress(new TextDecoder().decode(bytes));

  it('is the file on its card, with its statistics', () => {
    expect(bytes!.length).toBe(file.bytes);
    expect(createHash('sha256').update(bytes!).digest('hex')).toBe(file.sha256);
    const components = addresses.flatMap(({ labels }) => entitiesOf(labels));
    expect(usaddress.statistics).toEqual({
      addresses: addresses.length,
      tokens: addresses.reduce((sum, { tokens }) => sum + tokens.length, 0),
      components: components.length,
      'types of component': new Set(components.map(({ type }) => type)).size,
      'longest address, tokens': Math.max(...addresses.map(({ tokens }) => tokens.length)),
    });
  });

  it('is split into the parts on its card, none of which shares an address with another', () => {
    const { train, validation, test } = splitUsaddress(addresses);
    expect(usaddress.splits).toMatchObject({ train: train.length, validation: validation.length, test: test.length });
    const texts = [train, validation, test].map(
      (part) => new Set(part.map(({ tokens }) => tokens.join(' ').toLowerCase())),
    );
    expect(texts.reduce((sum, { size }) => sum + size, 0)).toBe(new Set(texts.flatMap((part) => [...part])).size);
    expect(texts.map(({ size }) => size).slice(1)).toEqual([150, 250]);
  });
});
