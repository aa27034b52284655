import { describeFile, parseDescriptions, verifyFile, type FileDescription } from '../checkpoints/manifest.ts';
import type { FileSource, Folder, NamedFile } from './folder.ts';

const STAGING = '.saving';
const RECORD = `${STAGING}/set.json`;
const LOCK = 'saving';
const MOST_FILES = 10_000;

/** What a set consists of that is whole in the staging folder and takes its place file by file. */
interface PendingSet {
  readonly files: ReadonlyMap<string, FileDescription>;
  /** Files of the earlier set that have no place in it. */
  readonly stale: ReadonlySet<string>;
}

/**
 * Writes files that belong together as one whole: whatever moment it is interrupted at, `wholeFolder` reads the files that were there before or all
 * of these. They are written beside their places first, so there must be room for both sets; a record with their sums then makes them the folder's,
 * and they are renamed into place.
 *
 * @param isStale which files of the earlier set are removed where this one has none of that name
 * @throws if another process writes a set to the folder, a name comes twice, or a file cannot be written
 */
export async function writeWholeSet(
  folder: Folder,
  files: AsyncIterable<NamedFile>,
  isStale: (name: string) => boolean = () => false,
): Promise<void> {
  const release = await folder.lock?.(LOCK);
  try {
    await finishPending(folder);
    const described = new Map<string, FileDescription>();
    try {
      for await (const [name, data] of files) {
        if (described.has(name) || name.split('/')[0] === STAGING) {
          throw new Error(`writeWholeSet: the names of a set must differ, got "${name}" twice`);
        }
        await folder.write(`${STAGING}/${name}`, data);
        described.set(name, await describeFile(data));
      }
    } catch (error) {
      await discard(folder).catch(() => undefined);
      throw error;
    }
    const stale = (await folder.list()).filter((name) => !isStaged(name) && !described.has(name) && isStale(name));
    const record = { format: 'heed-save', version: 1, files: Object.fromEntries(described), stale };
    await folder.write(RECORD, new TextEncoder().encode(JSON.stringify(record, undefined, 2)));
    await finishPending(folder);
  } finally {
    await release?.();
  }
}

/** A source as it is once a save that was interrupted after its record has ended: nothing is written for that. */
export function wholeFolder(source: FileSource): FileSource {
  if (wholes.has(source)) return source;
  const whole: FileSource = {
    label: source.label,
    async list() {
      const files = await source.list();
      const pending = await readPending(source, files);
      if (pending === undefined) return files.filter((name) => !isStaged(name));
      const others = files.filter((name) => !isStaged(name) && !pending.stale.has(name));
      return [...new Set([...others, ...pending.files.keys()])].toSorted();
    },
    async read(name) {
      const files = await source.list();
      const pending = files.includes(RECORD) ? await readPending(source, files) : undefined;
      const expected = pending?.files.get(name);
      if (expected !== undefined) return readPendingFile(source, files, name, expected);
      if (pending?.stale.has(name)) throw new Error(`wholeFolder: ${name} is not of the set in ${source.label}`);
      return source.read(name);
    },
  };
  wholes.add(whole);
  return whole;
}

const wholes = new WeakSet<FileSource>();

function isStaged(name: string): boolean {
  return name.startsWith(`${STAGING}/`);
}

async function readPending(source: FileSource, files: readonly string[]): Promise<PendingSet | undefined> {
  if (!files.includes(RECORD)) return undefined;
  const owner = `wholeFolder: ${RECORD} in ${source.label}`;
  let record: { format?: unknown; version?: unknown; files?: unknown; stale?: unknown } | null;
  try {
    record = JSON.parse(new TextDecoder().decode(await source.read(RECORD))) as typeof record;
  } catch (error) {
    throw new Error(`${owner} must be JSON: ${(error as Error).message.slice(0, 80)}`, { cause: error });
  }
  const { format, version, files: described, stale } = record ?? {};
  if (format !== 'heed-save' || version !== 1 || !Array.isArray(stale)) {
    throw new Error(`${owner} must be a record of version 1, got version ${JSON.stringify(version)?.slice(0, 20)}`);
  }
  if (Object.keys(described ?? {}).length > MOST_FILES) {
    throw new Error(`${owner} must have at most ${MOST_FILES} files, got ${Object.keys(described ?? {}).length}`);
  }
  return { files: parseDescriptions(owner, described), stale: new Set(stale.map(String)) };
}

async function readPendingFile(
  source: FileSource,
  files: readonly string[],
  name: string,
  expected: FileDescription,
): Promise<Uint8Array> {
  const places = [`${STAGING}/${name}`, name].filter((place) => files.includes(place));
  let reason = 'got none';
  for (const place of places) {
    try {
      const data = await source.read(place);
      await verifyFile(place, data, expected);
      return data;
    } catch (error) {
      reason = (error as Error).message; // between list and read it may have been renamed into place
    }
  }
  throw new Error(
    `wholeFolder: the files of ${source.label} must be of one save, got ${name} of another than the others: ${reason}`,
  );
}

/** Ends a save that was interrupted: one with a record is completed, one without leaves nothing. */
async function finishPending(folder: Folder): Promise<void> {
  const files = await folder.list();
  const pending = await readPending(folder, files);
  if (pending === undefined) return discard(folder, files);
  const there = new Set(files);
  for (const name of pending.files.keys()) {
    if (there.has(`${STAGING}/${name}`)) await rename(folder, `${STAGING}/${name}`, name);
  }
  for (const name of pending.stale) await folder.remove(name);
  await folder.remove(RECORD);
}

async function discard(folder: Folder, files?: readonly string[]): Promise<void> {
  for (const name of files ?? (await folder.list())) if (isStaged(name)) await folder.remove(name);
}

async function rename(folder: Folder, from: string, to: string): Promise<void> {
  if (folder.rename !== undefined) return folder.rename(from, to);
  await folder.write(to, await folder.read(from));
  await folder.remove(from);
}
