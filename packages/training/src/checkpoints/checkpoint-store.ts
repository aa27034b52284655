import type { FileSource, Folder, NamedFile } from './folder.ts';
import { describeFile, parseManifest, verifyFile, type Manifest } from './manifest.ts';

const MANIFEST = 'manifest.json';
const PATTERN = /^(step-\d{8,})\/(.+)$/;

/** A checkpoint whose files were all found to be as they were written. */
export interface StoredCheckpoint {
  readonly name: string;
  readonly step: number;
  readonly files: FileSource;
}

/**
 * Checkpoints in a folder, each a set of files in a subfolder `step-00000012`. One is whole only with its manifest, which is written
 * last and removed first.
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

  /** Names of the checkpoints that have a manifest, oldest first. */
  async names(): Promise<string[]> {
    const found = (await this.folder.list())
      .map((file) => PATTERN.exec(file))
      .filter((match) => match?.[2] === MANIFEST);
    return found.map((match) => match![1]).toSorted((a, b) => stepOf(a) - stepOf(b));
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
    const name = `step-${String(step).padStart(8, '0')}`;
    try {
      await this.write(name, step, best, files);
    } catch (error) {
      await this.discard(name).catch(() => undefined);
      throw error;
    }
    this.damaged.delete(name);
    await this.prune(name);
    return name;
  }

  private async write(name: string, step: number, best: boolean, files: AsyncIterable<NamedFile>): Promise<void> {
    await this.folder.remove(`${name}/${MANIFEST}`);
    const described: Record<string, Manifest['files'][string]> = {};
    for await (const [file, data] of files) {
      await this.folder.write(`${name}/${file}`, data);
      described[file] = await describeFile(data);
    }
    if (best) this.bestNames.add(name);
    const manifest: Manifest = {
      format: 'heed-checkpoint',
      version: 1,
      step,
      best: this.bestNames.has(name),
      files: described,
    };
    await this.folder.write(`${name}/${MANIFEST}`, new TextEncoder().encode(JSON.stringify(manifest, undefined, 2)));
  }

  /** Takes away what there is of a checkpoint without a manifest. */
  private async discard(name: string): Promise<void> {
    this.bestNames.delete(name);
    for (const file of await this.folder.list()) if (file.startsWith(`${name}/`)) await this.folder.remove(file);
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
    const whole = (await this.names()).filter((name) => !this.damaged.has(name));
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
  return Number(name.slice('step-'.length));
}
