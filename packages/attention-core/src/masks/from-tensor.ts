import * as tf from '@tensorflow/tfjs';
import { atSomePositions, keyPositions, queryPositions, type Mask, type MaskRegion } from './mask.ts';

/**
 * A mask given as a tensor.
 *
 * @param tensor boolean (or int32, 0 and 1), true where the query may see the key; [L, S], [B, L, S] (one for all heads) or [B, H, L, S],
 *   with 1 for a dimension that is the same throughout
 * @throws if the rank is none of these, or the tensor is float32
 */
export function fromTensor(tensor: tf.Tensor): Mask {
  if (tensor.rank < 2 || tensor.rank > 4) {
    throw new Error(`fromTensor: tensor must have shape [L, S], [B, L, S] or [B, H, L, S], got [${tensor.shape}]`);
  }
  if (tensor.dtype !== 'bool' && tensor.dtype !== 'int32') {
    throw new Error(
      `fromTensor: tensor must be boolean, or int32 with 0 and 1, got ${tensor.dtype}; numbers to be added to scores are a \`tensorBias\``,
    );
  }
  const [batch, ...matrix] = tensor.shape;
  const shape: number[] = tensor.rank === 3 ? [batch, 1, ...matrix] : tensor.shape;
  return {
    description: `fromTensor([${tensor.shape}])`,
    allowed(region) {
      const { queries, keys, queryLength, keyLength, place } = region;
      const [rows, columns] = shape.slice(-2);
      if (place !== undefined) return tf.tidy(() => tf.cast(byPosition(tf.reshape(tensor, shape), region), 'bool'));
      if ((rows !== 1 && rows !== queryLength) || (columns !== 1 && columns !== keyLength)) {
        throw new Error(`fromTensor: mask [${tensor.shape}] does not fit ${queryLength} queries and ${keyLength} keys`);
      }
      return tf.tidy(() => {
        const leading = shape.slice(0, -2);
        const begin = [...leading.map(() => 0), rows === 1 ? 0 : queries.start, columns === 1 ? 0 : keys.start];
        const size = [
          ...leading,
          rows === 1 ? 1 : queries.end - queries.start,
          columns === 1 ? 1 : keys.end - keys.start,
        ];
        return tf.cast(tf.slice(tf.reshape(tensor, shape), begin, size), 'bool');
      });
    },
    occupancy: () => 'mixed',
    mayHideAll: () => true,
  };
}

/** Of a matrix [..., L, S] over a whole sequence, or with 1 for a dimension that is the same throughout, the part at a region's positions. */
export function byPosition(matrix: tf.Tensor, region: MaskRegion): tf.Tensor {
  const [rows, columns] = matrix.shape.slice(-2);
  const atRows = rows === 1 ? matrix : atSomePositions(matrix, queryPositions(region), matrix.rank - 2);
  return columns === 1 ? atRows : atSomePositions(atRows, keyPositions(region), matrix.rank - 1);
}
