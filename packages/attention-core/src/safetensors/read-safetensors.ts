import * as tf from '@tensorflow/tfjs';
import { DTYPES, type HostData } from './dtypes.ts';
import { parseSafetensorsHeader, type SafetensorsEntry } from './header.ts';

/** A safetensors file, of which single tensors are taken as they are needed. */
export class SafetensorsFile {
  readonly metadata: Readonly<Record<string, string>>;
  /** Dtype, shape and place of every tensor, by name. */
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  private readonly bytes: Uint8Array;

  /** @throws if the file breaks a rule of the format; the message names the rule and the value */
  constructor(bytes: Uint8Array) {
    const { metadata, entries } = parseSafetensorsHeader(bytes, bytes.length);
    this.metadata = metadata;
    this.entries = entries;
    this.bytes = bytes;
  }

  /** The tensor's numbers, row-major, in memory of their own. @throws if there is no such tensor, or an integer needs more than 32 bits */
  data(name: string): HostData {
    const entry = this.entries.get(name);
    if (entry === undefined) throw new Error(`SafetensorsFile: there must be a tensor of that name, got "${name}"`);
    return DTYPES[entry.dtype].decode(this.bytes.subarray(entry.begin, entry.end), name);
  }

  /** The tensor, which the caller owns: floats of any width as float32, integers as int32, BOOL as bool. @throws as `data` */
  tensor(name: string): tf.Tensor {
    const data = this.data(name);
    const { dtype, shape } = this.entries.get(name)!;
    return tf.tensor(data, [...shape], DTYPES[dtype].tensor);
  }

  /** All tensors by name; the caller owns them. @throws as `data` */
  tensors(): Record<string, tf.Tensor> {
    const read: Array<[string, tf.Tensor]> = [];
    try {
      for (const name of this.entries.keys()) read.push([name, this.tensor(name)]);
    } catch (error) {
      for (const [, tensor] of read) tensor.dispose();
      throw error;
    }
    return Object.fromEntries(read);
  }
}

/**
 * Opens a [safetensors](https://github.com/huggingface/safetensors) file. The whole table of contents is checked here; a tensor's numbers
 * are converted when it is taken. A tensor takes at most four bytes of memory for each byte in the file (U8 as int32).
 *
 * @throws if the file is truncated or breaks a rule of the format; the message names the rule and the value
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { readSafetensors, writeSafetensors } from '@heed/attention-core';
 * const bytes = await writeSafetensors({ 'embeddings.weight': tf.ones([3, 2]) }); // or of a file, or of a response
 * const file = readSafetensors(bytes);
 * file.entries.get('embeddings.weight')?.shape; // [3, 2]
 * const weight = file.tensor('embeddings.weight');
 * ```
 */
export function readSafetensors(bytes: Uint8Array): SafetensorsFile {
  return new SafetensorsFile(bytes);
}
