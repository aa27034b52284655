import { bfloat16ToNumber, float16ToNumber, numberToBfloat16, numberToFloat16 } from './half.ts';

/** What a tensor of the file becomes in memory. */
export type HostData = Float32Array | Int32Array | Uint8Array;

/** The element types of the format that can be read. */
export type SafetensorsDtype = keyof typeof DTYPES;

interface DtypeFacts {
  readonly bytes: number;
  /** The tfjs dtype that holds it. */
  readonly tensor: 'float32' | 'int32' | 'bool';
  /** From the file's bytes (little-endian, any alignment) to memory. `name` is for messages. */
  readonly decode: (bytes: Uint8Array, name: string) => HostData;
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A copy in memory of its own, so that it is aligned and does not keep the file alive. */
function copied(bytes: Uint8Array): ArrayBuffer {
  const copy = new Uint8Array(bytes.length);
  copy.set(bytes);
  return copy.buffer;
}

function floats(size: number, read: (view: DataView, offset: number) => number): DtypeFacts['decode'] {
  return (bytes) => {
    const source = view(bytes);
    const out = new Float32Array(bytes.length / size);
    for (let i = 0; i < out.length; i++) out[i] = read(source, i * size);
    return out;
  };
}

function integers(size: number, read: (view: DataView, offset: number) => number | bigint): DtypeFacts['decode'] {
  return (bytes, name) => {
    const source = view(bytes);
    const out = new Int32Array(bytes.length / size);
    for (let i = 0; i < out.length; i++) {
      const value = read(source, i * size);
      out[i] = Number(value);
      if (BigInt(out[i]) !== BigInt(value)) {
        throw new Error(`readSafetensors: integers must fit in 32 bits, got ${value} at position ${i} of "${name}"`);
      }
    }
    return out;
  };
}

function booleans(bytes: Uint8Array, name: string): Uint8Array {
  const bad = bytes.findIndex((byte) => byte > 1);
  if (bad >= 0)
    throw new Error(`readSafetensors: BOOL must be 0 or 1, got ${bytes[bad]} at position ${bad} of "${name}"`);
  return bytes.slice();
}

export const DTYPES = {
  F64: { bytes: 8, tensor: 'float32', decode: floats(8, (v, at) => v.getFloat64(at, true)) },
  F32: { bytes: 4, tensor: 'float32', decode: (bytes: Uint8Array) => new Float32Array(copied(bytes)) },
  F16: { bytes: 2, tensor: 'float32', decode: floats(2, (v, at) => float16ToNumber(v.getUint16(at, true))) },
  BF16: { bytes: 2, tensor: 'float32', decode: floats(2, (v, at) => bfloat16ToNumber(v.getUint16(at, true))) },
  I64: { bytes: 8, tensor: 'int32', decode: integers(8, (v, at) => v.getBigInt64(at, true)) },
  U64: { bytes: 8, tensor: 'int32', decode: integers(8, (v, at) => v.getBigUint64(at, true)) },
  U32: { bytes: 4, tensor: 'int32', decode: integers(4, (v, at) => v.getUint32(at, true)) },
  I32: { bytes: 4, tensor: 'int32', decode: (bytes: Uint8Array) => new Int32Array(copied(bytes)) },
  I16: { bytes: 2, tensor: 'int32', decode: integers(2, (v, at) => v.getInt16(at, true)) },
  U16: { bytes: 2, tensor: 'int32', decode: integers(2, (v, at) => v.getUint16(at, true)) },
  I8: { bytes: 1, tensor: 'int32', decode: integers(1, (v, at) => v.getInt8(at)) },
  U8: { bytes: 1, tensor: 'int32', decode: integers(1, (v, at) => v.getUint8(at)) },
  BOOL: { bytes: 1, tensor: 'bool', decode: booleans },
} as const satisfies Record<string, DtypeFacts>;

/** How float32 may be stored. */
export type FloatFormat = 'F32' | 'F16' | 'BF16';

/** Memory to the file's bytes, little-endian. */
export function encode(data: HostData, dtype: SafetensorsDtype): Uint8Array {
  if (dtype === 'F16') return new Uint8Array(Uint16Array.from(data, numberToFloat16).buffer);
  if (dtype === 'BF16') return new Uint8Array(Uint16Array.from(data, numberToBfloat16).buffer);
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
