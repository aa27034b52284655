import type { FileSource, Folder, NamedFile } from '../folders/folder.ts';
import { describeFile, parseManifest, verifyFile, type Manifest } from './manifest.ts';
import { OWN_FILES } from './own-files.ts';

const MANIFEST = OWN_FILES.manifest;
const PATTERN = /^(step-\d{8,}(?:-\d+)?)\/(.+)$/;

/** A checkpoint whose files were all found to be as they were written. */
export interface StoredCheckpoint {
  readonly name: string;
  readonly step: number;
  readonly files: FileSource;
}

/**
 * Checkpoints in a folder, each a set of files in a subfolder `step-00000012`; a later one of the same step, e.g. after its evaluation, is
 * `step-00000012-2` and replaces it once it is whole. One is whole only with its manifest, which is written last and removed first.
 */
export class CheckpointStore {
  /** Checkpoints that were found damaged, and why. They are removed when the next one is saved. */
  readonly damaged = new Map<string, string>();
  readonly label: string;
  private readonly folder: Folder;
  private readonly keepLast: number;
  private readonly keepBest: boolean;
  private readonly bestNames = new Set<string>();

  constructor(folder: Folder, options: { readonly keepLast: number; readonly keepBest: boolean }) {
    this.folder = folder;
    this.label = folder.label;
    this.keepLast = options.keepLast;
    this.keepBest = options.keepBest;
  }

  /** Keeps others out until what it gives is called. @throws if another run has the folder */
  async lock(): Promise<() => Promise<void>> {
    try {
      return (await this.folder.lock?.('training')) ?? (() => Promise.resolve());
    } catch (error) {
      const reason = (error as Error).message;
      throw new Error(`train: checkpoints of one run only may be in ${this.label}: ${reason}`, { cause: error });
    }
  }

  /** Names of the checkpoints that have a manifest, oldest first. */
  async names(): Promise<string[]> {
    const found = (await this.folder.list())
      .map((file) => PATTERN.exec(file))
      .filter((match) => match?.[2] === MANIFEST);
    return found.map((match) => match![1]).toSorted((a, b) => stepOf(a) - stepOf(b) || takeOf(a) - takeOf(b));
  }

  /**
   * The newest checkpoint that is whole; damaged ones are passed over and noted.
   *
   * @throws if there are checkpoints but none is whole
   */
  async newest(): Promise<StoredCheckpoint | undefined> {
    const names = await this.names();
    let newest: StoredCheckpoint | undefined;
    for (const name of names.toReversed()) {
      const read = await this.read(name, newest === undefined);
      newest ??= read;
    }
    if (newest === undefined && names.length > 0) {
      const reasons = [...this.damaged].map(([name, reason]) => `${name}: ${reason}`);
      throw new Error(`train: no checkpoint in ${this.folder.label} is whole; ${reasons.join('; ')}`);
    }
    return newest;
  }

  /**
   * Saves a checkpoint, then removes those that are not to be kept.
   *
   * @returns its name
   * @throws if a file cannot be written; what was written is removed, or a full disk would stay full
   */
  async save(step: number, best: boolean, files: AsyncIterable<NamedFile>): Promise<string> {
    const earlier = (await this.names()).filter((name) => stepOf(name) === step && !this.damaged.has(name)).at(-1);
    const name = `step-${String(step).padStart(8, '0')}${earlier === undefined ? '' : `-${takeOf(earlier) + 1}`}`;
    try {
      await this.write(name, step, best || (earlier !== undefined && this.bestNames.has(earlier)), files);
    } catch (error) {
      await this.discard(name).catch(() => undefined);
      throw error;
    }
    this.damaged.delete(name);
    await this.prune(name);
    return name;
  }

  /** Makes a checkpoint the best: one that is kept. */
  async markBest(name: string): Promise<void> {
    const manifest = parseManifest(await this.folder.read(`${name}/${MANIFEST}`));
    this.bestNames.add(name);
    await this.writeManifest(name, { ...manifest, best: true });
  }

  private async write(name: string, step: number, best: boolean, files: AsyncIterable<NamedFile>): Promise<void> {
    await this.discard(name); // what an interrupted write may have left
    const described: Record<string, Manifest['files'][string]> = {};
    for await (const [file, data] of files) {
      if (Object.hasOwn(described, file) || file === MANIFEST) {
        throw new Error(`train: the files of a checkpoint must have different names, got ${file} twice`);
      }
      await this.folder.write(`${name}/${file}`, data);
      described[file] = await describeFile(data);
    }
    if (best) this.bestNames.add(name);
    await this.writeManifest(name, { format: 'heed-checkpoint', version: 2, step, best, files: described });
  }

  private async writeManifest(name: string, manifest: Manifest): Promise<void> {
    await this.folder.write(`${name}/${MANIFEST}`, new TextEncoder().encode(JSON.stringify(manifest, undefined, 2)));
  }

  /** Takes away what there is of a checkpoint without a manifest. */
  private async discard(name: string): Promise<void> {
    this.bestNames.delete(name);
    // A link of that name would lead the write elsewhere.
    for (const file of await this.folder.list()) {
      if (file === name || file.startsWith(`${name}/`)) await this.folder.remove(file);
    }
  }

  private async read(name: string, whole: boolean): Promise<StoredCheckpoint | undefined> {
    try {
      const manifest = parseManifest(await this.folder.read(`${name}/${MANIFEST}`));
      if (manifest.best) this.bestNames.add(name);
      if (!whole) return undefined;
      for (const [file, expected] of Object.entries(manifest.files)) {
        await verifyFile(file, await this.folder.read(`${name}/${file}`), expected);
      }
      return { name, step: manifest.step, files: this.filesOf(name, manifest) };
    } catch (error) {
      this.damaged.set(name, (error as Error).message);
      return undefined;
    }
  }

  private filesOf(name: string, manifest: Manifest): FileSource {
    return {
      label: `checkpoint ${name} in ${this.label}`,
      list: () => Promise.resolve(Object.keys(manifest.files)),
      read: (file) => this.folder.read(`${name}/${file}`),
    };
  }

  private async prune(saved: string): Promise<void> {
    const found = (await this.names()).filter((name) => !this.damaged.has(name));
    const whole = found.filter((name, i) => i === found.length - 1 || stepOf(found[i + 1]) !== stepOf(name));
    const kept = new Set([saved, ...whole.slice(-this.keepLast)]);
    const best = whole.filter((name) => this.bestNames.has(name)).at(-1);
    if (this.keepBest && best !== undefined) kept.add(best);
    const stale = (await this.folder.list()).filter((file) => {
      const name = PATTERN.exec(file)?.[1];
      return name !== undefined && !kept.has(name);
    });
    // Manifests first: what is half removed must not look whole.
    const manifests = stale.filter((file) => file.endsWith(`/${MANIFEST}`));
    for (const file of new Set([...manifests, ...stale])) await this.folder.remove(file);
  }
}

function stepOf(name: string): number {
  return Number(name.split('-')[1]);
}

/** Which checkpoint of its step it is, counted from 1. */
function takeOf(name: string): number {
  return Number(name.split('-')[2] ?? 1);
}
