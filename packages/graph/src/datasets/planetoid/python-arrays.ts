import { PickledName, PickledObject, readPickle, type PickledCalls } from './read-pickle.ts';

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

/** The largest matrix, in entries without its gaps, that is read: 2^29 float32 take 2 GB. */
const LARGEST_MATRIX = 2 ** 29;

/** What a file holds, and the type that it is read as. */
interface Kinds {
  readonly 'a matrix': NumpyArray;
  readonly 'a sparse matrix': CsrMatrix;
  readonly 'lists of neighbours': ReadonlyMap<number, readonly number[]>;
}

export type PickleKind = keyof Kinds;

/**
 * Reads a pickle, of Python 2 or 3, of a NumPy matrix, a SciPy matrix, or a dictionary of lists of whole numbers.
 *
 * @throws if the bytes are no pickle of that kind, it names another class, or an array's numbers are not as many as its shape says
 */
export function readPythonArrays<K extends PickleKind>(bytes: Uint8Array, label: string, kind: K): Kinds[K] {
  try {
    const value = readPickle(bytes, CALLS);
    if (!KINDS[kind](value)) throw new Error(`it must hold ${kind}`);
    return value as Kinds[K];
  } catch (error) {
    throw new Error(`readPythonArrays: ${label} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

/** What a node's number must be below: more nodes than any file of these lists. */
const MOST_NODES = 2 ** 26;

const KINDS: Readonly<Record<PickleKind, (value: unknown) => boolean>> = {
  'a matrix': (value) => value instanceof Ndarray && value.shape.length === 2,
  'a sparse matrix': (value) => value instanceof Csr && value.shape.length === 2,
  'lists of neighbours': (value) =>
    value instanceof Map &&
    [...(value as Map<unknown, unknown>)].every(
      ([node, others]) => isNode(node) && Array.isArray(others) && others.every(isNode),
    ),
};

function isNode(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < MOST_NODES;
}

class Dtype extends PickledObject {
  readonly code: string;

  constructor([code]: readonly unknown[]) {
    super();
    this.code = String(typeof code === 'string' ? code : undefined);
  }

  /** Byte order and alignment, which are the machine's own in every file that NumPy writes today. */
  setState(state: unknown): void {
    if (Array.isArray(state) && state[1] === '>') throw new Error('numbers must be little-endian, got big-endian');
  }
}

class Ndarray extends PickledObject implements NumpyArray {
  shape: readonly number[] = [];
  data: ArrayLike<number> = new Float32Array();

  setState(state: unknown): void {
    const [, shape, dtype, fortran, bytes] = Array.isArray(state) ? (state as unknown[]) : [];
    if (!isShape(shape) || !(dtype instanceof Dtype) || typeof bytes !== 'string') {
      throw new Error('an array must have a shape, a dtype and its numbers');
    }
    const data = numbers(dtype.code, bytes);
    const size = shape.reduce((product, length) => product * length, 1);
    if (size !== data.length)
      throw new Error(`an array [${shape.join(', ')}] must have ${size} numbers, got ${data.length}`);
    this.shape = shape;
    this.data = fortran === true && shape.length === 2 ? rowsOf(data, shape) : data;
  }
}

/** Takes SciPy's fields, of which `_shape` has another name here. */
class Csr extends PickledObject {
  shape: readonly number[] = [];
  indptr: NumpyArray = new Ndarray();
  indices: NumpyArray = new Ndarray();
  data: NumpyArray = new Ndarray();

  setState(state: unknown): void {
    const fields = state instanceof Map ? (state as ReadonlyMap<unknown, unknown>) : new Map<unknown, unknown>();
    const array = (name: string): NumpyArray => {
      const field = fields.get(name);
      if (!(field instanceof Ndarray)) throw new Error(`a sparse matrix must have the array ${name}`);
      return field;
    };
    const shape = fields.get('_shape');
    if (!isShape(shape) || shape.length !== 2 || shape[0] * shape[1] > LARGEST_MATRIX) {
      throw new Error(`a sparse matrix must have a shape of at most ${LARGEST_MATRIX} entries`);
    }
    Object.assign(this, { shape, indptr: array('indptr'), indices: array('indices'), data: array('data') });
    checkSparse(shape, this.indptr.data, this.indices.data, this.data.data);
  }
}

function checkSparse(
  [rows, columns]: readonly number[],
  starts: ArrayLike<number>,
  indices: ArrayLike<number>,
  values: ArrayLike<number>,
): void {
  if (starts.length !== rows + 1 || indices.length !== values.length) {
    throw new Error(`a sparse matrix of ${rows} rows must have ${rows + 1} starts and a column for each value`);
  }
  for (let row = 0; row <= rows; row++) {
    const least = row === 0 ? 0 : starts[row - 1];
    if (!(starts[row] >= least && starts[row] <= values.length)) {
      throw new Error(`a sparse matrix's rows must lie within its ${values.length} values, got ${starts[row]}`);
    }
  }
  for (let entry = 0; entry < indices.length; entry++) {
    if (!(indices[entry] >= 0 && indices[entry] < columns)) {
      throw new Error(`a sparse matrix's columns must be below ${columns}, got ${indices[entry]}`);
    }
  }
}

const CALLS: PickledCalls = new Map<string, ((args: readonly unknown[]) => unknown) | undefined>([
  ['scipy.sparse.csr.csr_matrix', () => new Csr()],
  ['scipy.sparse._csr.csr_matrix', () => new Csr()],
  ['numpy.ndarray', undefined],
  ['numpy.core.multiarray._reconstruct', () => new Ndarray()],
  ['numpy._core.multiarray._reconstruct', () => new Ndarray()],
  ['numpy.dtype', (args) => new Dtype(args)],
  ['collections.defaultdict', ([values]) => dictionary(values)],
  ['__builtin__.list', undefined],
  ['builtins.list', undefined],
  // how Python 3 writes bytes in protocol 2: as the text of which they are the Latin-1 encoding
  ['_codecs.encode', ([text]) => text],
]);

function dictionary(values: unknown): Map<unknown, unknown> {
  if (!(values instanceof PickledName)) throw new Error('a defaultdict must name what its values are');
  return new Map();
}

function isShape(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((length) => Number.isSafeInteger(length) && length >= 0);
}

/** Columns one after the other, to rows. */
function rowsOf(columns: ArrayLike<number>, [rows, width]: readonly number[]): ArrayLike<number> {
  return Float64Array.from({ length: rows * width }, (_, i) => columns[(i % width) * rows + Math.floor(i / width)]);
}

const TYPES: ReadonlyMap<string, new (buffer: ArrayBuffer) => ArrayLike<number> | BigInt64Array> = new Map<
  string,
  new (buffer: ArrayBuffer) => ArrayLike<number> | BigInt64Array
>([
  ['i1', Int8Array],
  ['u1', Uint8Array],
  ['b1', Uint8Array],
  ['i4', Int32Array],
  ['i8', BigInt64Array],
  ['f4', Float32Array],
  ['f8', Float64Array],
]);

function numbers(code: string, bytes: string): ArrayLike<number> {
  const Type = TYPES.get(code);
  if (Type === undefined) {
    throw new Error(`numbers must be of type ${[...TYPES.keys()].join(', ')}, got ${code.slice(0, 20)}`);
  }
  const width = Number(code[1]);
  if (bytes.length % width !== 0) throw new Error(`numbers of type ${code} must fill their bytes, got ${bytes.length}`);
  const data = new Type(Uint8Array.from(bytes, (character) => character.charCodeAt(0)).buffer);
  return data instanceof BigInt64Array ? Array.from(data, Number) : data;
}
