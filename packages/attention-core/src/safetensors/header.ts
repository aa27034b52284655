import { printableText } from '../maps/rendering/printable-text.ts';
import { repeatedKey } from './repeated-key.ts';
import { DTYPES, type SafetensorsDtype } from './dtypes.ts';

/** Where a tensor lies in a file. */
export interface SafetensorsEntry {
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  /** First byte, counted from the file's beginning. */
  readonly begin: number;
  /** The byte after the last. */
  readonly end: number;
}

/** A file's table of contents. */
export interface SafetensorsHeader {
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  readonly metadata: Readonly<Record<string, string>>;
}

const LENGTH_BYTES = 8;

/** The one key of the table that is no tensor. */
const METADATA = '__metadata__';

/** What tfjs has kernels for. */
const LARGEST_RANK = 6;

/** The format's own bound: a hostile length must not be taken at its word. */
const LARGEST_HEADER = 100_000_000;

/**
 * Reads and checks a header. Only the file's first bytes need to be there: 8 + the header's length, which the first 8 tell.
 *
 * @param bytes the file, or its beginning
 * @param fileSize the whole file's size in bytes
 * @throws if the file breaks a rule of the format; the message names the rule and the value
 */
export function parseSafetensorsHeader(bytes: Uint8Array, fileSize: number): SafetensorsHeader {
  const length = headerLength(bytes, fileSize);
  if (bytes.length < LENGTH_BYTES + length) {
    fail('the header must be given whole', `${bytes.length} bytes of ${LENGTH_BYTES + length}`);
  }
  const table = parseTable(bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + length));
  const start = LENGTH_BYTES + length;
  const entries = new Map<string, SafetensorsEntry>();
  for (const [name, value] of Object.entries(table)) {
    if (name !== METADATA) entries.set(name, parseEntry(name, value, start));
  }
  checkLayout(entries, start, fileSize);
  return { entries, metadata: parseMetadata(table) };
}

/** The header's length in bytes, from the file's first 8. */
function headerLength(bytes: Uint8Array, fileSize: number): number {
  if (bytes.length < LENGTH_BYTES) fail('a file has at least 8 bytes', bytes.length);
  const length = new DataView(bytes.buffer, bytes.byteOffset, LENGTH_BYTES).getBigUint64(0, true);
  if (length > BigInt(fileSize - LENGTH_BYTES)) {
    fail('the header must lie within the file', `header length ${length} in a file of ${fileSize} bytes`);
  }
  if (length > BigInt(LARGEST_HEADER)) fail(`a header has at most ${LARGEST_HEADER} bytes`, length);
  return Number(length);
}

function parseTable(bytes: Uint8Array): Record<string, unknown> {
  let text: string;
  let table: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    table = JSON.parse(text);
  } catch (error) {
    return fail('the header must be JSON in UTF-8', (error as Error).message);
  }
  if (!text.startsWith('{') || !isObject(table)) return fail('the header must be a JSON object', excerpt(text));
  const repeated = repeatedKey(text);
  if (repeated !== undefined) fail('names must be unique', `"${excerpt(repeated)}" twice`);
  return table;
}

function parseMetadata(table: Record<string, unknown>): Record<string, string> {
  const metadata = Object.hasOwn(table, METADATA) ? table[METADATA] : {};
  if (!isObject(metadata)) return fail('__metadata__ must be an object', excerpt(metadata));
  const wrong = Object.entries(metadata).find(([, value]) => typeof value !== 'string');
  if (wrong !== undefined) fail('__metadata__ must hold texts', `${excerpt(wrong[1])} under "${excerpt(wrong[0])}"`);
  return metadata as Record<string, string>;
}

function parseEntry(name: string, value: unknown, start: number): SafetensorsEntry {
  const where = `of "${excerpt(name)}"`;
  if (!isObject(value)) return fail(`the entry ${where} must be an object`, excerpt(value));
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string' || !Object.hasOwn(DTYPES, dtype)) {
    return fail(`the dtype ${where} must be one of ${Object.keys(DTYPES).join(', ')}`, excerpt(dtype));
  }
  if (!isCounts(shape)) return fail(`the shape ${where} must be a list of whole numbers below 2^53`, excerpt(shape));
  if (shape.length > LARGEST_RANK) fail(`the shape ${where} must have at most ${LARGEST_RANK} axes`, shape.length);
  if (!isCounts(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    return fail(`the data_offsets ${where} must be [begin, end] with begin ≤ end`, excerpt(offsets));
  }
  const size = product([...shape, DTYPES[dtype as SafetensorsDtype].bytes]);
  if (size !== offsets[1] - offsets[0]) {
    fail(
      `the data_offsets ${where} must span ${size ?? 'fewer than 2^53'} bytes (${dtype} [${shape.join(', ')}])`,
      `[${offsets.join(', ')}]`,
    );
  }
  return { dtype: dtype as SafetensorsDtype, shape, begin: start + offsets[0], end: start + offsets[1] };
}

/** Tensors must follow one another from the header to the end of the file, without gap or overlap. */
function checkLayout(entries: ReadonlyMap<string, SafetensorsEntry>, start: number, fileSize: number): void {
  let position = start;
  const inOrder = [...entries].toSorted(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  for (const [name, { begin, end }] of inOrder) {
    const offsets = `data_offsets [${begin - start}, ${end - start}] of "${excerpt(name)}"`;
    if (end > fileSize) fail('tensors must lie within the file', `${offsets} in ${fileSize - start} bytes of data`);
    if (begin < position)
      fail('tensors must not overlap', `${offsets} after a tensor that ends at ${position - start}`);
    if (begin > position) fail('there must be no hole between tensors', `${offsets} after ${position - start}`);
    position = end;
  }
  if (position !== fileSize)
    fail('tensors must reach to the end of the file', `${fileSize - position} bytes left over`);
}

/** `undefined` where the product reaches 2^53, also that of an empty tensor's other axes: backends multiply them. */
function product(factors: readonly number[]): number | undefined {
  const others = factors.filter((factor) => factor !== 0).reduce((a, b) => a * b, 1);
  if (!Number.isSafeInteger(others)) return undefined;
  return factors.includes(0) ? 0 : others;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function excerpt(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined');
  return printableText(text, { most: 60 });
}

function fail(rule: string, got: unknown): never {
  throw new Error(`readSafetensors: ${rule}, got ${String(got)}`);
}
