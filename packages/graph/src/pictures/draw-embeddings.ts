import { escapeMarkup } from '@heed/attention-core';
import { EigenvalueDecomposition, Matrix as DenseMatrix } from 'ml-matrix';
import type { Matrix } from '../graph/graph-data.ts';
import { fitted } from './draw-graph.ts';
import { circle, PALETTE, svg } from './svg.ts';

export interface DrawEmbeddingsOptions {
  /** [N]: drawn as colours. Default: one. */
  readonly classes?: ArrayLike<number>;
  /** What the colours mean. */
  readonly classNames?: readonly string[];
  readonly title?: string;
  /** Of the square picture, in pixels. Default 640. */
  readonly size?: number;
}

/**
 * The two directions in which rows differ most (principal components), for each row: [2·N]. A component's greatest loading is positive.
 *
 * @throws if a row has fewer than two numbers
 */
export function principalPlane({ data, shape: [rows, width] }: Matrix): Float32Array {
  if (width < 2) throw new Error(`principalPlane: rows must have at least two numbers, got ${width}`);
  const values = new DenseMatrix(
    Array.from({ length: rows }, (_, row) => [...data.subarray(row * width, (row + 1) * width)]),
  );
  if (rows === 0) return new Float32Array();
  const centred = values.subRowVector(values.mean('column'));
  const covariance = centred.transpose().mmul(centred);
  const { eigenvectorMatrix } = new EigenvalueDecomposition(covariance, { assumeSymmetric: true });
  const out = new Float32Array(2 * rows);
  [width - 1, width - 2].forEach((column, axis) => {
    const direction = eigenvectorMatrix.getColumn(column);
    const greatest = direction.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0);
    const along = centred.mmul(DenseMatrix.columnVector(direction)).to1DArray();
    along.forEach((value, row) => (out[2 * row + axis] = greatest < 0 ? -value : value));
  });
  return out;
}

/**
 * Embeddings as dots on the plane in which they differ most, coloured by class.
 *
 * @param embeddings [N, width], e.g. a model's logits or `LinkPredictor.embed`
 * @returns an SVG document
 * @throws if classes are not as many as rows
 *
 * @example
 * ```ts
 * import { drawEmbeddings, matrix } from '@heed/graph';
 * drawEmbeddings(matrix([[0, 1, 0], [1, 0, 0], [1, 1, 1]]), { classes: [0, 1, 1] }); // <svg …
 * ```
 */
export function drawEmbeddings(embeddings: Matrix, options: DrawEmbeddingsOptions = {}): string {
  const { classes, classNames = [], title, size = 640 } = options;
  const rows = embeddings.shape[0];
  if (classes !== undefined && classes.length !== rows) {
    throw new Error(`drawEmbeddings: classes must have one entry per row, got ${classes.length} for ${rows}`);
  }
  const places = fitted(principalPlane(embeddings), size);
  const colourOf = (index: number) => PALETTE[index % PALETTE.length];
  const dots = Array.from({ length: rows }, (_, row) =>
    circle(places[2 * row], places[2 * row + 1], 3, colourOf(classes?.[row] ?? 0), '#fff'),
  );
  const legend = classNames.map(
    (name, index) =>
      circle(14, 16 + 18 * index, 5, colourOf(index), '#fff') +
      `<text x="24" y="${20 + 18 * index}">${escapeMarkup(name)}</text>`,
  );
  return svg(size, title, [`<g>${dots.join('')}</g>`, `<g font-size="12">${legend.join('')}</g>`]);
}
