import { printableText } from '@heed/attention-core';
import type { FileSource, HubOptions } from '@heed/training';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isSafeAddress, limitedBody, STALL_SECONDS, within, type BodyLimits } from '../data/limited-body.ts';
import { request } from '../data/request.ts';
import { cacheFolder } from '../files/cache-folder.ts';
import { errorCode } from '../files/error-code.ts';
import { isRelativeName } from '../files/relative-name.ts';
import { removeTemporaries, writeAtomically } from '../files/write-atomically.ts';

export interface HubFolderOptions extends HubOptions {
  /** Default: the environment's `HF_ENDPOINT`, as in Python, else 'https://huggingface.co'. */
  readonly endpoint?: string;
  /**
   * For what is not open to all. Default: the environment's `HF_TOKEN`, for the hub that the environment or this default names; no other host, and
   * none that a hub redirects to, is sent a token.
   */
  readonly token?: string;
  /** Seconds without a byte after which the hub is given up. Default 60. */
  readonly stallSeconds?: number;
}

/** One file of a commit, and the sum that the hub gives for it. */
interface HubFile {
  readonly name: string;
  /** Bytes of the content. */
  readonly size?: number;
  /** Of the content, for files in large-file storage. */
  readonly sha256?: string;
  /** Git's sum of the others: SHA-1 of `blob <bytes>\0` and the content. */
  readonly blob?: string;
}

/**
 * The files of a Hugging Face repository, each downloaded when it is first read, and kept outside of the project (`HEED_CACHE`, else the platform's
 * cache folder) by commit. What the cache has is taken from there: no connection is needed, and a branch stays at the commit at which it was first
 * opened, until its folder is removed from the cache. `revision` pins a commit or a tag.
 *
 * Every file is checked against the hub's sum, after downloading and whenever it is read; files appear in the cache whole or not at all. Where the
 * cache cannot be written, files are downloaded each time. `startBackend()` registers this for hub ids: `fromPretrained('owner/name')`.
 *
 * `@huggingface/hub` is not used: its cache checks no sums, asks the hub about a branch even when all is there, writes every process's download
 * under one temporary name, and prints; it brings 5 MB with a second protocol.
 *
 * @throws if the repository or revision does not exist, the hub cannot be reached and the cache does not have it, or a file is not what the hub says
 *
 * @example
 * ```ts
 * import { hubFolder } from '@heed/node';
 * async function readConfig(): Promise<string> {
 *   const folder = await hubFolder('sentence-transformers/all-MiniLM-L6-v2', { revision: 'main' });
 *   return new TextDecoder().decode(await folder.read('config.json'));
 * }
 * ```
 */
export async function hubFolder(id: string, options: HubFolderOptions = {}): Promise<FileSource> {
  const { revision = 'main', signal, stallSeconds = STALL_SECONDS } = options;
  const configured = (process.env.HF_ENDPOINT || HUGGING_FACE).replace(/\/+$/, '');
  const endpoint = options.endpoint?.replace(/\/+$/, '') ?? configured;
  const token = options.token ?? (endpoint === configured ? process.env.HF_TOKEN?.trim() || undefined : undefined);
  if (!/^[A-Za-z0-9][\w.-]*(\/[A-Za-z0-9][\w.-]*)?$/.test(id)) {
    throw new Error(`hubFolder: a hub id must be "name" or "owner/name", got "${printableText(id, { most: 100 })}"`);
  }
  if (!isSafeAddress(endpoint)) throw new Error(`hubFolder: the endpoint must begin with https:, got ${endpoint}`);
  const home = (...parts: string[]) => cacheFolder('hub', ...repositoryFolder(endpoint, id), ...parts);
  const pinned = /^[0-9a-f]{40}$/.test(revision) ? revision : undefined;
  const reference = home('refs', `${encodeURIComponent(revision)}.json`);

  const known = pinned ?? (await readCached(reference, isCommit));
  let commit = known;
  let files = known === undefined ? undefined : await readCached(home('commits', `${known}.json`), isFileList);
  if (commit === undefined || files === undefined) {
    const asked = known ?? revision;
    const url = `${endpoint}/api/models/${id}/revision/${encodeURIComponent(asked)}?blobs=true`;
    ({ commit, files } = parseInfo(id, await ask(url, { signal, token, bytes: MOST_INFO, stallSeconds })));
    if (pinned !== undefined && commit !== pinned) {
      throw new Error(`hubFolder: the hub must give commit ${pinned} of ${id}, got ${commit}`);
    }
    await keep(home('commits', `${commit}.json`), JSON.stringify(files));
    if (pinned === undefined) await keep(reference, JSON.stringify(commit));
  }
  return openCommit({ id, endpoint, commit, files, home, signal, token, stallSeconds });
}

/** Bytes of what a hub tells of a commit, and of a file of which it tells no size. */
const MOST_INFO = 2 ** 26;
const MOST_FILE = 2 ** 33;
const HUGGING_FACE = 'https://huggingface.co';

/** Where a repository is kept: another for each hub and each id. What is percent-encoded holds no `/`. */
function repositoryFolder(endpoint: string, id: string): readonly string[] {
  const hub = endpoint === HUGGING_FACE ? [] : [`at-${encodeURIComponent(endpoint).replaceAll('*', '%2A')}`];
  return [...hub, encodeURIComponent(id)];
}

interface Commit {
  readonly id: string;
  readonly endpoint: string;
  readonly commit: string;
  readonly files: readonly HubFile[];
  readonly home: (...parts: string[]) => string;
  readonly signal: AbortSignal | undefined;
  readonly token: string | undefined;
  readonly stallSeconds: number;
}

function openCommit({ id, endpoint, commit, files, home, signal, token, stallSeconds }: Commit): FileSource {
  return {
    label: `${id}@${commit.slice(0, 8)}`,
    list: () => Promise.resolve(files.map(({ name }) => name)),
    async read(name) {
      const file = files.find((candidate) => candidate.name === name);
      if (file === undefined) throw new Error(`hubFolder: ${id} must have the file, got "${name}"`);
      const path = home('files', commit, ...name.split('/'));
      const cached = await readFile(path).catch(() => undefined);
      if (cached !== undefined && wrongSum(file, cached) === undefined) return plain(cached);
      if (file.sha256 === undefined && file.blob === undefined && file.size === undefined) {
        throw new Error(`hubFolder: the hub must tell a sum or a size of every file, got none of ${name} of ${id}`);
      }
      const url = `${endpoint}/${id}/resolve/${commit}/${name.split('/').map(encodeURIComponent).join('/')}`;
      const content = await ask(url, { signal, token, bytes: file.size ?? MOST_FILE, stallSeconds });
      const wrong = wrongSum(file, content);
      if (wrong !== undefined) throw new Error(`hubFolder: ${name} of ${id} ${wrong}; it was not kept`);
      await keep(path, content);
      return plain(content);
    },
  };
}

/** The rule that a content breaks, if it does. */
function wrongSum({ size, sha256, blob }: HubFile, content: Uint8Array): string | undefined {
  if (sha256 !== undefined) {
    const sum = createHash('sha256').update(content).digest('hex');
    return sum === sha256 ? undefined : `must have sha256 ${sha256}, got ${content.length} bytes with ${sum}`;
  }
  if (blob === undefined) {
    return size === undefined || content.length === size ? undefined : `must have ${size} bytes, got ${content.length}`;
  }
  const sum = createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
  return sum === blob ? undefined : `must be git's blob ${blob}, got ${content.length} bytes that are ${sum}`;
}

/** What a GET answers, whole. */
async function ask(url: string, options: Pick<Commit, 'signal' | 'token'> & Required<BodyLimits>): Promise<Uint8Array> {
  const { signal, token, stallSeconds } = options;
  let response: Awaited<ReturnType<typeof request>>;
  try {
    response = await within(stallSeconds, request(url, { signal, token }));
    if (response.ok) return await whole(response, options);
  } catch (error) {
    signal?.throwIfAborted();
    const reason = errorCode((error as Error).cause) ?? errorCode(error) ?? (error as Error).message;
    throw new Error(`hubFolder: ${url} must be within reach, or in the cache, got ${reason}`, { cause: error });
  }
  await response.body?.cancel();
  const closed = response.status === 401 || response.status === 403;
  const hint = closed && token === undefined ? '; HF_TOKEN names a token for what is not' : '';
  throw new Error(`hubFolder: ${url} must be there and open to all, got status ${response.status}${hint}`);
}

async function whole({ body }: Pick<Response, 'body'>, limits: BodyLimits): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  if (body !== null) for await (const chunk of limitedBody(body, limits)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Keeps what can be had again: where the cache cannot be written, it is had again each time. */
async function keep(path: string, content: Uint8Array | string): Promise<void> {
  await removeTemporaries(dirname(path), false).catch(() => undefined);
  await writeAtomically(path, content, 'hubFolder').catch(() => undefined);
}

/** What the cache holds, unless it is absent or damaged. */
async function readCached<T>(path: string, fits: (value: unknown) => value is T): Promise<T | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    return fits(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isCommit(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{40}$/.test(value);
}

function isFileList(value: unknown): value is HubFile[] {
  const fits = ({ name, size, sha256, blob }: Partial<Record<keyof HubFile, unknown>>) =>
    isHubName(name) &&
    (size === undefined || Number.isSafeInteger(size)) &&
    [sha256, blob].every((sum) => sum === undefined || typeof sum === 'string');
  return Array.isArray(value) && value.every((file: object | null) => file !== null && fits(file));
}

/** A hub's file must not leave the cache's folder. */
function isHubName(name: unknown): name is string {
  return typeof name === 'string' && isRelativeName(name);
}

/** What is read of the hub's answer about a commit. */
interface RepositoryInfo {
  readonly sha: unknown;
  readonly siblings: readonly {
    readonly rfilename?: unknown;
    readonly size?: unknown;
    readonly blobId?: string;
    readonly lfs?: { readonly sha256?: string };
  }[];
}

function parseInfo(id: string, answer: Uint8Array): { commit: string; files: HubFile[] } {
  const text = new TextDecoder().decode(answer);
  let info: Partial<RepositoryInfo> | null;
  try {
    info = JSON.parse(text) as Partial<RepositoryInfo> | null;
  } catch {
    info = null;
  }
  if (!isCommit(info?.sha) || !Array.isArray(info?.siblings)) {
    throw new Error(`hubFolder: the hub must tell commit and files of ${id}, got ${printableText(text, { most: 60 })}`);
  }
  const files = info.siblings.map(
    ({ rfilename: name, size: bytes, blobId, lfs }: RepositoryInfo['siblings'][number]): HubFile => {
      if (!isHubName(name)) {
        throw new Error(
          `hubFolder: names must be relative and without '..', got ${printableText(JSON.stringify(name), { most: 100 })} in ${id}`,
        );
      }
      // the blob of a file in large-file storage is its pointer
      const size = Number.isSafeInteger(bytes) ? { size: bytes as number } : {};
      if (lfs?.sha256 !== undefined) return { name, ...size, sha256: lfs.sha256 };
      return { name, ...size, ...(blobId !== undefined && { blob: blobId }) };
    },
  );
  return { commit: info.sha, files: files.toSorted((a, b) => (a.name < b.name ? -1 : 1)) };
}

/** Without node's Buffer, whose slice() shares memory. */
function plain(content: Uint8Array): Uint8Array {
  return new Uint8Array(content.buffer, content.byteOffset, content.byteLength);
}
