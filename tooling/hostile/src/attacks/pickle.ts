import { readPlanetoid } from '@heed/graph';
import * as fc from 'fast-check';
import { defineAttack } from '../attack.ts';
import { damaged, latin1 } from './bytes.ts';

const array = (code: string, shape: string, bytes: string) =>
  `cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR(I1\n${shape}cnumpy\ndtype\n(S'${code}'\nI0\nI1\ntRI00\n` +
  `T${String.fromCharCode(bytes.length, 0, 0, 0)}${bytes}tb`;
const sparse = (shape: string) =>
  `cscipy.sparse.csr\ncsr_matrix\n)\x81}(S'_shape'\n${shape}S'indptr'\n${array('i4', '(I2\nt', '\0\0\0\0\x01\0\0\0')}` +
  `S'indices'\n${array('i4', '(I1\nt', '\0\0\0\0')}S'data'\n${array('f4', '(I1\nt', '\0\0\x80?')}ub.`;

/** Opcodes with small arguments, so that many draws are pickles of some length. */
const operations = fc.array(
  fc.constantFrom(
    '(', ')', ']', '}', 'l', 't', 'd', 's', 'u', 'a', 'e', '0', '1', '2', 'R', 'b', '\x81', '\x85', '\x86', '\x87', 'N', 'I1\n', 'K\x05',
    "S'shape'\n", "S'__proto__'\n", "S'length'\n", 'I4294967295\n', 'q\0', 'h\0', 'cnumpy\nndarray\n', 'cnumpy\ndtype\n', 'c__builtin__\nlist\n',
    'ccollections\ndefaultdict\n', 'cnumpy.core.multiarray\n_reconstruct\n', 'cscipy.sparse.csr\ncsr_matrix\n', 'T\xff\xff\xff\xff', 'G', 'J', 'X',
  ),
  { maxLength: 60 },
); // prettier-ignore

export const pickle = defineAttack<Uint8Array>({
  name: 'pickle',
  cases: {
    "fields of JavaScript's Object": () => latin1("cnumpy\nndarray\n}S'hasOwn'\nNsb."),
    "fields of JavaScript's Array": () => latin1("c__builtin__\nlist\n}S'isArray'\nNsb."),
    'a list of 2^32 - 1': () => latin1('c__builtin__\nlist\n(I4294967295\ntR.'),
    'a list made long by its fields': () => latin1("]}S'length'\nI4294967295\nsbcnumpy\ndtype\n2R."),
    'a length below zero': () => latin1('T\xfa\xff\xff\xff.'),
    'another length below zero': () => latin1('\x8e\xf6\xff\xff\xff\xff\xff\xff\xff.'),
    'a length beyond the file': () => latin1('X\xff\xff\xff\xff.'),
    'a key of lists that doubles sixty times': () => latin1(`(]${'2\x86'.repeat(60)}I1\nd.`),
    'a class of the constructor': () => latin1('cconstructor\nprototype\n(tR.'),
    'a command': () => latin1("cos\nsystem\n(S'true'\ntR."),
    'a shape of 10^18 entries': () => latin1(sparse('(I1000000000\nI1000000000\nt')),
    'a shape of 10^9 entries': () => latin1(sparse('(I1\nI1000000000\nt')),
    'a shape below zero': () => latin1(sparse('(I-1\nI5\nt')),
    'the prototype as a field': () =>
      latin1("cscipy.sparse.csr\ncsr_matrix\n)\x81}(S'__proto__'\n}S'polluted'\nI1\nsub."),
    'marks only': () => latin1('('.repeat(1_000_000)),
    'a million empty lists, each in the next': () => latin1(`${']'.repeat(500_000)}${'a'.repeat(499_999)}.`),
  },
  drawn: fc.oneof(
    operations.map((parts) => latin1(`\x80\x02${parts.join('')}.`)),
    damaged(latin1(sparse('(I1\nI5\nt'))),
    fc.uint8Array({ maxLength: 200 }),
  ),
  draws: 120,
  run: (bytes) => readPlanetoid({ read: () => Promise.resolve(bytes) }, 'hostile'),
});
