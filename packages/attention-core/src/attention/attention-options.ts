import type * as tf from '@tensorflow/tfjs';
import type { Bias } from '../biases/bias.ts';
import type { Mask } from '../masks/mask.ts';
import type { Normaliser } from '../normalisers/normaliser.ts';
import type { RandomStream } from '../random/random-stream.ts';
import type { Score } from '../scores/score.ts';
import type { Combiner } from './combiner.ts';

export interface AttentionOptions {
  /** [B, H, L, D], or [B, L, D] for a single head. */
  readonly query: tf.Tensor;
  /** [B, K, S, D'] with H a multiple of K (grouped queries), or [B, S, D']. */
  readonly key: tf.Tensor;
  /** [B, K, S, Dv], or [B, S, Dv]. */
  readonly value: tf.Tensor;
  /** Default `scaledDot()`. */
  readonly score?: Score;
  /** Added to the scores. */
  readonly bias?: Bias | undefined;
  /** Which keys each query may see. Default: all. */
  readonly mask?: Mask | undefined;
  /** Default `softmax()`. */
  readonly normaliser?: Normaliser;
  /** Default `weightedSum()`. */
  readonly combiner?: Combiner;
  /** Probability with which a weight is dropped during training. Default 0. */
  readonly dropout?: number;
  /** Passing one is training mode. */
  readonly random?: RandomStream | undefined;
  /**
   * How it is computed. `dense` builds the weights [B, H, L, S]. `blockwise` makes them block by block, forward and backward, and
   * skips what the mask hides; it is for `softmax` and `weightedSum`. The result is the same, but for which weights dropout
   * drops. Default `auto`: one op of the backend where it has one and nothing asks for the weights (native TensorFlow; no bias, no
   * dropout, scores that are products, a band or a small mask). Otherwise blockwise where it can be and either B · H · L · S is large
   * (from 2^22 on, from 2^24 on where a gradient is taken) or the mask hides a quarter of it (from 2^20 on).
   */
  readonly path?: 'auto' | 'dense' | 'blockwise';
  /** How captured maps call this attention. Default `attention`. */
  readonly name?: string;
}
