import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';

/** A tensor of a case: numbers in the order of its shape, booleans, or '-Infinity' and its like. */
interface CaseTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: readonly (number | boolean | string)[];
}

/** One node of a `score_mod` or `prob_mod` subgraph. */
interface GraphNode {
  readonly op: string;
  readonly in: readonly string[];
  readonly out: readonly string[];
  /** The value of a `Constant`: a tensor, or a number as text. */
  readonly attr?: { readonly value?: CaseTensor | string | number };
}

/** A `score_mod` or `prob_mod` subgraph. */
export interface Modifier {
  readonly graph: readonly GraphNode[];
  /** What its nodes read besides the scores. */
  readonly constants?: Readonly<Record<string, CaseTensor>>;
}

/** A test case of the ONNX standard, as JSON: one operator, its inputs, and what its reference implementation gave. */
export interface OnnxCase {
  readonly name: string;
  readonly op: string;
  readonly attributes: Readonly<Record<string, number | string>> & {
    readonly score_mod?: Modifier;
    readonly prob_mod?: Modifier;
  };
  readonly inputs: Readonly<Record<string, CaseTensor>>;
  readonly outputs: Readonly<Record<string, CaseTensor>>;
}

/** Unit roundoffs of the types that tfjs lacks; the reference rounds after every operation, of which the longest case has some. */
const ROUNDOFF: Readonly<Record<string, number>> = { float16: 2 ** -11, bfloat16: 2 ** -8 };
const ROUNDINGS = 4;

/** The folders that hold cases on this machine: the mirror's, and the one that HEED_ONNX_CASES names. */
export function caseFolders(): string[] {
  const root = fileURLToPath(new URL('../../../../../', import.meta.url));
  const mirror = process.env.HEED_DATA ? resolve(process.env.HEED_DATA) : join(root, '../shared/data');
  const named = process.env.HEED_ONNX_CASES;
  return [join(mirror, 'onnx-attention'), ...(named ? [resolve(named)] : [])].filter((folder) => existsSync(folder));
}

export function readCases(folders: readonly string[]): OnnxCase[] {
  return folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((file) => file.endsWith('.json'))
      .sort()
      .map((file) => {
        const parsed = JSON.parse(readFileSync(join(folder, file), 'utf8')) as OnnxCase;
        return { ...parsed, name: basename(file, '.json') };
      }),
  );
}

/** float32 for all floating types, int32 for all integers, bool. */
export function toTensor({ dtype, shape, data }: CaseTensor): tf.Tensor {
  const type = dtype === 'bool' ? 'bool' : dtype.startsWith('int') ? 'int32' : 'float32';
  return tf.tensor(data.map(Number), [...shape], type);
}

/**
 * How far a result may be from the reference: 1e-5 for float32 and float64, and a few roundings of the type where the reference
 * computed in a smaller one.
 */
export function toleranceOf(expected: CaseTensor): { absolute: number; relative: number } {
  const roundoff = ROUNDOFF[expected.dtype];
  const allowed = roundoff === undefined ? 1e-5 : ROUNDINGS * roundoff;
  return { absolute: roundoff === undefined ? 1e-6 : allowed, relative: allowed };
}
