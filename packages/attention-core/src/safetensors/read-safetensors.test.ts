import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import expected from './every-dtype.golden.json' with { type: 'json' };
import { readSafetensors } from './read-safetensors.ts';

const golden = () => new Uint8Array(readFileSync(new URL('every-dtype.golden.safetensors', import.meta.url)));

/** A file with this header and so many bytes of data. */
function file(header: unknown, dataBytes: number, headerLength?: bigint): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, headerLength ?? BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

const tensor = (begin: number, end: number, shape = [(end - begin) / 4], dtype = 'F32') => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

describe('readSafetensors', () => {
  it('reads every dtype of a file that the reference implementation wrote', () => {
    const read = readSafetensors(golden());
    expect(read.metadata).toEqual({ format: 'pt', naïve: 'ключ' });
    expect([...read.entries.keys()].toSorted()).toEqual(Object.keys(expected).toSorted());
    const values = Object.fromEntries([...read.entries.keys()].map((name) => [name, Array.from(read.data(name))]));
    expect(values).toEqual(expected);
    expect(read.tensor('a BF16 tensor')).toMatchObject({ dtype: 'float32', shape: [2, 3] });
    expect(read.tensor('a I64 tensor')).toMatchObject({ dtype: 'int32', shape: [2, 3] });
    expect(read.tensor('a BOOL tensor')).toMatchObject({ dtype: 'bool', shape: [2, 3] });
    expect(read.tensor('scalar').shape).toEqual([]);
    expect(read.tensor('empty').shape).toEqual([3, 0]);
  });

  it('reads the same from a view into a larger buffer, at an odd offset', () => {
    const bytes = golden();
    const larger = new Uint8Array(bytes.length + 10).fill(255);
    larger.set(bytes, 3);
    const read = readSafetensors(larger.subarray(3, 3 + bytes.length));
    expect(Array.from(read.data('a F32 tensor'))).toEqual(expected['a F32 tensor']);
  });

  it('gives tensors that do not change when the file does', () => {
    const bytes = file({ a: tensor(0, 4) }, 4);
    const read = readSafetensors(bytes).tensor('a');
    bytes.fill(255);
    expect(read.dataSync()[0]).toBe(0);
  });

  it('gives floats that do not change when the file does, wherever they lie', () => {
    for (const padding of [0, 1, 2, 3]) {
      const bytes = file(JSON.stringify({ a: tensor(0, 8) }).padEnd(80 + padding), 8); // 8 + 80 is a multiple of four
      const values = new DataView(bytes.buffer, 88 + padding);
      values.setFloat32(0, 1.5, true);
      values.setFloat32(4, -2, true);
      const before = tf.memory().numTensors;
      const read = readSafetensors(bytes).tensor('a');
      bytes.fill(255);
      expect(read).toBeAllClose([1.5, -2], { absolute: 0, relative: 0 });
      expect(tf.memory().numTensors).toBe(before + 1);
      read.dispose();
    }
  });

  it.each([
    ['an empty file', new Uint8Array(0), 'a file has at least 8 bytes, got 0'],
    ['a length cut short', new Uint8Array(7), 'a file has at least 8 bytes, got 7'],
    [
      'a header beyond the file',
      file('{}', 0, 3n),
      'the header must lie within the file, got header length 3 in a file of 10 bytes',
    ],
    ['a header of 2^53 bytes', file('{}', 0, 2n ** 53n), 'header length 9007199254740992 in a file of 10 bytes'],
    ['a header of 2^64 − 1 bytes', file('{}', 0, 2n ** 64n - 1n), 'header length 18446744073709551615'],
    ['no JSON', file('{"a":', 0), 'the header must be JSON in UTF-8'],
    [
      'bad UTF-8',
      file('{"\u0000"}', 0).map((byte) => (byte === 0x22 ? 0xff : byte)),
      'the header must be JSON in UTF-8',
    ],
    ['a list', file('[]', 0), 'the header must be a JSON object, got []'],
    ['leading white space', file(' {}', 0), 'the header must be a JSON object, got  {}'],
    ['an entry that is a text', file({ a: 'b' }, 0), 'the entry of "a" must be an object, got b'],
    ['an entry that is null', file({ a: null }, 0), 'the entry of "a" must be an object, got null'],
    ['an unknown dtype', file({ a: tensor(0, 4, [1], 'F8') }, 4), 'the dtype of "a" must be one of F64, F32, F16'],
    ['a dtype from the prototype', file({ a: tensor(0, 4, [1], 'toString') }, 4), 'the dtype of "a" must be one of'],
    [
      'a negative length',
      file({ a: tensor(0, 4, [-1]) }, 4),
      'the shape of "a" must be a list of whole numbers below 2^53, got [-1]',
    ],
    ['a broken length', file({ a: tensor(0, 4, [0.5]) }, 4), 'the shape of "a" must be a list of whole numbers'],
    [
      'a length of 2^53',
      file({ a: tensor(0, 4, [2 ** 53]) }, 4),
      'the shape of "a" must be a list of whole numbers below 2^53',
    ],
    [
      '2^106 elements',
      file({ a: tensor(0, 4, [2 ** 52, 2 ** 54 - 2 ** 53 - 1]) }, 4),
      'of "a" must span fewer than 2^53 bytes',
    ],
    [
      '2^106 elements beside an axis of 0',
      file({ a: tensor(0, 0, [2 ** 53 - 1, 2 ** 53 - 1, 0]) }, 0),
      'of "a" must span fewer than 2^53 bytes',
    ],
    ['seven axes', file({ a: tensor(0, 4, Array(7).fill(1)) }, 4), 'the shape of "a" must have at most 6 axes, got 7'],
    [
      'offsets in the wrong order',
      file({ a: tensor(4, 0, [1]) }, 4),
      'the data_offsets of "a" must be [begin, end] with begin ≤ end, got [4,0]',
    ],
    ['three offsets', file({ a: { dtype: 'F32', shape: [1], data_offsets: [0, 4, 8] } }, 8), 'must be [begin, end]'],
    [
      'too few bytes',
      file({ a: tensor(0, 4, [2]) }, 4),
      'the data_offsets of "a" must span 8 bytes (F32 [2]), got [0, 4]',
    ],
    [
      'a tensor beyond the file',
      file({ a: tensor(0, 8) }, 4),
      'tensors must lie within the file, got data_offsets [0, 8] of "a" in 4 bytes',
    ],
    [
      'overlap',
      file({ a: tensor(0, 8), b: tensor(4, 12) }, 12),
      'tensors must not overlap, got data_offsets [4, 12] of "b" after a tensor that ends at 8',
    ],
    [
      'a hole',
      file({ a: tensor(0, 4), b: tensor(8, 12) }, 12),
      'there must be no hole between tensors, got data_offsets [8, 12] of "b" after 4',
    ],
    [
      'bytes left over',
      file({ a: tensor(0, 4) }, 6),
      'tensors must reach to the end of the file, got 2 bytes left over',
    ],
    [
      'a name twice',
      file(
        '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\\u0061":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
        4,
      ),
      'names must be unique, got "a" twice',
    ],
    [
      'a key twice in an entry',
      file('{"a":{"dtype":"F32","dtype":"I32","shape":[1],"data_offsets":[0,4]}}', 4),
      'names must be unique, got "dtype" twice',
    ],
    ['metadata that is a list', file({ __metadata__: [] }, 0), '__metadata__ must be an object, got []'],
    ['a number in the metadata', file({ __metadata__: { a: 1 } }, 0), '__metadata__ must hold texts, got 1 under "a"'],
  ])('refuses a file with %s', (_, bytes, message) => {
    expect(() => readSafetensors(bytes)).toThrow(`readSafetensors: `);
    expect(() => readSafetensors(bytes)).toThrow(message);
  });

  it('refuses integers that tfjs cannot hold, and booleans that are neither', () => {
    const wide = file({ a: tensor(0, 8, [1], 'I64') }, 8);
    wide[wide.length - 1] = 1;
    expect(() => readSafetensors(wide).tensors()).toThrow(
      'integers must fit in 32 bits, got 72057594037927936 at position 0 of "a"',
    );
    const third = file({ a: tensor(0, 1, [1], 'BOOL') }, 1).map((byte, i, all) => (i === all.length - 1 ? 2 : byte));
    expect(() => readSafetensors(third).tensor('a')).toThrow('BOOL must be 0 or 1, got 2 at position 0 of "a"');
    expect(() => readSafetensors(third).tensor('b')).toThrow('there must be a tensor of that name, got "b"');
  });

  it('takes names that are special in JavaScript as any others', () => {
    const text =
      '{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"constructor":{"dtype":"U8","shape":[],"data_offsets":[1,2]}}';
    const read = readSafetensors(file(text, 2));
    expect([...read.entries.keys()]).toEqual(['__proto__', 'constructor']);
    expect(Object.keys(read.tensors())).toEqual(['__proto__', 'constructor']);
  });

  it('never does worse than a clear error on a damaged file', () => {
    const whole = golden();
    const damage = fc.record({
      cut: fc.oneof({ weight: 3, arbitrary: fc.constant(whole.length) }, fc.nat(whole.length)),
      edits: fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 6 }),
    });
    fc.assert(
      fc.property(damage, ({ cut, edits }) => {
        const bytes = whole.slice(0, cut);
        for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value;
        return isSound(bytes);
      }),
      { numRuns: 4000 },
    );
  });

  it('never does worse than a clear error on an invented header', () => {
    const count = fc.oneof(fc.nat(12), fc.constantFrom(-1, 0.5, 2 ** 31, 2 ** 53 - 1, 2 ** 53, 1e300));
    const entry = fc.record(
      {
        dtype: fc.constantFrom('F32', 'F16', 'BOOL', 'I64', 'U8', 'F4', '__proto__', 7),
        shape: fc.oneof(fc.array(count, { maxLength: 3 }), fc.constant('x')),
        data_offsets: fc.oneof(fc.tuple(count, count), fc.array(count, { maxLength: 3 })),
      },
      { requiredKeys: [] },
    );
    const header = fc.oneof(
      fc.dictionary(
        fc.oneof(fc.string(), fc.constant('__metadata__'), fc.constant('__proto__')),
        fc.oneof(entry, fc.jsonValue()),
      ),
      fc.json(),
    );
    fc.assert(
      fc.property(header, fc.nat(64), (value, dataBytes) => isSound(file(value, dataBytes))),
      { numRuns: 6000 },
    );
  });
});

/** What opening and reading all of it comes to: the number of elements, or the error's message. */
function outcome(bytes: Uint8Array): number | string {
  try {
    const read = readSafetensors(bytes);
    return [...read.entries.keys()].reduce((sum, name) => sum + read.data(name).length, 0);
  } catch (error) {
    return (error as Error).message;
  }
}

/** No element is less than a byte, and every message is one of ours. */
function isSound(bytes: Uint8Array): boolean {
  const result = outcome(bytes);
  return typeof result === 'number' ? result <= bytes.length : result.startsWith('readSafetensors: ');
}
