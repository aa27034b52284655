import * as tf from '@tensorflow/tfjs';

/** Rows and columns of patches. */
export type Grid = readonly [rows: number, columns: number];

/** Keys 1981; torch has a = −0.75. */
const A = -0.75;

/**
 * Learned positions of one grid for another: bicubic, without antialias, as torch's `interpolate(mode='bicubic', align_corners=False)` and with it
 * the ViT of transformers do it. Gradients flow to the table.
 *
 * @param table [rows · columns, M], row by row
 * @returns [rows' · columns', M]; the table itself where the grids are equal
 */
export function resizedPositions(table: tf.Tensor2D, from: Grid, to: Grid): tf.Tensor2D {
  if (from[0] === to[0] && from[1] === to[1]) return table;
  const width = table.shape[1];
  return tf.tidy(() => {
    const byRow = tf.reshape(table, [from[0], from[1] * width]);
    const rows = tf.matMul(interpolation(from[0], to[0]), byRow as tf.Tensor2D); // [rows', columns · M]
    const byColumn = tf.transpose(tf.reshape(rows, [to[0], from[1], width]), [1, 0, 2]); // [columns, rows', M]
    const columns = tf.matMul(
      interpolation(from[1], to[1]),
      tf.reshape(byColumn, [from[1], to[0] * width]) as tf.Tensor2D,
    ); // [columns', rows' · M]
    return tf.reshape(tf.transpose(tf.reshape(columns, [to[1], to[0], width]), [1, 0, 2]), [to[0] * to[1], width]);
  });
}

/** What each place of a resized line takes from each old one: [outputs, inputs]. Beyond the ends stands the last one. */
function interpolation(inputs: number, outputs: number): tf.Tensor2D {
  const matrix = new Float32Array(outputs * inputs);
  for (let output = 0; output < outputs; output++) {
    const centre = ((output + 0.5) * inputs) / outputs - 0.5;
    const base = Math.floor(centre);
    for (let offset = -1; offset <= 2; offset++) {
      const place = Math.min(inputs - 1, Math.max(0, base + offset));
      matrix[output * inputs + place] += cubic(Math.abs(centre - base - offset));
    }
  }
  return tf.tensor2d(matrix, [outputs, inputs]);
}

function cubic(x: number): number {
  if (x < 1) return ((A + 2) * x - (A + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * A : 0;
}
