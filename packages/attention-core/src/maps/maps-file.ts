import * as tf from '@tensorflow/tfjs';
import { readSafetensors, type SafetensorsFile } from '../safetensors/read-safetensors.ts';
import { writeSafetensors } from '../safetensors/write-safetensors.ts';

const FORMAT = 'heed-attention-maps';
const VERSION = '1';
/** Of one axis of a map. */
const MOST_LABELS = 16_384;
/** Longer labels are refused. */
const LONGEST_LABEL = 1000;

/** The attention of one layer for one example, with names on both sides. */
export interface LayerMaps {
  readonly name: string;
  /** [H, L, S] */
  readonly weights: tf.Tensor3D;
  /** L names of the queries. */
  readonly rows: readonly string[];
  /** S names of the keys. */
  readonly columns: readonly string[];
}

/** What a maps file says of a layer. */
export interface LayerDescription {
  readonly name: string;
  /** H */
  readonly heads: number;
  readonly rows: readonly string[];
  readonly columns: readonly string[];
}

/**
 * Attention maps as a file that other programs read and write: safetensors with a tensor `maps.<i>` [H, L, S] for each layer, and in the metadata
 * `format` ("heed-attention-maps"), `version` ("1") and `maps`, a JSON list of `{ name, rows, columns }`, one for each tensor.
 *
 * @throws if labels and weights do not fit
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { attention, capture, readMapsFile, writeMapsFile } from '@heed/attention-core';
 * const x = tf.randomNormal([1, 3, 4], 0, 1, 'float32', 7);
 * const { maps } = capture(() => attention({ query: x, key: x, value: x, name: 'self' }));
 * const words = ['a', 'b', 'c'];
 * const layers = maps.map(({ name, weights }) => ({ name, weights: tf.squeeze<tf.Tensor3D>(weights, [0]), rows: words, columns: words }));
 * readMapsFile(await writeMapsFile(layers)).maps[0].name; // 'self'
 * ```
 */
export async function writeMapsFile(layers: readonly LayerMaps[]): Promise<Uint8Array> {
  const tensors: Record<string, tf.Tensor> = {};
  for (const [i, layer] of layers.entries()) {
    requireLabels('writeMapsFile', layer.name, layer.weights.shape, layer.rows, layer.columns);
    tensors[`maps.${i}`] = layer.weights;
  }
  const maps = layers.map(({ name, rows, columns }) => ({ name, rows, columns }));
  return writeSafetensors(tensors, { metadata: { format: FORMAT, version: VERSION, maps: JSON.stringify(maps) } });
}

/**
 * Opens what `writeMapsFile` wrote, or a program in another language. Weights are read head by head.
 *
 * @throws if the file is cut, of another format or version, or labels and weights do not fit; the message names the rule and the value
 */
export function readMapsFile(bytes: Uint8Array): MapsFile {
  return new MapsFile(readSafetensors(bytes));
}

/** An opened maps file. */
export class MapsFile {
  readonly maps: readonly LayerDescription[];

  constructor(private readonly file: SafetensorsFile) {
    const { format, version, maps } = file.metadata;
    if (format !== FORMAT) {
      throw new Error(`readMapsFile: the metadata's format must be ${FORMAT}, got ${JSON.stringify(format ?? null)}`);
    }
    if (version !== VERSION) {
      throw new Error(`readMapsFile: the version must be ${VERSION}, got ${JSON.stringify(version ?? null)}`);
    }
    const list = parseList(maps);
    if (list.length === 0) throw new Error('readMapsFile: there must be at least one map, got none');
    this.maps = list.map(({ name, rows, columns }, i) => {
      const shape = file.entries.get(`maps.${i}`)?.shape;
      if (shape === undefined) throw new Error(`readMapsFile: map ${i} must have a tensor maps.${i}, got none`);
      requireLabels('readMapsFile', name, shape, rows, columns);
      return { name, heads: shape[0], rows, columns };
    });
  }

  /**
   * The weights of one head, or the mean of all, row-major: [L, S].
   *
   * @throws if there is no such layer or head, or a weight is not finite
   */
  weights(layer: number, head: number | 'mean'): Float32Array {
    const map = this.maps[layer];
    if (map === undefined) throw new Error(`MapsFile.weights: layer must be below ${this.maps.length}, got ${layer}`);
    if (head !== 'mean' && !(Number.isInteger(head) && head >= 0 && head < map.heads)) {
      throw new Error(`MapsFile.weights: head must be an integer below ${map.heads}, got ${head}`);
    }
    const all = this.file.data(`maps.${layer}`) as ArrayLike<number>;
    const size = map.rows.length * map.columns.length;
    const asked = head === 'mean' ? Array.from({ length: map.heads }, (_, h) => h) : [head];
    const weights = new Float32Array(size);
    for (let i = 0; i < size; i++) {
      let sum = 0;
      for (const h of asked) sum += all[h * size + i];
      weights[i] = sum / asked.length;
    }
    const wrong = weights.findIndex((weight) => !Number.isFinite(weight));
    if (wrong !== -1) {
      const place = `[${Math.floor(wrong / map.columns.length)}, ${wrong % map.columns.length}]`;
      throw new Error(`MapsFile.weights: weights of "${map.name}" must be finite, got ${weights[wrong]} at ${place}`);
    }
    return weights;
  }
}

function parseList(json: string | undefined): { name: string; rows: string[]; columns: string[] }[] {
  let list: unknown;
  try {
    list = JSON.parse(json ?? '');
  } catch {
    throw new Error("readMapsFile: the metadata's maps must be a JSON list, got other text");
  }
  const texts = (value: unknown): value is string[] =>
    Array.isArray(value) &&
    value.every((label) => typeof label === 'string' && label.length <= LONGEST_LABEL) &&
    value.length <= MOST_LABELS;
  const rule = `each of the metadata's maps must be { name, rows, columns }, with at most ${MOST_LABELS} labels of at most ${LONGEST_LABEL} characters`;
  if (!Array.isArray(list)) throw new Error(`readMapsFile: ${rule}, got ${typeof list}`);
  return list.map((entry: unknown, i) => {
    const map = entry as { name?: unknown; rows?: unknown; columns?: unknown } | null;
    if (typeof map?.name !== 'string' || !texts(map.rows) || !texts(map.columns)) {
      throw new Error(`readMapsFile: ${rule}, got another at ${i}`);
    }
    return { name: map.name.slice(0, LONGEST_LABEL), rows: map.rows, columns: map.columns };
  });
}

function requireLabels(
  owner: string,
  name: string,
  shape: readonly number[],
  rows: readonly string[],
  columns: readonly string[],
): void {
  const [heads, queries, keys] = shape;
  if (shape.length !== 3 || heads === 0 || queries !== rows.length || keys !== columns.length || queries * keys === 0) {
    throw new Error(
      `${owner}: weights of "${name}" must be [heads, rows, columns] with ${rows.length} rows and ${columns.length} columns, got [${shape.join(', ')}]`,
    );
  }
}
