import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileFolder } from './file-folder.ts';
import { ownMark } from './owner-mark.ts';
import { asUnprivileged } from './unprivileged.test-support.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (data: Uint8Array): string => new TextDecoder().decode(data);

describe('fileFolder', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'heed-folder-'));
    await chmod(root, 0o755);
  });
  afterEach(async () => {
    await rm(root, { recursive: true, force: true });
  });

  it('reads what was written, parents included', async () => {
    const folder = fileFolder(join(root, 'new'));
    await folder.write('steps/12/model.safetensors', bytes('weights'));
    expect(text(await folder.read('steps/12/model.safetensors'))).toBe('weights');
  });

  it('lists all files below in lexical order, and an absent folder as empty', async () => {
    const folder = fileFolder(join(root, 'new'));
    expect(await folder.list()).toEqual([]);
    for (const name of ['b.json', 'a/z.bin', 'a/b/c.bin']) await folder.write(name, bytes(name));
    expect(await folder.list()).toEqual(['a/b/c.bin', 'a/z.bin', 'b.json']);
  });

  it('replaces a file whole and leaves no temporary file', async () => {
    const folder = fileFolder(root);
    await folder.write('config.json', bytes('a long first version'));
    await folder.write('config.json', bytes('short'));
    expect(text(await folder.read('config.json'))).toBe('short');
    expect(await readdir(root)).toEqual(['config.json']);
  });

  it('does not list what a killed process left half written', async () => {
    await writeFile(join(root, '.model.safetensors.0123456789ab.tmp'), 'half');
    expect(await fileFolder(root).list()).toEqual([]);
  });

  it('lists files whose names merely begin with a dot', async () => {
    await fileFolder(root).write('.keep', bytes(''));
    expect(await fileFolder(root).list()).toEqual(['.keep']);
  });

  it('removes a file, and an absent one without complaint', async () => {
    const folder = fileFolder(root);
    await folder.write('a', bytes('a'));
    await folder.remove('a');
    await folder.remove('a');
    expect(await folder.list()).toEqual([]);
  });

  it('takes away the folders that a removal leaves empty, and no others', async () => {
    const folder = fileFolder(root);
    for (const name of ['steps/1/a', 'steps/1/b', 'steps/2/a']) await folder.write(name, bytes('x'));
    await folder.remove('steps/1/a');
    await folder.remove('steps/2/a');
    expect(await readdir(join(root, 'steps'))).toEqual(['1']);
    await folder.remove('steps/1/b');
    expect(await readdir(root)).toEqual([]);
  });

  it('names the file and the folder when there is nothing to read', async () => {
    await expect(fileFolder(root).read('model.safetensors')).rejects.toThrow(
      `fileFolder.read: there is no file 'model.safetensors' in ${root}`,
    );
  });

  it.each(['../secret', 'a/../../b', '/etc/passwd', '', 'a//b', './a', 'a\\b', 'C:x'])(
    'refuses the name %j',
    async (name) => {
      const folder = fileFolder(root);
      await expect(folder.read(name)).rejects.toThrow(/fileFolder\.read: a name must be relative/);
      await expect(folder.write(name, bytes(''))).rejects.toThrow(/fileFolder\.write: a name must be relative/);
      await expect(folder.remove(name)).rejects.toThrow(/fileFolder\.remove: a name must be relative/);
      expect(await readdir(root)).toEqual([]);
    },
  );

  it('keeps meaning the same folder after the working directory changed', async () => {
    const before = process.cwd();
    process.chdir(root);
    try {
      const folder = fileFolder('here');
      process.chdir(tmpdir());
      await folder.write('a', bytes('a'));
    } finally {
      process.chdir(before);
    }
    expect(await readdir(join(root, 'here'))).toEqual(['a']);
  });

  it('says that a read-only folder must be writable, and leaves the old file', async () => {
    const folder = fileFolder(root);
    await folder.write('a', bytes('old'));
    await chmod(root, 0o555);
    await expect(asUnprivileged(() => folder.write('a', bytes('new')))).rejects.toThrow(
      `fileFolder.write: the folder must be writable, got ${root} (EACCES); nothing was changed`,
    );
    await chmod(root, 0o755);
    expect(text(await folder.read('a'))).toBe('old');
  });

  it('says that a parent is a file', async () => {
    await writeFile(join(root, 'file'), '');
    await expect(fileFolder(root).write('file/a', bytes('a'))).rejects.toThrow(/every parent must be a folder/);
  });

  it('says that the name is a folder', async () => {
    await mkdir(join(root, 'model'));
    await expect(fileFolder(root).write('model', bytes('a'))).rejects.toThrow(/got the folder .*model \(EISDIR\)/);
    expect(await readdir(root)).toEqual(['model']);
  });

  it('says that the disk is full, and leaves the old file', async (context) => {
    const run = promisify(execFile);
    const probe = ['-rm', 'sh', '-c', 'mount -t tmpfs -o size=64k tmpfs "$0" && "$@"', root];
    try {
      await run('unshare', [...probe, 'true']);
    } catch {
      context.skip('a small file system to fill needs Linux user namespaces');
    }
    const source = `
      import { fileFolder } from ${JSON.stringify(new URL('file-folder.ts', import.meta.url).href)};
      const folder = fileFolder(${JSON.stringify(root)});
      await folder.write('a', new Uint8Array(1000).fill(1));
      await folder.write('a', new Uint8Array(200000)).catch((error) => console.log(error.message));
      console.log((await folder.read('a')).length, await folder.list());`;
    const node = [
      process.execPath,
      '--conditions=@heed/source',
      '--import',
      'tsx',
      '--input-type=module',
      '-e',
      source,
    ];
    const { stdout } = await run('unshare', [...probe, ...node]);
    expect(stdout.split('\n')).toEqual([
      `fileFolder.write: the disk is full: 200000 bytes needed for ${root}/a (ENOSPC); nothing was changed`,
      "1000 [ 'a' ]",
      '',
    ]);
  });

  it('renames over what there is, parents included', async () => {
    const folder = fileFolder(root);
    await folder.write('new/a', bytes('new'));
    await folder.write('b/a', bytes('old'));
    await folder.rename!('new/a', 'b/a');
    expect(text(await folder.read('b/a'))).toBe('new');
    expect(await readdir(root)).toEqual(['b']);
  });

  it('writes, renames and removes nothing through a link to another folder, but replaces a link to a file', async () => {
    const [folder, elsewhere] = [fileFolder(join(root, 'here')), join(root, 'elsewhere')];
    await mkdir(elsewhere);
    await folder.write('a', bytes('a'));
    await writeFile(join(elsewhere, 'a'), 'theirs');
    await symlink(elsewhere, join(root, 'here', 'step-00000001'));
    const rule = "must be in the folder itself, got the link 'step-00000001' on the way";
    await expect(folder.write('step-00000001/a', bytes('mine'))).rejects.toThrow(
      `fileFolder.write: 'step-00000001/a' ${rule}`,
    );
    await expect(folder.remove('step-00000001/a')).rejects.toThrow(`fileFolder.remove: 'step-00000001/a' ${rule}`);
    await expect(folder.rename!('a', 'step-00000001/a')).rejects.toThrow(
      `fileFolder.rename: 'step-00000001/a' ${rule}`,
    );
    await symlink(join(elsewhere, 'a'), join(root, 'here', 'link'));
    await folder.write('link', bytes('mine'));
    expect(await readFile(join(elsewhere, 'a'), 'utf8')).toBe('theirs');
    expect(text(await folder.read('link'))).toBe('mine');
  });

  describe('lock', () => {
    const source = new URL('file-folder.ts', import.meta.url).href;
    /** A process that takes the lock and begins to write, then waits. */
    async function holder(): Promise<ReturnType<typeof spawn>> {
      const script = `
        import { writeFile } from 'node:fs/promises';
        import { temporaryPath } from ${JSON.stringify(new URL('write-atomically.ts', import.meta.url).href)};
        import { fileFolder } from ${JSON.stringify(source)};
        await fileFolder(${JSON.stringify(root)}).lock('training');
        await writeFile(temporaryPath(${JSON.stringify(join(root, 'model.safetensors'))}), 'half');
        console.log('has it');
        setInterval(() => undefined, 1000);`;
      const node = ['--conditions=@heed/source', '--import', 'tsx', '--input-type=module', '-e', script];
      const child = spawn(process.execPath, node, { stdio: ['ignore', 'pipe', 'inherit'] });
      await once(child.stdout, 'data');
      return child;
    }

    it('keeps another process out while its own lives, and nobody after kill -9, whose half written files are removed', async () => {
      const child = await holder();
      await expect(fileFolder(root).lock!('training')).rejects.toThrow(
        `fileFolder.lock: 'training' must be done by one at a time in ${root}, got process ${child.pid} doing it already`,
      );
      expect((await readdir(root)).length).toBe(2);
      child.kill('SIGKILL');
      await once(child, 'exit');
      const release = await fileFolder(root).lock!('training');
      expect(await readdir(root)).toEqual(['.training.lock']);
      expect(await fileFolder(root).list()).toEqual([]);
      await release();
      expect(await readdir(root)).toEqual([]);
    });

    it('is had by one of many who find a stale one', async () => {
      const child = await holder();
      child.kill('SIGKILL');
      await once(child, 'exit');
      const takers = await Promise.allSettled(Array.from({ length: 8 }, () => fileFolder(root).lock!('training')));
      expect(takers.filter(({ status }) => status === 'fulfilled').length).toBe(1);
    });

    it('of a process number that was given again is stale, and one that says nothing too', async () => {
      const mark = { ...ownMark(), started: '0-1', id: 'x' };
      for (const content of [JSON.stringify(mark), '{"pid":"', 'null', '']) {
        await writeFile(join(root, '.training.lock'), content);
        await (
          await fileFolder(root).lock!('training')
        )();
      }
      await writeFile(join(root, '.training.lock'), JSON.stringify({ ...mark, machine: 'another1' }));
      await expect(fileFolder(root).lock!('training')).rejects.toThrow(`got process ${process.pid} of another machine`);
      const longAgo = new Date(Date.now() - 200_000);
      await utimes(join(root, '.training.lock'), longAgo, longAgo);
      await (
        await fileFolder(root).lock!('training')
      )();
    });

    it('is not needed where nobody can write', async () => {
      await chmod(root, 0o555);
      const release = await asUnprivileged(() => fileFolder(root).lock!('training'));
      await release();
      expect(await readdir(root)).toEqual([]);
    });
  });

  it.skipIf(process.platform !== 'linux')(
    'says that a folder cannot hold folders, as those of /proc, and does not hang',
    async () => {
      const rule = 'the folder must be one that can hold folders, got /proc/heed/a';
      await expect(fileFolder('/proc/heed').write('a/b', bytes('x'))).rejects.toThrow(
        `fileFolder.write: ${rule} (ENOENT)`,
      );
      await expect(fileFolder('/proc/heed/a').lock!('training')).rejects.toThrow(`fileFolder.lock: ${rule} (ENOENT)`);
    },
  );
});
