import * as tf from '@tensorflow/tfjs';
import type { Range } from '../masks/mask.ts';
import { ranges } from './block-plan.ts';

/** Gradients of keys or values [B, K, S, D], added up part by part along S. */
export class KeySums {
  private readonly sums: (tf.Tensor | undefined)[];
  private whole: tf.Tensor | undefined;

  /** @param size all parts begin at a multiple of it, and end at one or at S */
  constructor(
    private readonly shape: readonly number[],
    private readonly size: number,
  ) {
    this.sums = ranges(0, shape[2], size).map(() => undefined);
  }

  /** Adds `gradient` [B, K, keys, D] and takes it over. */
  add({ start, end }: Range, gradient: tf.Tensor): void {
    if (end - start === this.shape[2]) {
      this.whole = sum(this.whole, gradient);
      return;
    }
    const pieces = ranges(start, end, this.size);
    const split =
      pieces.length === 1
        ? [gradient]
        : tf.split(
            gradient,
            pieces.map((piece) => piece.end - piece.start),
            2,
          );
    if (pieces.length > 1) gradient.dispose();
    pieces.forEach((piece, i) => {
      const at = piece.start / this.size;
      this.sums[at] = sum(this.sums[at], split[i]);
    });
  }

  /** [B, K, S, D]; zeros where nothing was added. The parts are disposed. */
  total(): tf.Tensor {
    if (this.sums.every((part) => part === undefined)) return this.whole ?? tf.zeros([...this.shape]);
    const [batch, heads, length, width] = this.shape;
    const parts = ranges(0, length, this.size).map(
      ({ start, end }, i) => this.sums[i] ?? tf.zeros([batch, heads, end - start, width]),
    );
    const joined = parts.length === 1 ? parts[0] : tf.concat(parts, 2);
    if (parts.length > 1) tf.dispose(parts);
    return sum(this.whole, joined);
  }
}

function sum(a: tf.Tensor | undefined, b: tf.Tensor): tf.Tensor {
  if (a === undefined) return b;
  const total = tf.add(a, b);
  tf.dispose([a, b]);
  return total;
}
