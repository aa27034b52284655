import * as tf from '@tensorflow/tfjs';
import type { HeadPositions } from '../attention/head-positions.ts';
import { withGradient } from '../autodiff/with-gradient.ts';
import { dynamicFrequencies, rotaryFrequencies, type RotaryScaling } from './rotary-frequencies.ts';

/**
 * Which two dimensions make a pair. `halves`: dimension i and i + width/2 (GPT-NeoX, Llama in Hugging Face's form).
 * `interleaved`: 2i and 2i + 1 (the paper, GPT-J, Llama's own weights).
 */
export type RotaryLayout = 'halves' | 'interleaved';

export interface RotaryConfig {
  /** D: width of each head. */
  readonly headWidth: number;
  /** How many of the first dimensions are rotated; even. Default D (GPT-NeoX and Phi rotate a part). */
  readonly rotatedWidth?: number;
  /** The longest wavelength is 2π times about this. Default 10 000. */
  readonly base?: number;
  /** Default `halves`. */
  readonly layout?: RotaryLayout;
  /** For sequences longer than the trained ones. */
  readonly scaling?: RotaryScaling;
}

/** Sine and cosine of the angle of each position and pair: [L, rotatedWidth / 2], or [B, L, rotatedWidth / 2]. */
export interface RotaryTables {
  readonly cos: tf.Tensor;
  readonly sin: tf.Tensor;
}

/**
 * Rotary position embedding (RoFormer, Su et al. 2021): each pair of dimensions of queries and keys is turned by an angle
 * proportional to the position, so that their dot product depends on the distance alone.
 *
 *     (x₁, x₂) ↦ (x₁ cos pθ − x₂ sin pθ, x₂ cos pθ + x₁ sin pθ),   θᵢ = base^(−2i/width)
 *
 * @throws if rotatedWidth is odd or greater than headWidth
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { attention, causal, RotaryPositions } from '@heed/attention-core';
 * const rotary = new RotaryPositions({ headWidth: 8 });
 * const x = tf.ones([1, 2, 5, 8]); // [B, H, L, D]
 * const turned = rotary.apply(x);
 * attention({ query: turned, key: turned, value: x, mask: causal() }).shape; // [1, 2, 5, 8]
 * ```
 */
export class RotaryPositions implements HeadPositions {
  private readonly width: number;
  private readonly base: number;
  private readonly layout: RotaryLayout;
  private readonly scaling: RotaryScaling | undefined;

  constructor({ headWidth, rotatedWidth = headWidth, base = 10_000, layout = 'halves', scaling }: RotaryConfig) {
    if (!Number.isInteger(rotatedWidth) || rotatedWidth % 2 !== 0 || rotatedWidth < 2 || rotatedWidth > headWidth) {
      throw new Error(
        `RotaryPositions: rotatedWidth must be even and at most headWidth, got rotatedWidth=${rotatedWidth}, headWidth=${headWidth}`,
      );
    }
    this.width = rotatedWidth;
    this.base = base;
    this.layout = layout;
    this.scaling = scaling;
  }

  /**
   * Turns queries or keys.
   *
   * @param x [B, H, L, D]
   * @param start position of the first: a number, or an int32 scalar (a cache's length in a recorded step). Default 0
   * @param length of the whole sequence, which `dynamic` scaling asks for. Default: `start` + L
   */
  apply(x: tf.Tensor, start: number | tf.Tensor = 0, length?: number | tf.Tensor): tf.Tensor {
    return tf.tidy(() => {
      const count = x.shape.at(-2)!;
      const positions = tf.add(tf.range(0, count), tf.cast(start, 'float32'));
      const whole = length ?? (typeof start === 'number' ? start + count : tf.add(tf.cast(start, 'float32'), count));
      return rotate(x, this.tables(positions, whole), { layout: this.layout });
    });
  }

  /** Whether angles depend on the length of the sequence: with `dynamic` scaling. */
  get dependsOnLength(): boolean {
    return this.scaling?.type === 'dynamic';
  }

  /**
   * The tables of any positions.
   *
   * @param positions [L], or [B, L] where sequences differ
   * @param length of the whole sequence, which `dynamic` scaling asks for: a number, or a scalar in recorded steps. Default: the number of positions
   */
  tables(positions: tf.Tensor, length: number | tf.Tensor = positions.shape.at(-1)!): RotaryTables {
    const known = typeof length === 'number' ? length : 0; // asked by `dynamic` scaling alone
    const { frequencies, attentionFactor } = rotaryFrequencies(this.width, this.base, this.scaling, known);
    return tf.tidy(() => {
      const ofLength =
        typeof length === 'number' ? undefined : dynamicFrequencies(this.width, this.base, this.scaling, length);
      const angles = tf.mul(tf.expandDims(tf.cast(positions, 'float32'), -1), ofLength ?? tf.tensor1d(frequencies)); // [..., L, width/2]
      const [cos, sin] = [tf.cos(angles), tf.sin(angles)];
      if (attentionFactor === 1) return { cos, sin };
      return { cos: tf.mul(cos, attentionFactor), sin: tf.mul(sin, attentionFactor) };
    });
  }
}

/**
 * Turns pairs of dimensions by given tables, with one fused gradient (by x; the tables have none). Dimensions beyond the
 * tables' pairs stay as they are.
 *
 * @param x [B, H, L, D]
 * @param tables of [L, R/2] or [B, L, R/2] with R ≤ D
 */
export function rotate(
  x: tf.Tensor,
  { cos, sin }: RotaryTables,
  { layout = 'halves' }: { readonly layout?: RotaryLayout } = {},
): tf.Tensor {
  const [length, pairs] = cos.shape.slice(-2) as [number, number];
  if (x.rank !== 4 || x.shape[2] !== length || x.shape[3]! < 2 * pairs || String(cos.shape) !== String(sin.shape)) {
    throw new Error(
      `rotate: x must be [B, H, L, D] with tables [L, R/2] or [B, L, R/2], got x=[${x.shape}], cos=[${cos.shape}], sin=[${sin.shape}]`,
    );
  }
  return withGradient(
    [x],
    (x) => ({ value: turn(x, cos, sin, layout), saved: [cos, sin] }),
    (dy, [cos, sin]) => [turn(dy, cos, tf.neg(sin), layout)], // turned back
  );
}

function turn(x: tf.Tensor, cos: tf.Tensor, sin: tf.Tensor, layout: RotaryLayout): tf.Tensor {
  const [batch, heads, length, width] = x.shape as [number, number, number, number];
  const pairs = cos.shape.at(-1)!;
  const [c, s] = [cos, sin].map((table) => (table.rank === 3 ? tf.expandDims(table, 1) : table)); // [(B, 1,) L, pairs]
  const [turned, rest] = width === 2 * pairs ? [x] : tf.split(x, [2 * pairs, width - 2 * pairs], 3);
  const [first, second] =
    layout === 'halves' ? tf.split(turned, 2, 3) : tf.unstack(tf.reshape(turned, [batch, heads, length, pairs, 2]), 4); // [B, H, L, pairs] each
  const [y1, y2] = [tf.sub(tf.mul(first, c), tf.mul(second, s)), tf.add(tf.mul(second, c), tf.mul(first, s))];
  const joined =
    layout === 'halves' ? tf.concat([y1, y2], 3) : tf.reshape(tf.stack([y1, y2], 4), [batch, heads, length, 2 * pairs]);
  return rest === undefined ? joined : tf.concat([joined, rest], 3);
}
