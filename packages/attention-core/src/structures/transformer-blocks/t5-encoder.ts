import * as tf from '@tensorflow/tfjs';
import { T5Bias } from '../../biases/t5.ts';
import type { Activation } from '../../layers/activations.ts';
import { dropout } from '../../layers/dropout.ts';
import { requireIntegers } from '../../arguments/require-integers.ts';
import { RmsNorm } from '../../layers/rms-norm.ts';
import type { Mask } from '../../masks/mask.ts';
import { Module } from '../../module/module.ts';
import type { RandomStream } from '../../random/random-stream.ts';
import type { Random } from '../../random/random.ts';
import { dot } from '../../scores/dot.ts';
import type { BlockConfig } from './block-config.ts';
import { EncoderBlock } from './encoder-block.ts';

/** What T5's encoder and decoder have in common, with the names of Hugging Face's `T5Config` beside. */
export interface T5StackConfig {
  /** M: `d_model`. */
  readonly modelWidth: number;
  /** Blocks: `num_layers`, `num_decoder_layers`. */
  readonly layers: number;
  /** H: `num_heads`. */
  readonly heads: number;
  /** D: `d_kv`; H · D need not be M. Default M / H. */
  readonly headWidth?: number;
  /** `d_ff`. */
  readonly hiddenWidth: number;
  /** `feed_forward_proj`: `relu`; gated, `gelu-tanh` (`gated-gelu`, T5 1.1). Default `relu`. */
  readonly activation?: Activation;
  /** Whether the feed-forward parts are gated. Default false. */
  readonly gated?: boolean;
  /** `relative_attention_num_buckets`. Default 32. */
  readonly buckets?: number;
  /** `relative_attention_max_distance`. Default 128. */
  readonly maxDistance?: number;
  /** `layer_norm_epsilon`. Default 1e-6. */
  readonly epsilon?: number;
  /** `dropout_rate`: on the input, each part, attention weights and the result. Default 0. */
  readonly dropout?: number;
  /** How captured maps call the stack: `<name>.0`, `<name>.1`, … Default `encoder` and `decoder`. */
  readonly name?: string;
  readonly random: Random;
}

export interface T5EncoderInputs {
  /** Which positions may be seen, e.g. `padding(lengths)`. */
  readonly mask?: Mask | undefined;
  readonly random?: RandomStream | undefined;
}

/**
 * T5's encoder (Raffel et al. 2020): pre-norm blocks without biases, RMS norm, scores that are not scaled, one relative position bias for all
 * blocks, a last norm. It takes embeddings, so a model brings its own (Chronos its bins). Published weights load through `t5StackRules` of
 * @heed/training.
 *
 * Deviation: new weights are those of the layers; T5's are normal with a deviation of their own for each matrix.
 *
 * @throws as `MultiHeadAttention`, `T5Bias` and `Linear`, on sizes that do not fit
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { padding, Random, T5Encoder } from '@heed/attention-core';
 * const sizes = { modelWidth: 16, layers: 2, heads: 3, headWidth: 8, hiddenWidth: 32 }; // 3 · 8 is wider than 16
 * const encoder = new T5Encoder({ ...sizes, gated: true, activation: 'gelu-tanh', random: new Random(7) });
 * encoder.forward(tf.ones([2, 5, 16]), { mask: padding([5, 3]) }).shape; // [2, 5, 16]
 * ```
 */
export class T5Encoder extends Module {
  readonly blocks: readonly EncoderBlock[];
  readonly bias: T5Bias;
  readonly norm: RmsNorm;
  private readonly dropoutRate: number;

  constructor(config: T5StackConfig) {
    super();
    const parts = t5Parts('T5Encoder', 'both', config);
    const { name = 'encoder' } = config;
    this.blocks = parts.layers.map((i) => new EncoderBlock({ ...parts.block, name: `${name}.${i}` }));
    this.bias = parts.bias;
    this.norm = parts.norm;
    this.dropoutRate = config.dropout ?? 0;
  }

  /** @param x embeddings [B, S, M] @returns [B, S, M] */
  forward(x: tf.Tensor, { mask, random }: T5EncoderInputs = {}): tf.Tensor {
    return tf.tidy(() => {
      let hidden = dropout(x, this.dropoutRate, random);
      for (const block of this.blocks) hidden = block.forward(hidden, { mask, bias: this.bias, random });
      return dropout(this.norm.forward(hidden), this.dropoutRate, random);
    });
  }
}

/** What a stack is made of. The first block's bias stands for all. */
export function t5Parts(owner: string, direction: 'both' | 'past', config: T5StackConfig) {
  const { modelWidth, heads, buckets, maxDistance, epsilon, random } = config;
  requireIntegers(owner, { layers: config.layers });
  const block: BlockConfig = {
    modelWidth,
    heads,
    hiddenWidth: config.hiddenWidth,
    activation: config.activation ?? 'relu',
    gated: config.gated ?? false,
    dropout: config.dropout ?? 0,
    ...(config.headWidth === undefined ? {} : { headWidth: config.headWidth }),
    ...(epsilon === undefined ? {} : { epsilon }),
    bias: false,
    feedForwardBias: false,
    norm: 'rms',
    placement: 'pre',
    score: dot(),
    random,
  };
  return {
    block,
    layers: [...Array(config.layers).keys()],
    bias: new T5Bias({
      heads,
      direction,
      ...(buckets === undefined ? {} : { buckets }),
      ...(maxDistance === undefined ? {} : { maxDistance }),
      random,
    }),
    norm: new RmsNorm({ width: modelWidth, ...(epsilon === undefined ? {} : { epsilon }) }),
  };
}
