import { readMail } from '@heed/nlp';
import * as fc from 'fast-check';
import { defineAttack } from '../attack.ts';

const html = (body: string) => `Subject: s\nContent-Type: text/html\n\n${body}`;
const UNITS = [
  '<br ',
  '<a',
  '<!--',
  '<script>',
  '</script',
  '<head>',
  '&nbsp;',
  '&',
  '<',
  '>',
  ' ',
  '\n',
  '&#10;',
  '<p/',
];
const HEADERS = [
  'Subject: ',
  'To: ',
  'From: ',
  'Content-Type: multipart/mixed; boundary=b\n\n--b\n',
  'Content-Type: text/plain; ',
];
const PIECES = [
  '=?utf-8?q?',
  '?=',
  '(',
  '<',
  '"',
  ',',
  ':',
  ';',
  'a=b;',
  '\n ',
  '\n\n',
  '--b\n',
  '--b--',
  '\\',
  "*0*=utf-8''",
];
const repeated = (pieces: readonly string[]) =>
  fc
    .array(fc.tuple(fc.constantFrom(...pieces), fc.constantFrom(1, 3, 1000)), { maxLength: 20 })
    .map((parts) => parts.map(([piece, times]) => piece.repeat(times)).join(''));

export const mail = defineAttack<string>({
  name: 'mail',
  cases: Object.fromEntries([
    ...UNITS.map(
      (unit) => [`400 kB of ${JSON.stringify(unit)}`, () => html(unit.repeat(400_000 / unit.length))] as const,
    ),
    ...PIECES.map(
      (piece) => [`a subject of ${JSON.stringify(piece)}`, () => `Subject: ${piece.repeat(20_000)}\n\nx`] as const,
    ),
    ...PIECES.map(
      (piece) => [`an address of ${JSON.stringify(piece)}`, () => `To: ${piece.repeat(20_000)}\n\nx`] as const,
    ),
    ['an entity named constructor', () => html('&constructor;')] as const,
    [
      '5,000 parts, each in the other',
      () => 'Content-Type: multipart/mixed; boundary=b\n\n--b\n'.repeat(5_000),
    ] as const,
  ]),
  drawn: fc.oneof(
    repeated(UNITS).map(html),
    fc.tuple(fc.constantFrom(...HEADERS), repeated(PIECES)).map(([header, text]) => header + text),
  ),
  draws: 100,
  async run(source) {
    const text = await readMail(source);
    if (/native code|function /.test(text)) throw new TypeError('the text of a function is no part of a mail');
  },
});
