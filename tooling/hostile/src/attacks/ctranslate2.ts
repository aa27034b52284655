import { ctranslateFolder } from '@heed/speech';
import * as fc from 'fast-check';
import { defineAttack } from '../attack.ts';
import { damaged, latin1 } from './bytes.ts';

const number = (value: number) =>
  latin1(String.fromCharCode(value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >>> 24) & 255));
const text = (value: string) => latin1(`${String.fromCharCode(value.length + 1)}\0${value}\0`);
const joined = (...parts: readonly Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));
const header = (count: number) => joined(number(6), text('WhisperSpec'), number(3), number(count));
const variable = (name: string, shape: readonly number[], type: number, bytes: number) =>
  joined(
    text(name),
    latin1(String.fromCharCode(shape.length)),
    ...shape.map(number),
    latin1(String.fromCharCode(type)),
    number(bytes),
    new Uint8Array(Math.min(bytes, 64)),
  );
const good = joined(
  header(2),
  variable('encoder/conv1/weight', [2, 2, 3], 4, 24),
  variable('encoder/num_heads', [], 2, 2),
);

export const ctranslate2 = defineAttack<Uint8Array>({
  name: 'ctranslate2',
  cases: {
    '2^32 - 1 variables': () => header(0xffff_ffff),
    'a variable of 4 GB': () => joined(header(1), variable('a', [0x3fff_ffff], 0, 0xffff_fffc)),
    'a shape whose size is beyond every number': () =>
      joined(header(1), variable('a', Array<number>(255).fill(0xffff_ffff), 0, 4)),
    'a type that is none': () => joined(header(1), variable('a', [1], 200, 4)),
    'the prototype as a name': () => joined(header(1), variable('__proto__', [1], 0, 4)),
    'no variables': () => header(0),
    'a name without an end': () => joined(header(1), latin1('\xff\xff')),
  },
  drawn: fc.oneof(damaged(good), fc.uint8Array({ maxLength: 200 })),
  draws: 120,
  run: async (bytes) => {
    const files: ReadonlyMap<string, Uint8Array> = new Map([
      ['model.bin', bytes],
      ['config.json', latin1('{}')],
    ]);
    const folder = {
      label: 'hostile',
      list: () => Promise.resolve([...files.keys()]),
      read: (name: string) => Promise.resolve(files.get(name)!),
    };
    const opened = await ctranslateFolder(folder);
    return opened.read('model.safetensors');
  },
});
