import * as tf from '@tensorflow/tfjs';
import { keyPositions, type Mask } from './mask.ts';

/**
 * Hides the padding at the end of each sequence: key j of sequence b is visible when j < lengths[b].
 *
 * @param lengths int32 [B]; numbers are taken as constants, a tensor may change between calls of a recorded step
 * @throws if a length is negative or no integer
 */
export function padding(lengths: tf.Tensor1D | readonly number[]): Mask {
  if (!(lengths instanceof tf.Tensor)) {
    const wrong = lengths.find((length) => !isLength(length));
    if (wrong !== undefined) throw new Error(`padding: lengths must be non-negative integers, got ${wrong}`);
  } else if (lengths.rank !== 1) {
    throw new Error(`padding: lengths must have shape [B], got [${lengths.shape}]`);
  }
  return keysBelow('padding', lengths);
}

/**
 * Shows every query the first n keys. `or(causal(), prefix(n))` is the mask of a prefix language model: the prefix sees itself
 * both ways, the rest what came before it (Raffel et al. 2020).
 *
 * @param n one number for all sequences, or int32 [B]
 * @throws if n is negative or no integer
 *
 * @example
 * ```ts
 * import { causal, or, prefix, printMask } from '@heed/attention-core';
 * printMask(or(causal(), prefix(2)), 3, 3);
 * // ■ ■ ·
 * // ■ ■ ·
 * // ■ ■ ■
 * ```
 */
export function prefix(n: number | tf.Tensor1D): Mask {
  if (n instanceof tf.Tensor ? n.rank !== 1 : !isLength(n)) {
    throw new Error(
      `prefix: n must be a non-negative integer or a tensor [B], got ${n instanceof tf.Tensor ? `[${n.shape}]` : n}`,
    );
  }
  return keysBelow('prefix', n instanceof tf.Tensor ? n : [n], n);
}

/** Key j of sequence b is visible when j < limits[b]. */
function keysBelow(name: string, limits: tf.Tensor1D | readonly number[], written: unknown = limits): Mask {
  const known = limits instanceof tf.Tensor ? undefined : limits;
  return {
    description: `${name}(${written instanceof tf.Tensor ? 'tensor' : JSON.stringify(written).replaceAll(',', ', ')})`,
    allowed(region) {
      return tf.tidy(() => {
        const last = limits instanceof tf.Tensor ? tf.cast(limits, 'int32') : tf.tensor1d([...limits], 'int32');
        return tf.less(keyPositions(region), tf.reshape(last, [-1, 1, 1, 1])); // [B, 1, 1, keys]
      });
    },
    occupancy({ keys }) {
      if (known === undefined) return 'mixed';
      if (known.every((limit) => limit >= keys.end)) return 'full';
      return known.every((limit) => limit <= keys.start) ? 'empty' : 'mixed';
    },
    mayHideAll: () => known === undefined || known.some((limit) => limit === 0),
  };
}

function isLength(value: number): boolean {
  return Number.isInteger(value) && value >= 0;
}
