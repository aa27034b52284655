import { createHash } from 'node:crypto';
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { chmodSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { install } from './install.ts';
import { libraryName } from './library.ts';
import { cacheFolder, wheelForThisMachine } from './platform.ts';
import { findTfjsNode } from './tfjs-node.ts';

const wheel = wheelForThisMachine();
const library = wheel && join(cacheFolder(), libraryName(wheel));
// Its own backend is nothing to this test; a run for another one need not compile C++ again.
const hasLibrary = library !== undefined && existsSync(library) && tf.getBackend() === 'tensorflow';
if (!hasLibrary)
  process.stdout.write('skipped: the build of the binding, TensorFlow is not the backend or not in the cache\n');
const [tfjsNode] = findTfjsNode();

let folder: string;
let cache: string;
let project: string;
let copy: string;

/** A project with tfjs-node as a package manager leaves it when it runs no install scripts. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'heed-install-'));
  cache = join(folder, 'cache', 'tensorflow');
  project = join(folder, 'project');
  copy = join(project, 'node_modules', '@tensorflow', 'tfjs-node');
  mkdirSync(join(copy, 'scripts'), { recursive: true });
  writeFileSync(join(copy, 'package.json'), '{"name":"@tensorflow/tfjs-node","version":"4.22.0"}');
  cpSync(join(tfjsNode!.folder, 'binding'), join(copy, 'binding'), { recursive: true });
  upstreamScript('throw new Error("getaddrinfo ENOTFOUND")');
  vi.stubEnv('HEED_CACHE', join(folder, 'cache'));
  vi.stubEnv('HEED_TENSORFLOW', undefined);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

function upstreamScript(source: string): void {
  writeFileSync(join(copy, 'scripts', 'install.js'), source);
}

/** Puts a program in front of all others, or makes it the only one. */
function fakePython(script: string, only = false): void {
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  for (const name of ['python3', 'python']) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  vi.stubEnv('PATH', only ? bin : `${bin}:${process.env['PATH']}`);
}

/** Every file below the cache folder, with its size. */
function listing(root: string): string[] {
  if (!existsSync(root)) return [];
  return readdirSync(root, { recursive: true, encoding: 'utf8' }).map((name) => {
    const path = join(root, name);
    return `${name} ${statSync(path).isFile() ? statSync(path).size : ''}`;
  });
}

describe('a wheel that is not the pinned one', () => {
  it('is refused with both checksums, and the cache and the package stay as they were', async () => {
    fakePython(
      '[ "$1 $2" = "-I -c" ] && exit 0\nwhile [ "$1" != --dest ]; do shift; done\nprintf corrupted > "$2/tf.whl"',
    );
    mkdirSync(join(cache, 'library-2.20.0-linux-x64'), { recursive: true });
    const before = [listing(cache), listing(copy)];
    const received = createHash('sha256').update('corrupted').digest('hex');
    await expect(install({ project })).rejects.toThrow(
      `install: the wheel of ${wheel!.project} ${wheel!.version} for ${wheel!.tag} must have sha256 ${wheel!.sha256}, ` +
        `got ${received}`,
    );
    expect([listing(cache), listing(copy)]).toEqual(before);
  });
});

describe('where something is missing', () => {
  it('no network: pip’s reason and the way that is not taken unasked are named', async () => {
    upstreamScript(`require('node:fs').writeFileSync(${JSON.stringify(join(folder, 'marker'))}, 'ran')`);
    fakePython('[ "$1 $2" = "-I -c" ] && exit 0\necho "ERROR: No matching distribution found" >&2\nexit 1');
    await expect(install({ project })).rejects.toThrow(
      /got ERROR: No matching distribution found; HEED_TENSORFLOW=upstream takes tfjs-node's own download instead/,
    );
    expect(existsSync(join(folder, 'marker'))).toBe(false);
  });

  it('no network, where upstream’s is asked for: pip’s reason and that of tfjs-node’s own download are both named', async () => {
    vi.stubEnv('HEED_TENSORFLOW', 'upstream');
    fakePython('[ "$1 $2" = "-I -c" ] && exit 0\necho "ERROR: No matching distribution found" >&2\nexit 1');
    await expect(install({ project })).rejects.toThrow(
      /pip must be able to download tensorflow(-cpu)?==.*, got ERROR: No matching distribution found; tfjs-node's own download must succeed, got Error: getaddrinfo ENOTFOUND/,
    );
    expect(listing(cache)).toEqual([]);
  });

  it('no Python: it is named with what was tried', async () => {
    vi.stubEnv('PATH', folder);
    await expect(install({ project })).rejects.toThrow(
      'the download needs Python 3.8 or later with pip, got python3: not found, python: not found',
    );
  });

  it('Python without pip: it is told from no Python', async () => {
    fakePython('exit 1', true);
    await expect(install({ project })).rejects.toThrow(
      'got python3: too old or without pip, python: too old or without',
    );
  });

  it('a cache that cannot be written: the folder and the way out are named', async () => {
    writeFileSync(join(folder, 'cache'), 'a file where the folder should be');
    await expect(install({ project })).rejects.toThrow(
      /the cache folder must be writable, got .*cache\/tensorflow \(.*\); HEED_CACHE names another/,
    );
  });

  it('a cache on a read-only file system: the same, at once', async () => {
    vi.stubEnv('HEED_CACHE', '/proc/heed'); // where not even root can make a folder, nor anybody where there is no /proc
    await expect(install({ project })).rejects.toThrow(
      /the cache folder must be writable, got \/proc\/heed\/tensorflow \(/,
    );
  });

  it('no tfjs-node: the package and the project are named', async () => {
    rmSync(copy, { recursive: true });
    await expect(install({ project })).rejects.toThrow(
      `install: @tensorflow/tfjs-node must be installed, got no such package in ${project}`,
    );
  });
});

describe('tfjs-node’s own download', () => {
  it('stands in where it is asked for and the wheel cannot be had, in a copy: the package’s own files stay as they were', async () => {
    vi.stubEnv('PATH', folder);
    vi.stubEnv('HEED_TENSORFLOW', 'upstream');
    upstreamScript(`
      const fs = require('node:fs');
      fs.mkdirSync('deps/lib', { recursive: true });
      fs.mkdirSync('lib/napi-v8', { recursive: true });
      fs.writeFileSync('lib/napi-v8/tfjs_binding.node', 'an addon');
      fs.writeFileSync('package.json', '{}');
    `);
    const manifest = readFileSync(join(copy, 'package.json'), 'utf8');
    const { outcome, message } = await install({ project });
    expect(outcome).toBe('upstream');
    expect(message).toContain('without compile(): the download needs Python 3.8');
    expect(readFileSync(join(copy, 'lib/napi-v8/tfjs_binding.node'), 'utf8')).toBe('an addon');
    expect(readFileSync(join(copy, 'package.json'), 'utf8')).toBe(manifest);
    expect(existsSync(join(copy, 'deps', 'lib'))).toBe(true);
  });
});

describe('HEED_TENSORFLOW=off', () => {
  it('skips everything', async () => {
    vi.stubEnv('HEED_TENSORFLOW', 'off');
    const before = listing(copy);
    const { outcome, message } = await install({ project });
    expect([outcome, message]).toEqual(['skipped', 'skipped: HEED_TENSORFLOW=off']);
    expect([listing(copy), listing(cache)]).toEqual([before, []]);
  });
});

describe('the command in a workspace’s own install', () => {
  it('says in one line what came of it and never fails', async () => {
    writeFileSync(join(folder, 'cache'), 'a file where the folder should be');
    const command = fileURLToPath(new URL('../command.ts', import.meta.url));
    const args = [
      '--conditions=@heed/source',
      '--import',
      import.meta.resolve('tsx'),
      command,
      'install',
      '--workspace',
    ];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: project });
    expect(stdout).toMatch(/^heed-tensorflow: native TensorFlow is not installed; .*WebAssembly.*\(.*writable.*\)\n$/);
    expect(stderr).toBe('');
  });
});

describe.runIf(hasLibrary)('with TensorFlow’s library in the cache', () => {
  it('builds the binding, links it, replaces an older download, and has nothing to do the second time', async () => {
    mkdirSync(cache, { recursive: true });
    symlinkSync(library!, join(cache, libraryName(wheel!)));
    mkdirSync(join(copy, 'deps', 'lib'), { recursive: true });
    writeFileSync(join(copy, 'deps', 'lib', 'libtensorflow.so.2.9.1'), 'an older download');
    const steps: string[] = [];
    const first = await install({ project, onProgress: ({ step }) => steps.push(step) });
    expect([first.outcome, steps, first.folders]).toEqual(['installed', ['build'], [copy]]);
    expect(readlinkSync(join(copy, 'deps'))).toBe(join(cache, libraryName(wheel!)));

    const load = `process.stdout.write(require(${JSON.stringify(join(copy, 'lib/napi-v8/tfjs_binding.node'))}).TF_Version)`;
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', load]);
    expect(stdout).toBe(wheel!.version);

    vi.stubEnv('PATH', folder); // no Python, no compiler: nothing is made again
    const second = await install({ project, workspace: true });
    expect(second.outcome).toBe('ready');
    expect(second.milliseconds).toBeLessThan(1000);
    expect((await install({ project })).outcome).toBe('ready'); // loads what there is

    const binding = readdirSync(cache).find((name) => name.startsWith('binding-'))!;
    writeFileSync(join(cache, binding, 'lib/napi-v8/tfjs_binding.node'), 'damaged');
    await expect(install({ project })).rejects.toThrow('the build needs a compiler'); // to make it anew
    expect(readdirSync(cache)).toEqual([libraryName(wheel!)]);
  }, 300_000); // compiles C++
});
