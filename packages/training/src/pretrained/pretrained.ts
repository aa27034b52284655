import {
  printableText,
  requireNoLfsPointer,
  withWeightLimit,
  type Module,
  type SafetensorsDtype,
  type SafetensorsEntry,
} from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import type { FileSource, Folder, NamedFile } from '../folders/folder.ts';
import { openFolder } from '../folders/folder-opener.ts';
import { wholeFolder, writeWholeSet } from '../folders/whole-set.ts';
import { mapWeights, plainNames, type MappedWeight, type NameMap } from './name-map.ts';
import { WeightFiles, writeWeightFiles, type WeightFilesOptions } from '../weights/weight-files.ts';

const STEM = 'model';
const CONFIG_FILE = 'config.json';
const WEIGHT_FILES = /^model(-\d{5}-of-\d{5})?\.safetensors(\.index\.json)?$/;

export interface LoadPretrainedOptions {
  /** Weights of the model that may be missing and keep their values: a new head on a published body. */
  readonly optional?: readonly RegExp[];
}

export interface SavePretrainedOptions extends WeightFilesOptions {
  readonly model: Module;
  readonly names: NameMap;
  /** Becomes `config.json`. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Tokenizer and other files, texts or bytes by name. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
}

/** What loading did beside filling the model. */
export interface LoadedPretrained {
  /** Weights of the model that kept their values. */
  readonly missing: readonly string[];
  /** Weights of the files that were passed over. */
  readonly ignored: readonly string[];
}

/**
 * Fills a model with published weights: safetensors, in one file or several with an index. Weights in float16 and bfloat16 become float32.
 *
 * @throws if weights are missing, unexpected or of another shape (all of them are named), or not safetensors; the model is then as it was
 *
 * @example
 * ```ts
 * import { Linear, Module, Random } from '@heed/attention-core';
 * import { linearRules, loadPretrained, memoryFolder, savePretrained } from '@heed/training';
 *
 * class Classifier extends Module {
 *   readonly head = new Linear({ inputs: 4, outputs: 2, random: new Random(1) });
 * }
 * const names = { rules: linearRules('head', 'classifier') };
 * const folder = memoryFolder(); // or a path, or openPretrained('owner/name')
 * await savePretrained(folder, { model: new Classifier(), names, config: { model_type: 'mine' } });
 * await loadPretrained(folder, new Classifier(), names);
 * ```
 */
export async function loadPretrained(
  where: FileSource | string,
  model: Module,
  names: NameMap,
  options: LoadPretrainedOptions = {},
): Promise<LoadedPretrained> {
  const folder = wholeFolder(openFolder(where));
  const files = (typeof where === 'string' ? undefined : takeOpened(where)) ?? (await WeightFiles.open(folder, STEM));
  const variables = new Map(model.namedParameters().map(({ name, variable }) => [name, variable]));
  const mapped = mapWeights(names, [...variables.keys()]);
  const plain = plainNames(
    names,
    files.entries.keys(),
    mapped.map(({ theirs }) => theirs),
  );
  const absent = mapped.filter(({ theirs }) => !plain.has(theirs));
  const present = mapped.filter(({ theirs }) => plain.has(theirs));
  const excused = absent.filter(({ ours }) =>
    ours.every((name) =>
      [...(options.optional ?? []), ...(names.unused ?? [])].some((pattern) => name.search(pattern) >= 0),
    ),
  );
  const wanted = new Set(mapped.map(({ theirs }) => theirs));
  const unused = [...plain.keys()].filter((name) => !wanted.has(name));
  const ignored = unused.filter((name) => names.ignored?.some((pattern) => name.search(pattern) >= 0));
  report(folder.label, {
    missing: absent.filter((weight) => !excused.includes(weight)).map(({ theirs }) => theirs),
    'not expected': unused.filter((name) => !ignored.includes(name)),
    'of another shape or type': present.flatMap((weight) =>
      shapeProblem(weight, variables, files.entries.get(plain.get(weight.theirs)!)!),
    ),
  });
  const byFile = present.toSorted((a, b) =>
    compare(files.entries.get(plain.get(a.theirs)!)!.file, files.entries.get(plain.get(b.theirs)!)!.file),
  );
  // A file that is read anew can fail. What these share is freed as it is replaced, where all is in one file.
  const before =
    files.count > 1 ? [...variables.values()].map((variable) => [variable, tf.clone(variable)] as const) : [];
  try {
    for (const weight of byFile) {
      const theirs = await files.tensor(plain.get(weight.theirs)!);
      assignParts(weight, theirs, variables);
      theirs.dispose();
    }
  } catch (error) {
    for (const [variable, value] of before) variable.assign(value);
    throw error;
  } finally {
    tf.dispose(before.map(([, value]) => value));
  }
  return { missing: excused.flatMap(({ ours }) => ours), ignored };
}

/** More weights than a published model's files have: a new head on it, low-rank additions. */
const NEW_WEIGHTS = 2 ** 24;
const NEW_TENSORS = 1000;

/** Weight files that were opened for `makeFor`, until `loadPretrained` takes them. */
const openedFor = new WeakMap<FileSource, WeightFiles>();

/**
 * Makes the model whose weights `loadPretrained` then loads from the same source: one that a config makes larger than those weights is refused before
 * it takes memory. What is opened for that is not read again.
 *
 * @param make is run at once
 * @throws if there are no weights, or the model asks for more than they have, and room for a new head
 *
 * @example
 * ```ts
 * import { Linear, Random } from '@heed/attention-core';
 * import { loadPretrained, makeFor, memoryFolder, savePretrained } from '@heed/training';
 * const names = { rules: ['weight', 'bias'].map((name) => ({ ours: name, theirs: name })) };
 * const folder = memoryFolder();
 * const create = () => new Linear({ inputs: 4, outputs: 2, random: new Random(1) });
 * await savePretrained(folder, { model: create(), names, config: {} });
 * const model = await makeFor(folder, create);
 * await loadPretrained(folder, model, names);
 * ```
 */
export async function makeFor<T>(where: FileSource, make: () => T): Promise<T> {
  const files = await WeightFiles.open(wholeFolder(where), STEM);
  let numbers = 0;
  for (const { shape } of files.entries.values()) numbers += shape.reduce((product, length) => product * length, 1);
  let made: T;
  try {
    // Ours may hold apart what theirs share, and the reverse.
    made = withWeightLimit({ numbers: 2 * numbers + NEW_WEIGHTS, draws: 4 * files.entries.size + NEW_TENSORS }, make);
  } catch (error) {
    const reason = (error as Error).message;
    throw new Error(`makeFor: config.json in ${where.label} must be of the weights beside it: ${reason}`, {
      cause: error,
    });
  }
  openedFor.set(where, files);
  return made;
}

function takeOpened(where: FileSource): WeightFiles | undefined {
  const files = openedFor.get(where);
  openedFor.delete(where);
  return files;
}

/**
 * Saves a model as Hugging Face's libraries read it: `config.json`, safetensors under the published names (in several files with an index where
 * they are large), and further files, as one whole: a save that is interrupted leaves what was there before, or all of the new. Weight files of an
 * earlier save are removed.
 *
 * @throws if a weight has no rule in `names`, another process saves to the folder, or it cannot be written
 */
export async function savePretrained(where: Folder | string, options: SavePretrainedOptions): Promise<void> {
  const own = Object.keys(options.files ?? {}).find((name) => name === CONFIG_FILE || WEIGHT_FILES.test(name));
  if (own !== undefined) {
    throw new Error(`savePretrained: files must not be called as the config or the weights, got ${own}`);
  }
  await writeWholeSet(openFolder(where), pretrainedFiles(options), (name) => WEIGHT_FILES.test(name));
}

async function* pretrainedFiles(options: SavePretrainedOptions): AsyncGenerator<NamedFile, void, undefined> {
  const { model, names, config, files } = options;
  const tensors = publishedWeights(model, names);
  try {
    const text = `${JSON.stringify(withFloats(config, options.floats), undefined, 2)}\n`;
    for (const [name, content] of Object.entries({ [CONFIG_FILE]: text, ...files })) {
      yield [name, typeof content === 'string' ? new TextEncoder().encode(content) : content];
    }
    yield* writeWeightFiles(STEM, tensors, options);
  } finally {
    tf.dispose(tensors);
  }
}

/** A model's weights under their published names and in their layout. The caller owns the tensors. */
export function publishedWeights(model: Module, names: NameMap): Record<string, tf.Tensor> {
  const all = model.stateDict();
  const unused = (name: string) => names.unused?.some((pattern) => name.search(pattern) >= 0);
  const state = Object.fromEntries(Object.entries(all).filter(([name]) => !unused(name)));
  return tf.tidy(() =>
    Object.fromEntries(
      mapWeights(names, Object.keys(state)).map(({ theirs, ours, axes, axis }) => {
        const parts = ours.map((name) => (axes === undefined ? state[name] : tf.transpose(state[name], inverse(axes))));
        return [theirs, parts.length === 1 ? tf.clone(parts[0]) : tf.concat(parts, axis)];
      }),
    ),
  );
}

const DTYPES = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' } as const;

/** A `config.json` that names the type of its weights, as it was read, with the type that they are written in. */
export function withFloats(
  config: Readonly<Record<string, unknown>>,
  floats: keyof typeof DTYPES = 'F32',
): Readonly<Record<string, unknown>> {
  const named = ['dtype', 'torch_dtype'].filter((field) => Object.hasOwn(config, field));
  return { ...config, ...Object.fromEntries(named.map((field) => [field, DTYPES[floats]])) };
}

/** `config.json` as an object. @throws if it is absent or no JSON object */
export async function readConfig(where: FileSource | string): Promise<Record<string, unknown>> {
  const folder = wholeFolder(openFolder(where));
  const content = await folder.read(CONFIG_FILE);
  requireNoLfsPointer(`readConfig: ${CONFIG_FILE} in ${folder.label}`, content);
  const text = new TextDecoder().decode(content);
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch (error) {
    throw new Error(
      `readConfig: config.json in ${folder.label} must be JSON: ${printableText((error as Error).message, { most: 200 })}`,
      {
        cause: error,
      },
    );
  }
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw new Error(
      `readConfig: config.json in ${folder.label} must be an object, got ${printableText(text, { most: 60 })}`,
    );
  }
  return config as Record<string, unknown>;
}

type Variables = ReadonlyMap<string, tf.Variable>;

function assignParts({ ours, axes, axis }: MappedWeight, theirs: tf.Tensor, variables: Variables): void {
  tf.tidy(() => {
    const own = ours.map((name) => variables.get(name)!);
    const lengths = own.map((variable) => theirShape(variable.shape, axes)[axis]);
    const parts = own.length === 1 ? [theirs] : tf.split(theirs, lengths, axis);
    for (const [i, variable] of own.entries()) {
      variable.assign(axes === undefined ? tf.clone(parts[i]) : tf.transpose(parts[i], [...axes]));
    }
  });
}

function shapeProblem(
  { theirs, ours, axes, axis }: MappedWeight,
  variables: Variables,
  { shape: got, dtype }: SafetensorsEntry,
): string[] {
  const shapes = ours.map((name) => theirShape(variables.get(name)!.shape, axes));
  const needed = shapes[0].map((length, i) =>
    ours.length > 1 && i === axis ? shapes.reduce((sum, shape) => sum + shape[i], 0) : length,
  );
  const own = variables.get(ours[0])!.dtype;
  if (String(needed) === String(got) && own === tensorDtype(dtype)) return [];
  return [`${theirs} (needs ${own} [${needed.join(', ')}], got ${dtype} [${got.join(', ')}])`];
}

function tensorDtype(dtype: SafetensorsDtype): string {
  if (dtype === 'BOOL') return 'bool';
  return /^B?F/.test(dtype) ? 'float32' : 'int32';
}

function theirShape(ours: readonly number[], axes: readonly number[] | undefined): number[] {
  return axes === undefined ? [...ours] : inverse(axes).map((axis) => ours[axis]);
}

function inverse(axes: readonly number[]): number[] {
  return axes.map((_, axis) => axes.indexOf(axis));
}

function report(label: string, problems: Readonly<Record<string, readonly string[]>>): void {
  const told = Object.entries(problems).filter(([, names]) => names.length > 0);
  if (told.length === 0) return;
  const text = told.map(
    ([problem, names]) =>
      `${problem}: ${printableText(names.slice(0, 8).join(', '), { most: 2000 })}${names.length > 8 ? ` and ${names.length - 8} more` : ''}`,
  );
  throw new Error(`loadPretrained: the weights in ${label} must fit the model; ${text.join('; ')}`);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
