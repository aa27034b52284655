import * as fc from 'fast-check';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { defineAttack } from '../attack.ts';
import { fromSource } from '../kills/downloads.ts';
import { damaged } from './bytes.ts';

type Archive = readonly [name: string, content: Uint8Array];

/** A tar with one entry, as its header says. */
function tar(name: string, content: Uint8Array, { type = '0', size = content.length, link = '' } = {}): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        ', 148);
  header.write(type, 156);
  header.write(link, 157);
  header.write('ustar\0', 257);
  header.write('00', 263);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const padding = Buffer.alloc((512 - (content.length % 512)) % 512);
  return Buffer.concat([header, content, padding]);
}
const END = Buffer.alloc(1024);
const tgz = (...entries: Buffer[]): Archive => ['package.tgz', gzipSync(Buffer.concat([...entries, END]))];
const data = Buffer.from('data');
/** A zip with one stored file. */
const ZIP = Buffer.from('UEsDBAoAAAAAAAAAIQBj86rtBAAAAAQAAAABAAAAd2RhdGFQSwECCgAKAAAAAAAAACEAY/Oq7QQAAAAEAAAAAQAAAAAAAAAAAAAAAAAAAAAAdwUGUEsFBgAAAAABAAEALwAAACMAAAAAAA==', 'base64'); // prettier-ignore

export const archive = defineAttack<Archive>({
  name: 'archive',
  seconds: 30,
  cases: {
    'what is right': () => tgz(tar('package/w', data)),
    'a name that leads out': () => tgz(tar('../w', data), tar('../../w', data), tar('/tmp/w', data)),
    'a link that leads out, and a file through it': () =>
      tgz(tar('package', Buffer.alloc(0), { type: '2', link: '/tmp' }), tar('package/w', data)),
    'a link in the place of the file': () => tgz(tar('package/w', Buffer.alloc(0), { type: '2', link: '/etc/passwd' })),
    'a hard link': () => tgz(tar('package/w', Buffer.alloc(0), { type: '1', link: '/etc/passwd' })),
    'a size beyond the archive': () => tgz(tar('package/w', data, { size: 2 ** 31 })),
    'a gigabyte of nothing': () => tgz(tar('package/x', Buffer.alloc(2 ** 28)), tar('package/w', data)),
    'a file longer than the card says': () => tgz(tar('package/w', Buffer.alloc(2 ** 24))),
    'gzip that ends early': () => ['package.tgz', tgz(tar('package/w', data))[1].subarray(0, 40)],
    'no archive': () => ['package.tgz', data],
    'no zip': () => ['package.zip', data],
    'a zip that is cut off': () => ['package.zip', ZIP.subarray(0, 50)],
    'nothing': () => ['package.tgz', new Uint8Array()],
  },
  drawn: fc.oneof(
    damaged(ZIP).map((content): Archive => ['package.zip', content]),
    damaged(tgz(tar('package/w', data))[1]).map((content): Archive => ['package.tgz', content]),
    damaged(Buffer.concat([tar('package/w', data), END])).map((content): Archive => ['package.tar', content]),
  ),
  draws: 40,
  async run([name, content]) {
    const { extractEntry } = await fromSource<{
      extractEntry(archive: string, wanted: string, strip: number, target: string, bytes: number): Promise<void>;
    }>('node/src/data/archive-entry.ts');
    const folder = await mkdtemp(join(tmpdir(), 'heed-hostile-'));
    let failure: unknown;
    try {
      await writeFile(join(folder, name), content);
      await extractEntry(join(folder, name), 'w', name.endsWith('.zip') ? 0 : 1, join(folder, 'target'), 4).catch((error: unknown) => {
        throw new Error(`extractEntry: ${(error as Error).message}`, { cause: error });
      });
      if ((await readFile(join(folder, 'target'))).length > 4) throw new TypeError('more than the card says was written');
    } catch (error) {
      failure = error;
    }
    const foreign = (await readdir(folder)).filter((file) => ![name, 'target', 'target.entries'].includes(file));
    await rm(folder, { recursive: true });
    if (foreign.length > 0) throw new TypeError(`a file got out of the archive: ${foreign.join(', ')}`);
    if (failure !== undefined) throw failure;
  },
}); // prettier-ignore
