import * as tf from '@tensorflow/tfjs';
import type { Mask } from './mask.ts';

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
    allowed({ queries, keys, queryLength, keyLength }) {
      const [rows, columns] = shape.slice(-2);
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
