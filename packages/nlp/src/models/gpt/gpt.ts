/**
 * GPT: a decoder that tells the next token from those before it.
 *
 * - Radford et al. 2019, "Language models are unsupervised multitask learners" (GPT-2).
 * - Karpathy 2022, nanoGPT: the preset `shakespeare-char`.
 * - Press & Wolf 2017, "Using the output embedding to improve language models": the tied head.
 *
 * Blocks are pre-norm, GELU is the tanh approximation, positions are learned: as in Hugging Face's `GPT2LMHeadModel`, whose weights load
 * through `gptNames`. New weights are those of GPT-2: N(0, 0.02²), those that end a residual branch divided by √(2 · layers), biases 0.
 *
 * Deviations. Dropout also falls inside the feed-forward parts. New positions are sinusoids of GPT-2's deviation, so that one linear map leads from each
 * to its neighbour: in few steps more is learnt.
 */
import {
  causal,
  dropout,
  Embedding,
  EncoderBlock,
  LayerNorm,
  LearnedPositions,
  Module,
  Random,
  StaticCache,
  type KeyValueCache,
  Linear,
  type RandomStream,
} from '@heed/attention-core';
import { crossEntropy, parseConfig } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { CausalModel } from '@heed/tasks';

/** What a GPT is. JSON, and enough to make the model again. */
export interface GptConfig {
  /** Number of tokens: token indices lie in [0, vocabularySize). */
  readonly vocabularySize: number;
  /** The most tokens that are seen at once: as many positions are learned. */
  readonly maximumLength: number;
  /** Width of the hidden states. */
  readonly modelWidth: number;
  readonly layers: number;
  /** Attention heads of each layer; `modelWidth` is a multiple. */
  readonly heads: number;
  /** Width inside the feed-forward parts; 4 × modelWidth in the paper. */
  readonly feedForwardWidth: number;
  /** The ε of every layer norm; 1e-5 in the paper. */
  readonly epsilon: number;
  /** Share of embeddings and of each part's results that is dropped in training. */
  readonly dropout: number;
  /** Share of attention weights that is dropped in training. */
  readonly attentionDropout: number;
  /** Whether the logits are made by a matrix of their own, not by the table of tokens. Default false, as in the paper. */
  readonly untiedHead?: boolean;
}

const width = z.number().int().min(1);
const share = z.number().min(0).lt(1);
const schema = z
  .strictObject({
    vocabularySize: width,
    maximumLength: width,
    modelWidth: width,
    layers: width,
    heads: width,
    feedForwardWidth: width,
    epsilon: z.number().positive(),
    dropout: share,
    attentionDropout: share,
    untiedHead: z.boolean().exactOptional(),
  })
  .refine(({ modelWidth, heads }) => modelWidth % heads === 0, {
    path: ['modelWidth'],
    message: 'must be a multiple of heads',
  });

/** What a training step sees: tokens, and which should have come next. */
export type NextTokenBatch = {
  /** int32 [B, L] with values in [0, vocabularySize). */
  readonly tokens: tf.Tensor2D;
  /** int32 [B, L]: the token after each; −100 where none is asked for. */
  readonly targets: tf.Tensor2D;
};

/** How a GPT runs. */
export interface GptMode {
  /** Passing one is training mode. */
  readonly random?: RandomStream | undefined;
  /** What earlier calls saw, one cache for each layer (`createCaches`); the tokens go on from there. */
  readonly caches?: readonly KeyValueCache[] | undefined;
}

/**
 * GPT-2's decoder with its head, tied unless the config says otherwise. Maps are captured under `layer 1`, `layer 2`, …
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { createGpt, gptPresets } from '@heed/nlp';
 * const gpt = createGpt({ ...gptPresets['shakespeare-char'], layers: 1 }, 7);
 * const tokens = tf.tensor2d([[20, 43, 50]], [1, 3], 'int32');
 * gpt.forward(tokens).shape; // [1, 3, 65]
 *
 * const caches = gpt.createCaches(1, 64);
 * gpt.next(tokens, { caches }).shape; // [1, 65]: what comes after the third
 * gpt.next(tf.tensor2d([[50]], [1, 1], 'int32'), { caches }).shape; // [1, 65]: after the fourth
 * for (const cache of caches) cache.dispose();
 * ```
 */
export class Gpt extends Module implements CausalModel {
  readonly config: Readonly<GptConfig>;
  readonly tokens: Embedding;
  readonly positions: LearnedPositions;
  readonly layers: readonly EncoderBlock[];
  readonly norm: LayerNorm;
  /** Makes the logits where the table of tokens does not. */
  readonly head: Linear | undefined;

  /** @throws if a field of the config is out of range, naming it and its value */
  constructor(config: GptConfig, random: Random) {
    super();
    this.config = parseConfig('Gpt', schema, config);
    const { vocabularySize, maximumLength, modelWidth, heads, epsilon, dropout, attentionDropout } = this.config;
    this.tokens = new Embedding({ size: vocabularySize, width: modelWidth, deviation: 0.02, random });
    this.positions = new LearnedPositions({ length: maximumLength, width: modelWidth, initial: 'sinusoidal', random });
    this.layers = Array.from(
      { length: this.config.layers },
      (_, layer) =>
        new EncoderBlock({
          modelWidth,
          heads,
          hiddenWidth: this.config.feedForwardWidth,
          activation: 'gelu-tanh',
          placement: 'pre',
          epsilon,
          dropout,
          attentionDropout,
          name: `layer ${layer + 1}`,
          random,
        }),
    );
    this.norm = new LayerNorm({ width: modelWidth, epsilon });
    this.head = this.config.untiedHead
      ? new Linear({ inputs: modelWidth, outputs: vocabularySize, bias: false, random })
      : undefined;
    if (this.head) beginAt(this.head, 0.02, random);
    const ending = 0.02 / Math.sqrt(2 * this.config.layers);
    for (const { attention, feedForward } of this.layers) {
      const { query, key, value } = attention;
      for (const layer of [query, key, value, feedForward.hidden]) beginAt(layer, 0.02, random);
      for (const layer of [attention.output, feedForward.output]) beginAt(layer, ending, random);
    }
  }

  /**
   * The logits of the token after each: [B, L, V].
   *
   * @param tokens int32 [B, L]
   * @throws if there are more than `maximumLength` tokens
   */
  forward(tokens: tf.Tensor2D, mode: GptMode = {}): tf.Tensor3D {
    return tf.tidy(() => this.logits(this.hiddenStates(tokens, mode))) as tf.Tensor3D;
  }

  /** The logits of the token after the last: [B, V]. @throws as `forward` */
  next(tokens: tf.Tensor2D, mode: GptMode = {}): tf.Tensor2D {
    return tf.tidy(() => {
      const hidden = this.hiddenStates(tokens, mode); // [B, L, M]
      const [batch, length, width] = hidden.shape as [number, number, number];
      const last = tf.reshape(tf.slice(hidden, [0, length - 1, 0], [batch, 1, width]), [batch, width]); // [B, M]
      return this.logits(last) as tf.Tensor2D;
    });
  }

  /** Mean cross-entropy of the next tokens, in nats: a scalar. @throws as `forward` */
  loss({ tokens, targets }: NextTokenBatch, { random }: Pick<GptMode, 'random'> = {}): tf.Scalar {
    return tf.tidy(() => crossEntropy(this.forward(tokens, { random }), targets));
  }

  /** Caches of fixed size, so that a recorded step is replayed. @throws if `length` is more than `maximumLength` */
  createCaches(batch: number, length: number): KeyValueCache[] {
    this.requireLength(length);
    return this.layers.map(({ attention }) => new StaticCache({ batch, length, ...attention.cacheShape }));
  }

  /** After the last normalisation: [B, L, M]. */
  private hiddenStates(tokens: tf.Tensor2D, { random, caches }: GptMode): tf.Tensor {
    const length = tokens.shape[1];
    this.requireLength(length);
    if (caches !== undefined && caches.length !== this.layers.length) {
      throw new Error(`Gpt: caches must be one for each of ${this.layers.length} layers, got ${caches.length}`);
    }
    const positions = this.positions.forward(length, caches?.[0].start()); // [L, M]
    const embedded = dropout(tf.add(this.tokens.forward(tokens), positions), this.config.dropout, random); // [B, L, M]
    const mask = caches === undefined ? causal() : undefined; // a cache brings causality itself
    const hidden = this.layers.reduce<tf.Tensor>(
      (x, layer, i) => layer.forward(x, { mask, random, cache: caches?.[i] }),
      embedded,
    );
    return this.norm.forward(hidden);
  }

  /** @param hidden [..., M] @returns [..., V] */
  private logits(hidden: tf.Tensor): tf.Tensor {
    const { vocabularySize, modelWidth } = this.config;
    const rows = tf.reshape(hidden, [-1, modelWidth]);
    const logits = this.head?.forward(rows) ?? tf.matMul(rows, this.tokens.weight, false, true); // [rows, V]
    return tf.reshape(logits, [...hidden.shape.slice(0, -1), vocabularySize]);
  }

  private requireLength(length: number): void {
    const { maximumLength } = this.config;
    if (length > maximumLength) {
      throw new Error(`Gpt: texts must be of at most maximumLength=${maximumLength} tokens, got ${length}`);
    }
  }
}

/** A GPT from its config and a seed. */
export function createGpt(config: GptConfig, seed: number): Gpt {
  return new Gpt(config, new Random(seed));
}

/** Normal weights of mean 0, biases 0. */
function beginAt({ weight, bias }: Linear, deviation: number, random: Random): void {
  tf.tidy(() => {
    weight.assign(tf.tensor2d(random.normals(weight.size, 0, deviation), weight.shape));
    bias?.assign(tf.zeros(bias.shape));
  });
}
