import * as tf from '@tensorflow/tfjs';
import type { AttentionMap } from './capture.ts';

/** One map as plain numbers with names on both sides: JSON, and all that the renderers need. */
export interface LabelledMap {
  readonly name: string;
  /** weights[q][k]: how much row q looks at column k. */
  readonly weights: readonly (readonly number[])[];
  /** What the queries are called: output tokens, time steps, pixels. */
  readonly rows: readonly string[];
  /** What the keys are called: input tokens, regions, neighbours. */
  readonly columns: readonly string[];
}

export interface LabelMapOptions {
  /** Which example of the batch. Default 0. */
  readonly batch?: number;
  /** Which head, or the mean of all. Default `mean`. */
  readonly head?: number | 'mean';
  /** Names of the queries; queries after the last name are padding and left out. */
  readonly rows: readonly string[];
  /** Names of the keys; keys after the last name are padding and left out. */
  readonly columns: readonly string[];
}

/**
 * One example's weights with their labels, read from the tensor.
 *
 * @param map weights [B, H, L, S] from `capture`
 * @throws if batch or head is out of range, or there are more labels than queries or keys
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { attention, capture, labelMap, renderTerminal } from '@heed/attention-core';
 * const x = tf.randomNormal([1, 3, 4], 0, 1, 'float32', 7);
 * const { maps } = capture(() => attention({ query: x, key: x, value: x }));
 * renderTerminal(labelMap(maps[0], { rows: ['a', 'b', 'c'], columns: ['a', 'b', 'c'] }));
 * ```
 */
export function labelMap(map: AttentionMap, { batch = 0, head = 'mean', rows, columns }: LabelMapOptions): LabelledMap {
  const [batches, heads, queries, keys] = map.weights.shape;
  requireIndex('batch', batch, batches);
  if (head !== 'mean') requireIndex('head', head, heads);
  requireLabels('rows', rows, queries);
  requireLabels('columns', columns, keys);
  const values = map.weights.dataSync();
  const asked = head === 'mean' ? Array.from({ length: heads }, (_, h) => h) : [head];
  const weights = rows.map((_, q) =>
    columns.map((_, k) => {
      const sum = asked.reduce((total, h) => total + values[((batch * heads + h) * queries + q) * keys + k], 0);
      return sum / asked.length;
    }),
  );
  const suffix = head === 'mean' ? `mean of ${heads} heads` : `head ${head}`;
  return { name: heads === 1 ? map.name : `${map.name}, ${suffix}`, weights, rows: [...rows], columns: [...columns] };
}

/**
 * One example's weights of every head with their labels: what `renderHeads` shows of a layer.
 *
 * @param map weights [B, H, L, S] from `capture`
 * @returns a map for each head
 * @throws as `labelMap`
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { attention, capture, labelHeads } from '@heed/attention-core';
 * const x = tf.randomNormal([1, 2, 3, 4], 0, 1, 'float32', 7);
 * const { maps } = capture(() => attention({ query: x, key: x, value: x, name: 'self' }));
 * labelHeads(maps[0], { rows: ['a', 'b', 'c'], columns: ['a', 'b', 'c'] })[1].name; // 'self, head 1'
 * ```
 */
export function labelHeads(
  { name, weights }: AttentionMap,
  { batch = 0, rows, columns }: Omit<LabelMapOptions, 'head'>,
): LabelledMap[] {
  const [batches, heads] = weights.shape;
  requireIndex('batch', batch, batches);
  const own = tf.slice(weights, [batch, 0, 0, 0], [1, -1, -1, -1]);
  try {
    return Array.from({ length: heads }, (_, head) => labelMap({ name, weights: own }, { head, rows, columns }));
  } finally {
    own.dispose();
  }
}

/** @throws unless the map has a row, a column, one finite weight for each pair, and labels that fit */
export function requireMap(owner: string, { name, weights, rows, columns }: LabelledMap): void {
  if (rows.length === 0 || columns.length === 0) {
    throw new Error(
      `${owner}: map "${name}" must have a row and a column, got ${rows.length} rows, ${columns.length} columns`,
    );
  }
  if (weights.length !== rows.length) {
    throw new Error(
      `${owner}: map "${name}" must have one row of weights per label, got ${weights.length} rows, ${rows.length} labels`,
    );
  }
  weights.forEach((row, q) => {
    if (row.length !== columns.length) {
      throw new Error(
        `${owner}: row ${q} of map "${name}" must have one weight per column, got ${row.length}, ${columns.length} columns`,
      );
    }
    const wrong = row.findIndex((value) => !Number.isFinite(value));
    if (wrong !== -1)
      throw new Error(`${owner}: weights of map "${name}" must be finite, got ${row[wrong]} at [${q}][${wrong}]`);
  });
}

/** The largest magnitude among the weights: what is drawn at full strength unless the caller says otherwise. */
function strongest({ weights }: LabelledMap): number {
  return weights.reduce((most, row) => row.reduce((m, value) => Math.max(m, Math.abs(value)), most), 0);
}

/** The magnitude that is drawn at full strength, never 0. @throws if the asked one is not a positive number */
export function fullStrength(owner: string, map: LabelledMap, maximum: number | undefined): number {
  if (maximum !== undefined && !(maximum > 0 && Number.isFinite(maximum))) {
    throw new Error(`${owner}: maximum must be a positive number, got ${maximum}`);
  }
  return maximum ?? (strongest(map) || 1);
}

function requireIndex(name: string, index: number, size: number): void {
  if (!Number.isInteger(index) || index < 0 || index >= size) {
    throw new Error(`labelMap: ${name} must be an integer in [0, ${size}), got ${index}`);
  }
}

function requireLabels(name: string, labels: readonly string[], size: number): void {
  if (labels.length > size)
    throw new Error(`labelMap: ${name} must be at most ${size} labels, as the map has, got ${labels.length}`);
}
