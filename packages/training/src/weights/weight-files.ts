import {
  printableText,
  requireNoLfsPointer,
  readSafetensors,
  writeSafetensors,
  type FloatFormat,
  type SafetensorsEntry,
  type SafetensorsFile,
} from '@heed/attention-core';
import type * as tf from '@tensorflow/tfjs';
import { describeFile, verifyFile, type FileDescription } from '../checkpoints/manifest.ts';
import type { FileSource, NamedFile } from '../folders/folder.ts';
import { parseShardIndex, type ShardIndex } from './shard-index.ts';

export interface WeightFilesOptions {
  /** Larger sets of weights are split into files of at most so many bytes of numbers. Default 2^30. */
  readonly maxShardBytes?: number;
  /** How float32 weights are stored. Default 'F32'. */
  readonly floats?: FloatFormat;
}

/** Several files, as the index of that name says. */
type Shards = ShardIndex & { readonly name: string };

const DEFAULT_SHARD_BYTES = 2 ** 30;

/**
 * Weights as safetensors files: `<stem>.safetensors`, or `<stem>-00001-of-00002.safetensors` … and, last, `<stem>.safetensors.index.json` (Hugging
 * Face's layout), whose metadata have the sums of the others.
 */
export async function* writeWeightFiles(
  stem: string,
  tensors: Readonly<Record<string, tf.Tensor>>,
  options: WeightFilesOptions = {},
): AsyncGenerator<NamedFile, void, undefined> {
  const { maxShardBytes = DEFAULT_SHARD_BYTES, floats = 'F32' } = options;
  if (!(maxShardBytes > 0)) throw new Error(`writeWeightFiles: maxShardBytes must be positive, got ${maxShardBytes}`);
  const shards = planShards(tensors, maxShardBytes, floats);
  const metadata = { format: 'pt' }; // transformers refuses a file without it
  if (shards.length === 1) {
    yield [`${stem}.safetensors`, await writeSafetensors(tensors, { metadata, floats })];
    return;
  }
  const weightMap: Record<string, string> = {};
  const files: Record<string, FileDescription> = {};
  for (const [i, shard] of shards.entries()) {
    const file = `${stem}-${counter(i + 1)}-of-${counter(shards.length)}.safetensors`;
    for (const name of Object.keys(shard)) weightMap[name] = file;
    const data = await writeSafetensors(shard, { metadata, floats });
    files[file] = await describeFile(data);
    yield [file, data];
  }
  const total = Object.values(tensors).reduce((sum, tensor) => sum + storedBytes(tensor, floats), 0);
  const index = { metadata: { total_size: total, files }, weight_map: weightMap };
  yield [`${stem}.safetensors.index.json`, new TextEncoder().encode(`${JSON.stringify(index, undefined, 2)}\n`)];
}

/** The weights in a folder, in one safetensors file or several, of which one is in memory at a time. */
export class WeightFiles {
  /** Dtype, shape and file of every weight. */
  readonly entries: ReadonlyMap<string, SafetensorsEntry & { readonly file: string }>;
  private readonly source: FileSource;
  private readonly shards: Shards | undefined;
  private opened: { readonly name: string; readonly file: SafetensorsFile } | undefined;

  private constructor(
    source: FileSource,
    shards: Shards | undefined,
    entries: WeightFiles['entries'],
    opened: { readonly name: string; readonly file: SafetensorsFile } | undefined,
  ) {
    this.source = source;
    this.shards = shards;
    this.entries = entries;
    this.opened = opened;
  }

  /**
   * Opens `<stem>.safetensors`, or the files that `<stem>.safetensors.index.json` names, and checks all of them.
   *
   * @throws if there are none, a file breaks the format, or the index does not agree with the files
   */
  static async open(source: FileSource, stem: string): Promise<WeightFiles> {
    const files = await source.list();
    const [single, index] = [`${stem}.safetensors`, `${stem}.safetensors.index.json`];
    const shards = files.includes(single)
      ? undefined
      : files.includes(index)
        ? { ...parseShardIndex(await source.read(index), `${index} in ${source.label}`), name: index }
        : missing(source, stem, files);
    const entries = new Map<string, SafetensorsEntry & { file: string }>();
    let opened: WeightFiles['opened'];
    for (const name of shards === undefined ? [single] : shards.files) {
      if (!files.includes(name))
        throw new Error(
          `loadWeights: every file of ${index} must be there, got none called ${printableText(name, { most: 100 })} in ${source.label}`,
        );
      opened = { name, file: await openFile(source, name, shards) };
      for (const [weight, entry] of opened.file.entries) {
        checkShard(shards, weight, name, source.label);
        entries.set(weight, { ...entry, file: name });
      }
    }
    for (const weight of shards?.weights.keys() ?? []) {
      if (!entries.has(weight))
        throw new Error(
          `loadWeights: ${shards!.weights.get(weight)} must hold "${printableText(weight, { most: 100 })}", as the index in ${source.label} says`,
        );
    }
    return new WeightFiles(source, shards, entries, opened);
  }

  /** Number of files. */
  get count(): number {
    return this.shards?.files.length ?? 1;
  }

  /** A weight, which the caller owns. It is quickest to take all weights of one file before those of the next. */
  async tensor(name: string): Promise<tf.Tensor> {
    const entry = this.entries.get(name);
    if (entry === undefined)
      throw new Error(`loadWeights: there must be a weight of that name, got "${name}" in ${this.source.label}`);
    if (this.opened?.name !== entry.file) {
      this.opened = undefined; // lets go of the last file before the next is read
      this.opened = { name: entry.file, file: await openFile(this.source, entry.file, this.shards) };
    }
    return this.opened.file.tensor(name);
  }
}

async function openFile(source: FileSource, name: string, shards: Shards | undefined): Promise<SafetensorsFile> {
  const bytes = await source.read(name);
  requireNoLfsPointer(`loadWeights: ${name} in ${source.label}`, bytes);
  const described = shards?.described.get(name);
  if (described !== undefined) {
    try {
      await verifyFile(name, bytes, described);
    } catch (error) {
      throw new Error(
        `loadWeights: the files of ${source.label} must be of one save, got ${name} of another than ${shards!.name}: ${(error as Error).message}`,
        { cause: error },
      );
    }
  }
  try {
    return readSafetensors(bytes);
  } catch (error) {
    throw new Error(
      `loadWeights: ${name} in ${source.label} must be a whole safetensors file: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

function checkShard(shards: Shards | undefined, weight: string, file: string, label: string): void {
  if (shards === undefined) return;
  const expected = shards.weights.get(weight);
  if (expected !== file) {
    throw new Error(
      `loadWeights: the index in ${label} must name the file of every weight, got ${expected ?? 'none'} for "${printableText(weight, { most: 100 })}" of ${file}`,
    );
  }
}

function missing(source: FileSource, stem: string, files: readonly string[]): never {
  const pickle = files.find((name) => /\.(bin|pt|pth|ckpt|pkl)$/.test(name));
  if (pickle !== undefined) {
    // The name is somebody else's: it is not pasted into a command.
    throw new Error(
      `loadWeights: weights must be safetensors, got ${printableText(pickle, { most: 100 })} in ${source.label}: a torch pickle can run any code when it is opened. Convert it where you trust it: ` +
        `python -c "import sys, torch, safetensors.torch as s; s.save_file({k: v.clone().contiguous() for k, v in torch.load(sys.argv[1], map_location='cpu', weights_only=True).items()}, '${stem}.safetensors', {'format': 'pt'})" followed by its path`,
    );
  }
  const shown = files.length === 0 ? 'no files' : printableText(files.slice(0, 10).join(', '), { most: 1000 });
  throw new Error(`loadWeights: there must be ${stem}.safetensors or its index in ${source.label}, got ${shown}`);
}

function planShards(
  tensors: Readonly<Record<string, tf.Tensor>>,
  maxShardBytes: number,
  floats: FloatFormat,
): ReadonlyArray<Record<string, tf.Tensor>> {
  const shards: Array<Record<string, tf.Tensor>> = [{}];
  let size = 0;
  for (const [name, tensor] of Object.entries(tensors)) {
    const bytes = storedBytes(tensor, floats);
    if (size > 0 && size + bytes > maxShardBytes) {
      shards.push({});
      size = 0;
    }
    shards.at(-1)![name] = tensor;
    size += bytes;
  }
  return shards;
}

function storedBytes({ size, dtype }: tf.Tensor, floats: FloatFormat): number {
  return size * (dtype === 'bool' ? 1 : dtype === 'float32' && floats !== 'F32' ? 2 : 4);
}

function counter(n: number): string {
  return String(n).padStart(5, '0');
}
