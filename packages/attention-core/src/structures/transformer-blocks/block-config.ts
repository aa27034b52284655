import * as tf from '@tensorflow/tfjs';
import type { MultiHeadAttentionConfig } from '../../attention/multi-head-attention.ts';
import type { Activation } from '../../layers/activations.ts';
import { dropout } from '../../layers/dropout.ts';
import { createNorm, type Norm, type NormKind } from '../../layers/norm.ts';
import type { RandomStream } from '../../random/random-stream.ts';

/** What Transformer blocks have in common. Fields of the attention go to every attention of the block. */
export interface BlockConfig extends Omit<MultiHeadAttentionConfig, 'dropout' | 'memoryWidth'> {
  /** Width inside the feed-forward part. Default 4 × modelWidth. */
  readonly hiddenWidth?: number;
  /** Whether the feed-forward part has biases; `bias` is about the attentions. Default true. */
  readonly feedForwardBias?: boolean;
  /** Default `relu`, as in Vaswani et al. 2017. */
  readonly activation?: Activation;
  /** Whether the feed-forward part is gated, as in T5 1.1 and Llama. Default false. */
  readonly gated?: boolean;
  /**
   * Where normalisation stands: `post`, after the residual sum (Vaswani et al. 2017, BERT), or `pre`, before each part
   * (GPT-2, ViT), which trains without warm-up. Default `pre`.
   */
  readonly placement?: 'pre' | 'post';
  /** Default `layer`. */
  readonly norm?: NormKind;
  /** The normalisation's ε. Default: that of its kind. */
  readonly epsilon?: number;
  /** Dropout on each part's result and inside the feed-forward part. Default 0. */
  readonly dropout?: number;
  /** Dropout on attention weights. Default: `dropout`. */
  readonly attentionDropout?: number;
}

/** The configs of a block's parts. */
export function partsOf({
  modelWidth,
  hiddenWidth = 4 * modelWidth,
  feedForwardBias = true,
  activation = 'relu',
  gated = false,
  norm = 'layer',
  epsilon,
  dropout = 0,
  attentionDropout = dropout,
  random,
  ...config
}: BlockConfig) {
  return {
    attention: { ...config, modelWidth, random, dropout: attentionDropout },
    feedForward: { modelWidth, hiddenWidth, bias: feedForwardBias, activation, gated, dropout, random },
    norm: (width = modelWidth): Norm => createNorm(norm, { width, ...(epsilon === undefined ? {} : { epsilon }) }),
  };
}

/** How a block's parts are joined to the stream of hidden states. */
export class Residual {
  constructor(
    private readonly placement: 'pre' | 'post',
    private readonly dropoutRate: number,
  ) {}

  /** `post`: norm(x + part(x)); `pre`: x + part(norm(x)). The part's result goes through dropout. */
  add(x: tf.Tensor, norm: Norm, random: RandomStream | undefined, part: (x: tf.Tensor) => tf.Tensor): tf.Tensor {
    if (this.placement === 'pre') return tf.add(x, dropout(part(norm.forward(x)), this.dropoutRate, random));
    return norm.forward(tf.add(x, dropout(part(x), this.dropoutRate, random)));
  }
}
