/** Writes small pickles with the opcodes that Python 2's NumPy and SciPy use, Latin-1 characters standing for bytes. */
const bytesOf = (pickle: string) => Uint8Array.from(`${pickle}.`, (character) => character.charCodeAt(0));
const integer = (value: number) => `I${value}\n`;
const tuple = (...items: readonly string[]) => `(${items.join('')}t`;
const list = (items: readonly string[]) => `(${items.join('')}l`;
const named = (module: string, name: string) => `c${module}\n${name}\n`;
const call = (callee: string, ...values: readonly string[]) => `${callee}${tuple(...values)}R`;
const latin1 = (data: ArrayBufferLike) => String.fromCharCode(...new Uint8Array(data));
const text = (value: string) => `T${latin1(Int32Array.of(value.length).buffer)}${value}`;

interface Written {
  /** Column after column. */
  readonly fortran?: boolean;
  /** Which Python wrote it, by protocol 2. */
  readonly python?: 2 | 3;
}

function array(
  code: string,
  shape: readonly number[],
  data: Int32Array | Float32Array,
  { fortran = false, python = 2 }: Written = {},
): string {
  const order = tuple(integer(3), text('<'), 'N', 'N', 'N', integer(-1), integer(-1), integer(0));
  const dtype = `${call(named('numpy', 'dtype'), text(code), integer(0), integer(1))}${order}b`;
  const made = call(
    named('numpy.core.multiarray', '_reconstruct'),
    named('numpy', 'ndarray'),
    tuple(integer(0)),
    text('b'),
  );
  const raw = text(latin1(data.buffer));
  const bytes = python === 2 ? raw : call(named('_codecs', 'encode'), raw, text('latin1'));
  return `${made}${tuple(integer(1), tuple(...shape.map(integer)), dtype, `I0${fortran ? 1 : 0}\n`, bytes)}b`;
}

/** A NumPy matrix of int32. */
export function matrixPickle(rows: readonly (readonly number[])[], written: Written = {}): Uint8Array {
  const columns = rows[0].map((_, column) => rows.map((row) => row[column]));
  const data = Int32Array.from((written.fortran === true ? columns : rows).flat());
  return bytesOf(array('i4', [rows.length, rows[0].length], data, written));
}

/** SciPy's compressed sparse rows, of float32. */
export function csrPickle(rows: readonly (readonly number[])[]): Uint8Array {
  const entries = rows.map((row) => [...row.keys()].filter((column) => row[column] !== 0));
  const starts = entries.map((_, row) => entries.slice(0, row).flat().length);
  const indices = Int32Array.from(entries.flat());
  const values = Float32Array.from(entries.flatMap((columns, row) => columns.map((column) => rows[row][column])));
  const fields = {
    _shape: tuple(integer(rows.length), integer(rows[0].length)),
    indptr: array('i4', [rows.length + 1], Int32Array.of(...starts, indices.length)),
    indices: array('i4', [indices.length], indices),
    data: array('f4', [values.length], values),
  };
  const state = Object.entries(fields).map(([name, value]) => `${text(name)}${value}`);
  return bytesOf(`${named('scipy.sparse.csr', 'csr_matrix')})\x81}(${state.join('')}ub`);
}

/** A `defaultdict` of lists: the neighbours of each node. */
export function neighboursPickle(neighbours: readonly (readonly [number, readonly number[]])[]): Uint8Array {
  const items = neighbours.map(([node, others]) => `${integer(node)}${list(others.map(integer))}`);
  return bytesOf(`${call(named('collections', 'defaultdict'), named('__builtin__', 'list'))}(${items.join('')}u`);
}
