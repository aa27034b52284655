import { describe, expect, it } from 'vitest';
import type { Folder, NamedFile } from '../folders/folder.ts';
import { memoryFolder } from '../folders/memory-folder.ts';
import { CheckpointStore } from './checkpoint-store.ts';

async function* files(text: string): AsyncGenerator<NamedFile, void, undefined> {
  yield ['a.txt', new TextEncoder().encode(text)];
  yield ['b.txt', new TextEncoder().encode(text)];
}

const store = (folder: Folder, keepBest = false) => new CheckpointStore(folder, { keepLast: 2, keepBest });
const namesIn = async (folder: Folder) => [...new Set((await folder.list()).map((file) => file.split('/')[0]))];

async function newestText(folder: Folder): Promise<string> {
  const newest = await store(folder).newest();
  return new TextDecoder().decode(await newest!.files.read('b.txt'));
}

describe('CheckpointStore', () => {
  it('replaces a checkpoint of the same step only when the new one is whole', async () => {
    const folder = memoryFolder();
    const seen: string[] = [];
    const watched: Folder = {
      ...folder,
      async write(name, data) {
        await folder.write(name, data);
        if (seen.length < 4) seen.push(await newestText(folder).catch(() => 'none'));
      },
    };
    await store(folder).save(7, false, files('first'));
    expect(await store(watched).save(7, false, files('second'))).toBe('step-00000007-2');
    expect(seen).toEqual(['first', 'first', 'second']); // after two files and the manifest
    expect(await namesIn(folder)).toEqual(['step-00000007-2']);
    expect(await store(folder).save(7, false, files('third'))).toBe('step-00000007-3');
    expect(await newestText(folder)).toBe('third');
  });

  it('keeps the first where the second cannot be written', async () => {
    const folder = memoryFolder();
    await store(folder).save(7, false, files('first'));
    const full: Folder = { ...folder, write: () => Promise.reject(new Error('ENOSPC')) };
    await expect(store(full).save(7, false, files('second'))).rejects.toThrow('ENOSPC');
    expect(await newestText(folder)).toBe('first');
    expect(await namesIn(folder)).toEqual(['step-00000007']);
  });

  it('counts steps, not their repetitions, among the last that are kept', async () => {
    const folder = memoryFolder();
    const kept = store(folder);
    for (const step of [1, 2, 2, 3, 3]) await kept.save(step, false, files(String(step)));
    expect(await namesIn(folder)).toEqual(['step-00000002-2', 'step-00000003-2']);
  });

  it('keeps what was marked as the best afterwards, also when it is replaced', async () => {
    const folder = memoryFolder();
    const name = await store(folder, true).save(1, false, files('best'));
    await store(folder, true).markBest(name);
    const later = store(folder, true);
    await later.newest();
    await later.save(1, false, files('best, measured'));
    for (const step of [2, 3, 4]) await later.save(step, false, files(String(step)));
    expect(await namesIn(folder)).toEqual(['step-00000001-2', 'step-00000003', 'step-00000004']);
  });

  it('refuses checkpoints of an earlier version', async () => {
    const folder = memoryFolder('old');
    const manifest = { format: 'heed-checkpoint', version: 1, step: 1, best: false, files: {} };
    await folder.write('step-00000001/manifest.json', new TextEncoder().encode(JSON.stringify(manifest)));
    await expect(store(folder).newest()).rejects.toThrow(
      "train: no checkpoint in old is whole; step-00000001: the manifest's version must be 2, got 1",
    );
  });
});
