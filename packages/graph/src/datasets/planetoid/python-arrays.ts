import { BufferReader, Parser } from 'pickleparser';

/** A NumPy array as its pickle has it. */
export interface NumpyArray {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

/** SciPy's compressed sparse rows: row i has `data[k]` at column `indices[k]` for k in [indptr[i], indptr[i + 1]). */
export interface CsrMatrix {
  readonly shape: readonly [number, number];
  readonly indptr: NumpyArray;
  readonly indices: NumpyArray;
  readonly data: NumpyArray;
}

/**
 * Reads a pickle, of Python 2 or 3, of NumPy arrays, SciPy matrices, lists and dictionaries (as `Map`s).
 *
 * @throws if the bytes are no pickle, or it names a class other than these: nothing else is ever made
 */
export function readPythonArrays<T>(bytes: Uint8Array, label: string): T {
  const parser = new Parser({
    nameResolver: { resolve: (module, name) => resolve(`${module}.${name}`) },
    unpicklingTypeOfDictionary: 'Map',
  });
  try {
    return parser.read<T>(latin1Reader(bytes));
  } catch (error) {
    throw new Error(`readPythonArrays: ${label} cannot be read: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
}

/** Python 2 keeps raw bytes in strings, of which pickleparser's ASCII decoder makes other characters. */
function latin1Reader(bytes: Uint8Array): Parameters<Parser['read']>[0] {
  const reader = new BufferReader(bytes);
  return {
    byte: () => reader.byte(),
    bytes: (length) => reader.bytes(length),
    uint16: () => reader.uint16(),
    int32: () => reader.int32(),
    uint32: () => reader.uint32(),
    uint64: () => reader.uint64(),
    float64: () => reader.float64(),
    skip: (offset) => reader.skip(offset),
    string: (size) => latin1(reader.bytes(size)),
    line: () => reader.line(),
    hasNext: () => reader.hasNext(),
  };
}

function latin1(bytes: ArrayLike<number>): string {
  const parts: string[] = [];
  for (let start = 0; start < bytes.length; start += 8192) {
    parts.push(String.fromCharCode(...Array.prototype.slice.call(bytes, start, start + 8192)));
  }
  return parts.join('');
}

function resolve(name: string): new () => unknown {
  const known = classes[name];
  if (known === undefined) throw new Error(`it must hold arrays only, got an object of ${name}`);
  return known as new () => unknown;
}

interface Dtype {
  readonly code: string;
  __setstate__(state: readonly unknown[]): void;
}

type ArrayState = readonly [
  version: number,
  shape: number[],
  dtype: Dtype,
  fortran: boolean,
  bytes: string | Uint8Array,
];

/** Takes SciPy's fields, of which `_shape` has another name here. */
class Csr {
  __setstate__(state: ReadonlyMap<string, unknown>): void {
    Object.assign(this, Object.fromEntries(state), { shape: state.get('_shape') });
  }
}

/** Makes an array, which gets its numbers by `__setstate__`. */
const reconstruct = () => {
  const array = {
    shape: [] as readonly number[],
    data: new Float32Array() as ArrayLike<number>,
    __setstate__([, shape, dtype, fortran, bytes]: ArrayState) {
      array.shape = shape;
      const data = numbers(dtype.code, bytes);
      array.data = fortran && shape.length === 2 ? rowsOf(data, shape) : data;
    },
  };
  return array;
};

const classes: Readonly<Record<string, unknown>> = {
  'scipy.sparse.csr.csr_matrix': Csr,
  'scipy.sparse._csr.csr_matrix': Csr,
  'numpy.ndarray': Object, // only named, as an argument of _reconstruct
  'numpy.core.multiarray._reconstruct': reconstruct,
  'numpy._core.multiarray._reconstruct': reconstruct,
  'numpy.dtype': (code: string): Dtype => ({ code, __setstate__: () => undefined }),
  'collections.defaultdict': () => new Map(),
  '__builtin__.list': Array,
  'builtins.list': Array,
  // how Python 3 writes bytes in protocol 2: as the text of which they are the Latin-1 encoding
  '_codecs.encode': (text: string) => text,
};

/** Columns one after the other, to rows. */
function rowsOf(columns: ArrayLike<number>, [rows, width]: readonly number[]): ArrayLike<number> {
  return Float64Array.from({ length: rows * width }, (_, i) => columns[(i % width) * rows + Math.floor(i / width)]);
}

function numbers(code: string, bytes: string | Uint8Array): ArrayLike<number> {
  const { buffer } = typeof bytes === 'string' ? Uint8Array.from(bytes, (c) => c.charCodeAt(0)) : bytes.slice();
  switch (code) {
    case 'i4':
      return new Int32Array(buffer);
    case 'i8':
      return Array.from(new BigInt64Array(buffer), Number);
    case 'f4':
      return new Float32Array(buffer);
    case 'f8':
      return new Float64Array(buffer);
    case 'i1':
      return new Int8Array(buffer);
    case 'u1':
    case 'b1':
      return new Uint8Array(buffer);
    default:
      throw new Error(`numbers must be of type i1, u1, b1, i4, i8, f4 or f8, got ${code}`);
  }
}
