import { readWav, writeWav } from '@heed/speech';
import * as fc from 'fast-check';
import { defineAttack } from '../attack.ts';
import { damaged, latin1 } from './bytes.ts';

const good = writeWav({ samples: Float32Array.of(0, 0.5, -0.5, 0.25), rate: 8000 });
const changed = (at: number, bytes: string) => {
  const file = good.slice();
  file.set(latin1(bytes), at);
  return file;
};

export const wav = defineAttack<Uint8Array>({
  name: 'wav',
  cases: {
    'a chunk of 4 GB before the format': () => changed(12, 'LIST\xff\xff\xff\xff'),
    'samples of 4 GB': () => changed(40, '\xff\xff\xff\xff'),
    'samples of 4 GB less a byte': () => changed(40, '\xfe\xff\xff\xff'),
    '65,535 channels': () => changed(22, '\xff\xff'),
    'a format of 4 GB': () => changed(16, '\xff\xff\xff\xff'),
    'a format of no bytes': () => changed(16, '\0\0\0\0'),
    'an extensible format that is too short': () => changed(20, '\xfe\xff'),
    'a hundred thousand empty chunks': () => latin1(`RIFF\xff\xff\xff\xffWAVE${'junk\0\0\0\0'.repeat(100_000)}`),
  },
  drawn: fc.oneof(
    damaged(good),
    damaged(writeWav({ samples: Float32Array.of(0, 1), rate: 8000 }, { coding: 'float32' })),
    fc.uint8Array({ maxLength: 200 }),
  ),
  draws: 120,
  run: (bytes) => Promise.resolve().then(() => readWav(bytes)),
});
