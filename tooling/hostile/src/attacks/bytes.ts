import * as fc from 'fast-check';

/** The bytes of a text of characters below 256. */
export function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** A file, some of its bytes replaced, its end cut off. */
export function damaged(file: Uint8Array): fc.Arbitrary<Uint8Array> {
  const change = fc.tuple(fc.nat(file.length - 1), fc.integer({ min: 0, max: 255 }));
  return fc.tuple(fc.array(change, { maxLength: 8 }), fc.nat(file.length)).map(([changes, cut]) => {
    const bytes = file.slice();
    for (const [position, byte] of changes) bytes[position] = byte;
    return bytes.subarray(0, cut % 3 === 0 ? cut : bytes.length);
  });
}
