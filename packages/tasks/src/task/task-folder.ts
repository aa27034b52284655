import type { FloatFormat, Module } from '@heed/attention-core';
import {
  describeFile,
  loadPretrained,
  parseConfig,
  publishedWeights,
  readConfig,
  verifyFile,
  wholeFolder,
  withFloats,
  writeWeightFiles,
  writeWholeSet,
  type FileDescription,
  type FileSource,
  type Folder,
  type NamedFile,
  type NameMap,
} from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { classOf, formatOf } from './task-kind.ts';

/** What `save` writes of a task beside its config. */
export interface TaskFiles {
  /** What else is needed to make the parts again, as JSON: it becomes a field of `config.json`. */
  readonly state?: object;
  /** Further files, texts or bytes by name: a tokenizer. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** Published names of the weights, where Hugging Face has the model. Default: the paths of the model's fields. */
  readonly names?: NameMap;
  /** Further fields of `config.json`: what Hugging Face's libraries read of it. */
  readonly published?: Readonly<Record<string, unknown>>;
}

/** What `load` read of a folder, all but the weights. */
export interface SavedFiles {
  /** The folder; a file that is not of the same save is refused when it is read. */
  readonly source: FileSource;
  /** The task's config, to be checked by its schema. */
  readonly config: object;
  /** What `describe` gave as state. */
  readonly state: unknown;
  /** What `describe` gave as files, by name. */
  readonly files: Readonly<Record<string, Uint8Array>>;
  /** All of `config.json`. */
  readonly published: Readonly<Record<string, unknown>>;
}

const CONFIG_FILE = 'config.json';
const WEIGHTS = 'model';
const WEIGHT_FILE = /^model(-\d{5}-of-\d{5})?\.safetensors(\.index\.json)?$/;
/** Version of the format; a newer one is refused. */
const VERSION = 1;

const schema = z.object({
  config: z.record(z.string(), z.unknown()),
  state: z.unknown(),
  files: z.record(z.string(), z.object({ bytes: z.number().int().min(0), sha256: z.string().nullable() })),
});

/**
 * Writes a task: its files, its weights, and `config.json`, which has the sums of all others, as one whole: `readTaskFolder` reads the task of before
 * or this one, whenever it is interrupted. Weight files of an earlier save are removed.
 */
export async function writeTaskFolder(
  folder: Folder,
  name: string,
  config: object,
  model: Module,
  contents: TaskFiles,
  floats: FloatFormat,
): Promise<void> {
  await writeWholeSet(folder, taskFiles(name, config, model, contents, floats), (file) => WEIGHT_FILE.test(file));
}

async function* taskFiles(
  name: string,
  config: object,
  model: Module,
  { state = {}, files = {}, names, published = {} }: TaskFiles,
  floats: FloatFormat,
): AsyncGenerator<NamedFile> {
  const described: Record<string, FileDescription> = {};
  for (const [file, content] of Object.entries(files)) {
    const data = typeof content === 'string' ? new TextEncoder().encode(content) : content;
    described[file] = await describeFile(data);
    yield [file, data];
  }
  for await (const [file, data] of weightFiles(model, names, floats)) {
    described[file] = await describeFile(data);
    yield [file, data];
  }
  const saved = {
    ...withFloats(published, floats),
    format: formatOf(name),
    version: VERSION,
    config,
    state,
    files: described,
  };
  yield [CONFIG_FILE, new TextEncoder().encode(`${JSON.stringify(saved, undefined, 2)}\n`)];
}

/**
 * Reads what `writeTaskFolder` wrote, all but the weights.
 *
 * @throws if there is no config, it is another task's, a newer version's or none of a task, or a file is missing or not the one that was saved with it
 */
export async function readTaskFolder(name: string, where: FileSource): Promise<SavedFiles> {
  const folder = wholeFolder(where);
  const owner = `${name}.load`;
  const published = await readConfig(folder);
  requireFormat(owner, name, published, folder.label);
  const { config, state, files } = parseConfig(`${owner}: ${CONFIG_FILE} of ${folder.label}`, schema, published);
  const source = verified(owner, folder, files);
  const others = Object.keys(files).filter((file) => !WEIGHT_FILE.test(file));
  const read: Record<string, Uint8Array> = Object.create(null);
  for (const file of others) read[file] = await source.read(file);
  return { source, config, state, files: read, published };
}

/** Puts the saved weights into a model. @throws if they are not that model's; it is then as it was */
export async function fillModel(owner: string, source: FileSource, model: Module, names?: NameMap): Promise<void> {
  const own = { rules: model.namedParameters().map(({ name }) => ({ ours: name, theirs: name })) };
  try {
    await loadPretrained(source, model, names ?? own);
  } catch (error) {
    throw new Error(`${owner}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

async function* weightFiles(model: Module, names: NameMap | undefined, floats: FloatFormat): AsyncGenerator<NamedFile> {
  const tensors = names === undefined ? model.stateDict() : publishedWeights(model, names);
  try {
    yield* writeWeightFiles(WEIGHTS, tensors, { floats });
  } finally {
    if (names !== undefined) tf.dispose(tensors); // the others are the model's own
  }
}

function requireFormat(owner: string, name: string, found: Readonly<Record<string, unknown>>, label: string): void {
  const { format, version, model_type: type } = found;
  const expected = formatOf(name);
  if (typeof format !== 'string') {
    const what = typeof type === 'string' ? `a published ${type}, which fromPretrained opens` : 'no format';
    throw new Error(`${owner}: ${CONFIG_FILE} of ${label} must be of format ${expected}, got ${what}`);
  }
  if (format !== expected) {
    throw new Error(
      `${owner}: ${CONFIG_FILE} of ${label} must be of format ${expected}, got ${JSON.stringify(format)}, which ${classOf(format)}.load opens`,
    );
  }
  if (version !== VERSION) {
    throw new Error(
      `${owner}: version of ${CONFIG_FILE} of ${label} must be at most ${VERSION}, got ${JSON.stringify(version)}: a newer Heed wrote it`,
    );
  }
}

/** The files as they were saved together. */
function verified(owner: string, folder: FileSource, files: Readonly<Record<string, FileDescription>>): FileSource {
  return {
    label: folder.label,
    list: () => Promise.resolve([CONFIG_FILE, ...Object.keys(files)]),
    read: async (file) => {
      const data = await folder.read(file);
      if (file === CONFIG_FILE) return data;
      try {
        await verifyFile(file, data, files[file]);
      } catch (error) {
        throw new Error(
          `${owner}: the files of ${folder.label} must be of one save, got others than ${CONFIG_FILE} names: ${(error as Error).message}`,
          { cause: error },
        );
      }
      return data;
    },
  };
}
