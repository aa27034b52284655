import type { FileSource } from '../folders/folder.ts';
import { openFolder } from '../folders/folder-opener.ts';
import { wholeFolder } from '../folders/whole-set.ts';
import { retryWhileBusy } from './retry-while-busy.ts';

export interface HubOptions {
  /** Branch, tag or commit. Default 'main'. */
  readonly revision?: string;
  readonly signal?: AbortSignal;
}

/** Makes a hub's repository look like a folder: downloads, caches. */
export type HubLoader = (id: string, options: HubOptions) => Promise<FileSource>;

export interface FetchHubOptions extends HubOptions {
  /** Default 'https://huggingface.co'. */
  readonly endpoint?: string;
  /** Default: the platform's. */
  readonly fetch?: typeof globalThis.fetch;
}

let loader: HubLoader = (id, options) => fetchHub(id, options);

/** Makes `openPretrained` use `load` for hub ids; `undefined` makes it fetch, without a cache of its own. */
export function registerHubLoader(load: HubLoader | undefined): void {
  loader = load ?? ((id, options) => fetchHub(id, options));
}

/**
 * Where published weights are: a folder, a path, or a hub id such as `bert-base-uncased` or `sentence-transformers/all-MiniLM-L6-v2`. A text that
 * could be both is a path if something is there.
 *
 * @throws if it is no path and the hub has no such repository or cannot be reached
 */
export async function openPretrained(where: FileSource | string, options: HubOptions = {}): Promise<FileSource> {
  if (typeof where !== 'string' || !isHubId(where)) return wholeFolder(openFolder(where));
  return (await localFolder(where)) ?? loader(where, options);
}

/**
 * The files of a hub's repository, read over https. All files are of one commit, whatever is pushed meanwhile.
 *
 * @throws if the repository does not exist, or the hub cannot be reached
 */
export async function fetchHub(id: string, options: FetchHubOptions = {}): Promise<FileSource> {
  const { revision = 'main', signal, fetch: get = globalThis.fetch } = options;
  const endpoint = (options.endpoint ?? 'https://huggingface.co').replace(/\/+$/, '');
  if (!isHubId(id)) throw new Error(`fetchHub: a hub id must be "name" or "owner/name", got "${id}"`);
  const init = signal === undefined ? {} : { signal };
  const path = (text: string) => text.split('/').map(encodeURIComponent).join('/');
  const load = async (url: string): Promise<Response> => {
    let response: Response;
    try {
      response = await retryWhileBusy(() => get(url, init), signal);
    } catch (error) {
      signal?.throwIfAborted();
      throw new Error(`fetchHub: ${url} must be within reach: ${(error as Error).message}`, { cause: error });
    }
    if (!response.ok) throw new Error(`fetchHub: ${url} must be there and open to all, got status ${response.status}`);
    return response;
  };
  const info = await load(`${endpoint}/api/models/${path(id)}/revision/${encodeURIComponent(revision)}`);
  const { sha, files } = parseInfo(await info.text(), id);
  return {
    label: `${id}@${sha.slice(0, 8)}`,
    list: () => Promise.resolve([...files]),
    async read(name) {
      if (!files.includes(name)) throw new Error(`fetchHub: ${id} must have the file, got "${name}"`);
      return new Uint8Array(await (await load(`${endpoint}/${path(id)}/resolve/${sha}/${path(name)}`)).arrayBuffer());
    },
  };
}

/** Whether a text may be a hub id: one or two plain parts, the first not beginning with a dot. */
function isHubId(text: string): boolean {
  return /^[A-Za-z0-9][\w.-]*(\/[A-Za-z0-9][\w.-]*)?$/.test(text);
}

async function localFolder(path: string): Promise<FileSource | undefined> {
  let folder: FileSource;
  try {
    folder = wholeFolder(openFolder(path));
  } catch {
    return undefined; // nothing here understands paths: a browser
  }
  return (await folder.list()).length > 0 ? folder : undefined;
}

function parseInfo(text: string, id: string): { sha: string; files: readonly string[] } {
  const info = JSON.parse(text) as { sha?: unknown; siblings?: unknown };
  const siblings = Array.isArray(info.siblings) ? (info.siblings as Array<{ rfilename?: unknown }>) : [];
  const files = siblings.map(({ rfilename }) => rfilename).filter((name) => typeof name === 'string');
  if (typeof info.sha !== 'string' || !/^[0-9a-f]{40}$/.test(info.sha)) {
    throw new Error(`fetchHub: the hub must tell the commit of ${id}, got ${JSON.stringify(info.sha)}`);
  }
  return { sha: info.sha, files: files.toSorted() };
}
