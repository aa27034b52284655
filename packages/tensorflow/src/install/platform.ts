import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** The TensorFlow release that `install()` sets up. */
export const tensorflowVersion = '2.21.0';

/** A wheel that holds TensorFlow's C library for one platform. */
export interface Wheel {
  /** The project's name on the Python package index. */
  readonly project: string;
  readonly version: string;
  /** The platform tag, as pip spells it. */
  readonly tag: string;
  readonly sha256: string;
  /** The size of the download, where it is known: for progress only. */
  readonly bytes?: number;
  /** The libraries inside: the one that the binding is linked with, and the one which that needs. */
  readonly libraries: readonly [string, string];
}

const linuxLibraries = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'] as const;

// Checksums as the index states them for these very files; a new version needs new ones.
const wheels: Readonly<Record<string, Wheel>> = {
  'linux-x64': {
    project: 'tensorflow-cpu',
    version: tensorflowVersion,
    tag: 'manylinux_2_27_x86_64',
    sha256: 'dcc8afd32930e42d5296b6ee19078b773706830af4ea97fbe503b9f5e0f820cb',
    bytes: 274_000_000,
    libraries: linuxLibraries,
  },
  'linux-arm64': {
    project: 'tensorflow',
    version: tensorflowVersion,
    tag: 'manylinux_2_27_aarch64',
    sha256: 'b07d15737406533898e36c7ef7944b1be18e9028dc521b9229952c537bbc5552',
    libraries: linuxLibraries,
  },
  'darwin-arm64': {
    project: 'tensorflow',
    version: tensorflowVersion,
    tag: 'macosx_12_0_arm64',
    sha256: '56ecd7d47429acbe1df2694d50b75bf9fc3995ac92cb367cd9af6c4780ead712',
    libraries: ['libtensorflow_cc.2.dylib', 'libtensorflow_framework.2.dylib'],
  },
};

/** This machine, as the folders in the cache name it: `linux-x64`. */
export const platform = `${process.platform}-${process.arch}`;

/** The wheel for this machine, or undefined where TensorFlow ships none with a C library. */
export function wheelForThisMachine(): Wheel | undefined {
  return wheels[platform];
}

/**
 * The folder that downloads and builds are kept in, shared by all projects of a user.
 * `HEED_CACHE` names another; else the platform's own place for caches is used (`XDG_CACHE_HOME` where it is set).
 */
export function cacheFolder(): string {
  const own = process.env['HEED_CACHE'];
  if (own) return join(resolve(own), 'tensorflow');
  return join(platformCacheFolder(), 'heed', 'tensorflow');
}

function platformCacheFolder(): string {
  const xdg = process.env['XDG_CACHE_HOME'];
  if (xdg) return xdg;
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches');
  if (process.platform === 'win32') return process.env['LOCALAPPDATA'] ?? join(homedir(), 'AppData', 'Local');
  return join(homedir(), '.cache');
}
