import { RELAXED_SIMD, SIMD } from './simd-module.ts';
import { address, type WasmBackend } from './wasm.ts';

/** Where a matrix (or a batch of them) lies: addresses and strides in bytes. */
export interface Matrix {
  readonly at: number;
  /** From one matrix of the batch to the next; 0 for the same one again. */
  readonly batch: number;
  readonly row: number;
  readonly column: number;
}

/** Heed's own WebAssembly, working in the heap of a backend. Addresses are in bytes, numbers float32. */
export interface Simd {
  /** c [m, n] = a [m, k] · b [k, n] for each of `batches`; c lies row by row, one batch after the other. */
  matmul(batches: number, size: readonly [m: number, n: number, k: number], a: Matrix, b: Matrix, c: number): void;
  exp(x: number, y: number, count: number): void;
  tanh(x: number, y: number, count: number): void;
  /** The larger of x and y for each of `count` numbers; y has `period` numbers and begins again as often as need be. */
  maximum(x: number, y: number, out: number, count: number, period: number): void;
  minimum(x: number, y: number, out: number, count: number, period: number): void;
  /** y [n] = factor · the sums of the columns of x [rows, n]. */
  columnSums(x: number, y: number, rows: number, n: number, factor: number): void;
  transpose(x: number, y: number, rows: number, columns: number): void;
  /** Softmax of rows over what is allowed, booleans for `period` rows that begin again as often as need be. */
  maskedSoftmax(scores: number, allowed: number, out: number, rows: number, width: number, period: number): void;
  /** x [rows, width] with 0 for what is not finite; to `fault` [rows] NaN is added where there was any. */
  keepFinite(x: number, out: number, fault: number, rows: number, width: number): void;
}

type Exports = Omit<Simd, 'matmul'> & {
  matmul(...numbers: number[]): void;
  /** Bytes of working memory that `matmul` takes as its last argument. */
  matmulScratch(): number;
};

const instances = new WeakMap<WebAssembly.Memory, Simd | false>();

/** The module on this backend's heap; undefined where the engine has no SIMD, or tfjs hides the heap. */
export function simdOf(backend: WasmBackend): Simd | undefined {
  const memory = backend.wasm.asm?.memory;
  if (memory === undefined) return undefined;
  const known = instances.get(memory) ?? instantiate(memory, backend);
  instances.set(memory, known);
  return known === false ? undefined : known;
}

function instantiate(memory: WebAssembly.Memory, backend: WasmBackend): Simd | false {
  let exports: Exports;
  try {
    const shared = typeof SharedArrayBuffer !== 'undefined' && memory.buffer instanceof SharedArrayBuffer;
    const relaxed = bytes(RELAXED_SIMD, shared);
    const module = new WebAssembly.Module(WebAssembly.validate(relaxed) ? relaxed : bytes(SIMD, shared));
    exports = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Exports;
  } catch {
    return false; // no SIMD: tfjs's own kernels do the work
  }
  const scratch = address(backend, backend.makeOutput([exports.matmulScratch() / 4], 'float32'));
  const lie = ({ at, batch, row, column }: Matrix) => [at, batch, row, column];
  return {
    ...exports,
    matmul: (batches, size, a, b, c) => exports.matmul(batches, ...size, ...lie(a), ...lie(b), c, scratch),
  };
}

function bytes(base64: string, shared: boolean): Uint8Array<ArrayBuffer> {
  const module = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return shared ? importSharedMemory(module) : module;
}

const IMPORT_SECTION = 2;

/**
 * The module for tfjs's threaded build, whose memory is shared: an import must say so, with a maximum (here 65,536 pages, 4 GB).
 * Its one import's last two bytes say "not shared, at least 1 page".
 */
function importSharedMemory(module: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  let section = 8;
  while (module[section] !== IMPORT_SECTION) section += 2 + module[section + 1]; // sections before it are short
  const end = section + 2 + module[section + 1];
  const limits = [3, 1, 0x80, 0x80, 4];
  return Uint8Array.of(
    ...module.subarray(0, section + 1),
    module[section + 1] + limits.length - 2,
    ...module.subarray(section + 2, end - 2),
    ...limits,
    ...module.subarray(end),
  );
}
