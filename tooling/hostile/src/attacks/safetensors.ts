import { readSafetensors } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import * as fc from 'fast-check';
import { defineAttack } from '../attack.ts';
import { damaged } from './bytes.ts';

function file(header: string, data = 0): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + data);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}
const tensor = (shape: string, bytes: number, dtype = 'F32') =>
  file(`{"w":{"dtype":"${dtype}","shape":${shape},"data_offsets":[0,${bytes}]}}`, bytes);
const dimension = fc.oneof(fc.nat(4), fc.constantFrom(2 ** 31, 2 ** 32, 2 ** 53 - 1, 2 ** 53, -1, 0.5, 1e308));

export const safetensors = defineAttack<Uint8Array>({
  name: 'safetensors',
  cases: {
    'a shape of 300 ones': () => tensor(JSON.stringify(Array<number>(300).fill(1)), 4),
    'a shape of 7 ones': () => tensor('[1,1,1,1,1,1,1]', 4),
    'an empty tensor of 2^106 rows': () => tensor('[9007199254740991,9007199254740991,0]', 0),
    'an empty tensor of 2^53 - 1 rows': () => tensor('[9007199254740991,0]', 0),
    'an empty tensor of 2^31 rows': () => tensor('[0,2147483648]', 0),
    'lists in lists, a million deep': () => file('['.repeat(1_000_000)),
    'objects in objects, 100,000 deep': () => file(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`),
    'a prototype as a name': () => file('{"__proto__":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}', 4),
    'a header of 2^64 - 1 bytes': () => new Uint8Array(8).fill(255),
    nothing: () => new Uint8Array(),
    'a dtype that every object has': () => tensor('[1]', 4, 'constructor'),
  },
  drawn: fc.oneof(
    fc.array(dimension, { maxLength: 9 }).map((shape) => tensor(JSON.stringify(shape), 4)),
    fc.array(dimension, { maxLength: 9 }).map((shape) => tensor(JSON.stringify([...shape, 0]), 0)),
    damaged(tensor('[2,3]', 24)),
    fc.json({ maxDepth: 4 }).map((header) => file(header)),
  ),
  draws: 120,
  async run(bytes) {
    tf.dispose(readSafetensors(bytes).tensors());
  },
});
