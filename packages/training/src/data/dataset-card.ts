/**
 * What a dataset is and where its files come from. Domain packages declare cards beside their parsers; `fetchData(card)` of
 * `@heed/node` gets the files, and a browser app fetches the `url`s itself.
 *
 * @example
 * ```ts
 * import type { DatasetCard } from '@heed/training';
 * export const tinyShakespeare: DatasetCard = {
 *   name: 'tiny-shakespeare',
 *   licence: 'public domain',
 *   source: 'Karpathy, char-rnn, commit 6f9487a',
 *   files: [
 *     {
 *       name: 'input.txt',
 *       bytes: 1115394,
 *       sha256: '86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed',
 *       url: 'https://raw.githubusercontent.com/karpathy/char-rnn/6f9487a/data/tinyshakespeare/input.txt',
 *       mirror: 'tinyshakespeare/input.txt',
 *     },
 *   ],
 *   statistics: { characters: 1115394 },
 * };
 * ```
 */
export interface DatasetCard {
  /** Kebab-case; also the name of its folder in the cache. */
  readonly name: string;
  /** SPDX identifier or the licence's name; where use is restricted, the restriction. */
  readonly licence: string;
  /** Who published it, and which version. */
  readonly source?: string;
  /** The paper or page that describes it. */
  readonly reference?: string;
  readonly files: readonly DatasetFile[];
  /** How examples are divided, in words and numbers. */
  readonly splits?: Readonly<Record<string, number | string>>;
  /** What a reader wants to know before using it: numbers of examples, classes, lengths. */
  readonly statistics?: Readonly<Record<string, number | string>>;
}

/** One file of a dataset. At least one of `url`, `package` and `mirror` says where it comes from. */
export interface DatasetFile {
  /** Under this name it is kept and read; relative, with `/`. */
  readonly name: string;
  /** Of the file's content, 64 hexadecimal digits. */
  readonly sha256: string;
  readonly bytes: number;
  /** The canonical source. */
  readonly url?: string;
  /** Where the file is in a local mirror folder (`HEED_DATA`). */
  readonly mirror?: string;
  /** A package that carries the same file, byte for byte. */
  readonly package?: PackageFile;
}

/**
 * A file inside a package of a public registry, or the package's archive itself, reached through the registry's own client; with apt also a file
 * that belongs to no package, from the system's mirror of an archive.
 */
export interface PackageFile {
  readonly registry: 'npm' | 'pypi' | 'apt';
  readonly name: string;
  /** Exact version. For apt, absent means whichever the system offers. */
  readonly version?: string;
  /**
   * Path inside the package: npm below the package's root, PyPI below the archive's root folder, apt absolute. Absent, the file is the archive
   * as npm or PyPI has it: for data of thousands of files. For apt, a relative one is a path below the mirror's root (`dists/…`), and `name` the
   * label of its archive, e.g. `Debian`.
   */
  readonly path?: string;
  /** PyPI only: which archive carries the file. Default `wheel`. */
  readonly archive?: 'wheel' | 'sdist';
  /** Of the archive itself, 64 hexadecimal digits; an `sdist` must have it: it is opened only then. */
  readonly sha256?: string;
}
