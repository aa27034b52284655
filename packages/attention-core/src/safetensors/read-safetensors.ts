import * as tf from '@tensorflow/tfjs';
import { nativeOp } from '../kernels/native-ops.ts';
import { DTYPES, type HostData } from './dtypes.ts';
import { requireNoLfsPointer } from './lfs-pointer.ts';
import { parseSafetensorsHeader, type SafetensorsEntry } from './header.ts';

/** A safetensors file, of which single tensors are taken as they are needed. */
export class SafetensorsFile {
  readonly metadata: Readonly<Record<string, string>>;
  /** Dtype, shape and place of every tensor, by name. */
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  private readonly bytes: Uint8Array;

  /** @throws if the file breaks a rule of the format; the message names the rule and the value */
  constructor(bytes: Uint8Array) {
    requireNoLfsPointer('safetensors:', bytes);
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
    const floats = this.floatsInPlace(name);
    if (floats !== undefined && tf.getBackend() === 'wasm')
      return tf.tensor(floats, [...this.entries.get(name)!.shape]);
    if (floats !== undefined && tf.getBackend() === 'tensorflow') {
      // tfjs copies numbers into a native tensor when an op first reads them; until then it would keep the file alive
      return tf.tidy(() => nativeOp('Identity', [tf.tensor(floats, [...this.entries.get(name)!.shape])])[0]);
    }
    const data = this.data(name);
    const { dtype, shape } = this.entries.get(name)!;
    return tf.tensor(data, [...shape], DTYPES[dtype].tensor);
  }

  /** The numbers where the file has them, for backends that copy them; `undefined` where they are not float32, or not at a multiple of four bytes. */
  private floatsInPlace(name: string): Float32Array | undefined {
    const entry = this.entries.get(name);
    if (entry?.dtype !== 'F32' || entry.begin === entry.end) return undefined;
    const offset = this.bytes.byteOffset + entry.begin;
    if (offset % 4 !== 0) return undefined;
    return new Float32Array(this.bytes.buffer, offset, (entry.end - entry.begin) / 4);
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
