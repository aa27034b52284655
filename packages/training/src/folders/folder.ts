/**
 * Where weights, configs and checkpoints are kept. `@heed/node` has one over the file system, browsers one over OPFS; a
 * `memoryFolder()` serves tests.
 *
 * Names are relative, use `/`, and never contain `..`.
 */
export interface Folder {
  /** How messages call this folder, e.g. its path. */
  readonly label: string;
  /** @throws if there is no such file */
  read(name: string): Promise<Uint8Array>;
  /** Writes to a temporary name, then renames: a reader sees the old content or the new, never a part. Makes missing parents. */
  write(name: string, data: Uint8Array): Promise<void>;
  /** Names of all files below, in lexical order; an absent folder is an empty one. */
  list(): Promise<string[]>;
  /** Removes a file; removing an absent one is no error. */
  remove(name: string): Promise<void>;
  /** Gives a file another name, in one step; what has that name is replaced. Where it is absent, files are written anew under it. */
  rename?(from: string, to: string): Promise<void>;
  /**
   * Keeps others out until what it gives is called, or this process ends in whatever way. Where it is absent, nothing keeps two writers apart.
   *
   * @param name of letters, digits and `-`: what is to be done by one at a time
   * @throws at once, naming who has it, if another has it
   */
  lock?(name: string): Promise<() => Promise<void>>;
}

/** What can be read of a folder. */
export type FileSource = Pick<Folder, 'label' | 'read' | 'list'>;

/** One of several files that are made and written one by one, so that only one is in memory. */
export type NamedFile = readonly [name: string, data: Uint8Array];
