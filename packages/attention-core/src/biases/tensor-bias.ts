import * as tf from '@tensorflow/tfjs';
import { byPosition } from '../masks/from-tensor.ts';
import type { Bias } from './bias.ts';

/**
 * A bias given as a tensor, to which gradients flow.
 *
 * @param tensor float32 [L, S], [H, L, S] or [B, H, L, S], with 1 for a dimension that is the same throughout
 * @throws if the rank is none of these
 */
export function tensorBias(tensor: tf.Tensor): Bias {
  if (tensor.rank < 2 || tensor.rank > 4) {
    throw new Error(`tensorBias: tensor must have shape [L, S], [H, L, S] or [B, H, L, S], got [${tensor.shape}]`);
  }
  const [rows, columns] = tensor.shape.slice(-2) as [number, number];
  const leading = tensor.shape.slice(0, -2);
  return {
    description: `tensorBias([${tensor.shape}])`,
    values(region) {
      const { queries, keys, queryLength, keyLength, place } = region;
      if (place !== undefined) return tf.tidy(() => byPosition(tensor, region));
      if ((rows !== 1 && rows !== queryLength) || (columns !== 1 && columns !== keyLength)) {
        throw new Error(`tensorBias: bias [${tensor.shape}] does not fit ${queryLength} queries and ${keyLength} keys`);
      }
      const begin = [...leading.map(() => 0), rows === 1 ? 0 : queries.start, columns === 1 ? 0 : keys.start];
      const size = [
        ...leading,
        rows === 1 ? 1 : queries.end - queries.start,
        columns === 1 ? 1 : keys.end - keys.start,
      ];
      return tf.slice(tensor, begin, size);
    },
  };
}
