import * as tf from '@tensorflow/tfjs';
import type { Mask } from './mask.ts';

/**
 * Hides the padding at the end of each sequence: key j of sequence b is visible when j < lengths[b].
 *
 * @param lengths int32 [B]; numbers are taken as constants, a tensor may change between calls of a recorded step
 * @throws if a length is negative or no integer
 */
export function padding(lengths: tf.Tensor1D | readonly number[]): Mask {
  if (!(lengths instanceof tf.Tensor)) {
    const wrong = lengths.find((length) => !Number.isInteger(length) || length < 0);
    if (wrong !== undefined) throw new Error(`padding: lengths must be non-negative integers, got ${wrong}`);
  } else if (lengths.rank !== 1) {
    throw new Error(`padding: lengths must have shape [B], got [${lengths.shape}]`);
  }
  const known = lengths instanceof tf.Tensor ? undefined : lengths;
  return {
    description: known === undefined ? 'padding(tensor)' : `padding([${known.join(', ')}])`,
    allowed({ keys }) {
      return tf.tidy(() => {
        const limits = lengths instanceof tf.Tensor ? tf.cast(lengths, 'int32') : tf.tensor1d([...lengths], 'int32');
        const positions = tf.range(keys.start, keys.end, 1, 'int32');
        return tf.less(positions, tf.reshape(limits, [-1, 1, 1, 1])); // [B, 1, 1, keys]
      });
    },
    occupancy({ keys }) {
      if (known === undefined) return 'mixed';
      if (known.every((length) => length >= keys.end)) return 'full';
      return known.every((length) => length <= keys.start) ? 'empty' : 'mixed';
    },
    mayHideAll: () => known === undefined || known.some((length) => length === 0),
  };
}
