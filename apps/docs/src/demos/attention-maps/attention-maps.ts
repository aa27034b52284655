import { readMapsFile, renderSvg, type MapsFile } from '@heed/attention-core';

/** What the explorer asks of its worker. Files are kept there, so that only what is looked at crosses over. */
export type MapsRequest =
  | { readonly ask: 'open'; readonly slot: number; readonly bytes: ArrayBuffer }
  | { readonly ask: 'head'; readonly slot: number; readonly layer: number; readonly head: number | 'mean' }
  | { readonly ask: 'svg'; readonly slot: number; readonly layer: number; readonly head: number | 'mean' };

/** The maps of a file without their weights. */
export interface OpenedMaps {
  readonly layers: readonly {
    readonly name: string;
    readonly heads: number;
    readonly rows: readonly string[];
    readonly columns: readonly string[];
    /** Rows of head 0 that do not sum to 1 within 0.01: other normalisers than softmax, or a damaged file. */
    readonly unusualRows: number;
  }[];
}

/** The weights of one head, [rows, columns]. */
export interface HeadWeights {
  readonly weights: Float32Array;
  readonly rows: number;
  readonly columns: number;
}

const opened = new Map<number, MapsFile>();

/** @throws if a file is no maps file, or the layer or head does not exist */
export function attentionMaps(request: MapsRequest): OpenedMaps | HeadWeights | string {
  if (request.ask === 'open') {
    const file = readMapsFile(new Uint8Array(request.bytes));
    opened.set(request.slot, file);
    return {
      layers: file.maps.map(({ name, heads, rows, columns }, layer) => ({
        name,
        heads,
        rows,
        columns,
        unusualRows: countUnusual(file.weights(layer, 0), columns.length),
      })),
    };
  }
  const file = opened.get(request.slot);
  if (file === undefined) throw new Error('Open a file first.');
  const { name, rows, columns } = file.maps[request.layer];
  const weights = file.weights(request.layer, request.head);
  if (request.ask === 'head') return { weights, rows: rows.length, columns: columns.length };
  const width = columns.length;
  return renderSvg({
    name: request.head === 'mean' ? `${name}, mean of its heads` : `${name}, head ${request.head}`,
    weights: rows.map((_, row) => Array.from(weights.subarray(row * width, (row + 1) * width))),
    rows,
    columns,
  });
}

function countUnusual(weights: Float32Array, columns: number): number {
  let unusual = 0;
  for (let start = 0; start < weights.length; start += columns) {
    let sum = 0;
    for (let column = 0; column < columns; column++) sum += weights[start + column];
    if (Math.abs(sum - 1) > 0.01) unusual++;
  }
  return unusual;
}
