import { storedFiles } from '@heed/testing';
import { memoryFolder } from '@heed/training';
import { describe, expect, it } from 'vitest';
import { fsdd, readFsdd } from './fsdd.ts';

const files = storedFiles(fsdd);

describe.skipIf(files === undefined)('FSDD', () => {
  it('has the statistics and the official split that its card states', async () => {
    const { train, test } = await readFsdd(files!);
    const all = [...train, ...test];
    expect({
      recordings: all.length,
      speakers: new Set(all.map(({ speaker }) => speaker)).size,
      digits: new Set(all.map(({ digit }) => digit)).size,
      rate: all[0].rate,
    }).toEqual(fsdd.statistics);
    expect(all.every(({ rate }) => rate === all[0].rate)).toBe(true);
    expect([train.length, test.length]).toEqual([fsdd.splits!.train, fsdd.splits!.test]);
    const named = ({ digit, speaker, take }: (typeof all)[number]) => `${digit} ${speaker} ${take}`;
    expect(new Set(all.map(named)).size).toBe(3000);
    expect(named(train[0])).toBe('0 george 5');
  });
});

describe('readFsdd', () => {
  it('refuses what is no archive, naming it', async () => {
    const folder = memoryFolder();
    await folder.write('recordings.tar.gz', new Uint8Array(9));
    await expect(readFsdd(folder)).rejects.toThrow('recordings.tar.gz must be a .tar.gz, got 9 bytes that are none');
  });
});
