import { describe, expect, it } from 'vitest';
import { readPickle } from './read-pickle.ts';
import { readPythonArrays } from './python-arrays.ts';

const bytesOf = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));
const read = (text: string) => readPickle(bytesOf(text), new Map());

describe('readPickle', () => {
  it('reads what Python writes by protocol 0 and 2', () => {
    // pickle.dumps({'a': [1, -2, (True, None)], 'b': 0.5}, protocol=0) and protocol=2
    const protocol0 = '(dp0\nVa\np1\n(lp2\nI1\naI-2\na(I01\nNtp3\nasVb\np4\nF0.5\ns.';
    const protocol2 =
      '\x80\x02}q\x00(X\x01\x00\x00\x00aq\x01]q\x02(K\x01J\xfe\xff\xff\xff\x88N\x86q\x03eX\x01\x00\x00\x00bq\x04G?\xe0\x00\x00\x00\x00\x00\x00u.';
    const expected = new Map<string, unknown>([
      ['a', [1, -2, [true, null]]],
      ['b', 0.5],
    ]);
    expect(read(protocol0)).toEqual(expected);
    expect(read(protocol2)).toEqual(expected);
  });

  it('refuses a length below zero, which would read the same bytes for ever', () => {
    expect(() => read('T\xfa\xff\xff\xff.')).toThrow('a length must not be negative, got -6');
  });

  it('refuses a length that leads out of the file', () => {
    expect(() => read('T\xff\xff\xff\x7f.')).toThrow('Unexpected end of file.');
  });

  it('sets no field of anything that JavaScript owns', () => {
    const original = Object.hasOwn;
    const pickle = "cnumpy\nndarray\n(S'hasOwn'\nNdb.";
    expect(() => readPythonArrays(bytesOf(pickle), 'evil', 'a matrix')).toThrow('it sets fields of what has none');
    expect(Object.hasOwn).toBe(original);
  });

  it('calls nothing that it has only named, and names nothing else', () => {
    expect(() => readPythonArrays(bytesOf('c__builtin__\nlist\n(I4294967295\ntR.'), 'evil', 'a matrix')).toThrow(
      'it calls what cannot be called',
    );
    expect(() => readPythonArrays(bytesOf('cos\nsystem\n.'), 'evil', 'a matrix')).toThrow('got an object of os.system');
    expect(() => readPythonArrays(bytesOf('cconstructor\nprototype\n.'), 'evil', 'a matrix')).toThrow(
      'it must hold arrays only',
    );
  });

  it('must hold what it is read as', () => {
    expect(() => readPythonArrays(bytesOf('].'), 'x', 'a matrix')).toThrow(
      'readPythonArrays: x cannot be read: it must hold a matrix',
    );
  });

  it('takes nothing from below its stack', () => {
    for (const operation of ['.', 'R', 'b', 't', 'e', 'a', 's', 'u', 'q\x00', 'h\x00', '\x87']) {
      expect(() => read(`${operation}.`)).toThrow(/takes more values than it has made|has no mark|has not kept/);
    }
  });
});
