import type * as tf from '@tensorflow/tfjs';
import { DTYPES, encode, type FloatFormat, type HostData, type SafetensorsDtype } from './dtypes.ts';

export interface WriteSafetensorsOptions {
  /** Texts to keep beside the tensors. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** How float32 tensors are stored; F16 and BF16 round to nearest. Default 'F32'. */
  readonly floats?: FloatFormat;
}

const HEADER_ALIGNMENT = 8;

interface Piece {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/**
 * Tensors as a safetensors file. float32 is stored as F32 (or as the option says), int32 as I32, bool as BOOL.
 *
 * @throws if a tensor is complex or holds strings, or is called `__metadata__`
 *
 * @example
 * ```ts
 * import { Linear, Random, writeSafetensors } from '@heed/attention-core';
 * const model = new Linear({ inputs: 4, outputs: 2, random: new Random(7) });
 * const bytes = await writeSafetensors(model.stateDict(), { metadata: { format: 'pt' } });
 * ```
 */
export async function writeSafetensors(
  tensors: Readonly<Record<string, tf.Tensor>>,
  options: WriteSafetensorsOptions = {},
): Promise<Uint8Array> {
  const pieces: Piece[] = [];
  for (const [name, tensor] of Object.entries(tensors)) {
    const dtype = dtypeOf(name, tensor, options.floats ?? 'F32');
    pieces.push({ name, dtype, shape: tensor.shape, bytes: encode((await tensor.data()) as HostData, dtype) });
  }
  // Wide types first, as the reference implementation does, so that every tensor is aligned in the file.
  pieces.sort((a, b) => DTYPES[b.dtype].bytes - DTYPES[a.dtype].bytes || (a.name < b.name ? -1 : 1));
  return assemble(pieces, options.metadata);
}

function assemble(pieces: readonly Piece[], metadata: Readonly<Record<string, string>> | undefined): Uint8Array {
  const table = new Map<string, unknown>();
  if (metadata !== undefined) table.set('__metadata__', metadata);
  let position = 0;
  for (const { name, dtype, shape, bytes } of pieces) {
    table.set(name, { dtype, shape, data_offsets: [position, (position += bytes.length)] });
  }
  const header = new TextEncoder().encode(JSON.stringify(Object.fromEntries(table)));
  const headerLength = Math.ceil(header.length / HEADER_ALIGNMENT) * HEADER_ALIGNMENT;
  const file = new Uint8Array(8 + headerLength + position);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerLength), true);
  file.fill(0x20, 8 + header.length, 8 + headerLength);
  file.set(header, 8);
  let at = 8 + headerLength;
  for (const { bytes } of pieces) {
    file.set(bytes, at);
    at += bytes.length;
  }
  return file;
}

function dtypeOf(name: string, { dtype }: tf.Tensor, floats: FloatFormat): SafetensorsDtype {
  if (name === '__metadata__') throw new Error('writeSafetensors: a tensor must not be called "__metadata__"');
  if (dtype === 'float32') return floats;
  if (dtype === 'int32') return 'I32';
  if (dtype === 'bool') return 'BOOL';
  throw new Error(`writeSafetensors: dtype must be float32, int32 or bool, got ${dtype} for "${name}"`);
}
