/**
 * BERT: an encoder that reads a text from both sides.
 *
 * - Devlin, Chang, Lee, Toutanova 2019, "BERT: Pre-training of deep bidirectional transformers for language understanding".
 * - Wang et al. 2020, "MiniLM": the same architecture, smaller; Reimers, Gurevych 2019, "Sentence-BERT": what sentence embeddings are made
 *   from it.
 *
 * Blocks are post-norm, GELU is the exact one, ε is 1e-12, and the pooler is tanh of a linear layer on the first token: as in Hugging
 * Face's `BertModel`, whose weights load through `bertNames`.
 *
 * Deviation. A new model's linear layers begin as `Linear` does, and its positions as sinusoids of the paper's deviation, not from N(0, 0.02²); its
 * other embeddings are as in the paper.
 */
import {
  and,
  causal,
  dropout,
  Embedding,
  EncoderBlock,
  LayerNorm,
  LearnedPositions,
  Linear,
  Module,
  padding,
  Random,
  type Activation,
  type RandomStream,
} from '@heed/attention-core';
import { parseConfig } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';

/** What a BERT is. JSON, and enough to make the model again. */
export interface BertConfig {
  /** Number of tokens: token indices lie in [0, vocabularySize). */
  readonly vocabularySize: number;
  /** The longest text in tokens: as many positions are learned. */
  readonly maximumLength: number;
  /** Kinds of segments: 2 in the paper, for the first and the second sentence. */
  readonly tokenTypes: number;
  /** Width of the hidden states. */
  readonly modelWidth: number;
  readonly layers: number;
  /** Attention heads of each layer; `modelWidth` is a multiple. */
  readonly heads: number;
  /** Width inside the feed-forward parts; 4 × modelWidth in the paper. */
  readonly feedForwardWidth: number;
  readonly activation: Activation;
  /** The ε of every layer norm; 1e-12 in the paper. */
  readonly epsilon: number;
  /** Share of embeddings and of each part's results that is dropped in training. */
  readonly dropout: number;
  /** Share of attention weights that is dropped in training. */
  readonly attentionDropout: number;
  /** Whether each token sees those before it alone, as in a decoder: an encoder of equal size to compare with. Default false. */
  readonly causal?: boolean;
  /** Whether the head of pretraining has a last matrix of its own, not the table of tokens. Default false, as in the paper. */
  readonly untiedHead?: boolean;
}

const width = z.number().int().min(1);
const share = z.number().min(0).lt(1);
const schema = z
  .strictObject({
    vocabularySize: width,
    maximumLength: width,
    tokenTypes: width,
    modelWidth: width,
    layers: width,
    heads: width,
    feedForwardWidth: width,
    activation: z.enum(['relu', 'gelu', 'gelu-tanh', 'silu']),
    epsilon: z.number().positive(),
    dropout: share,
    attentionDropout: share,
    causal: z.boolean().default(false),
    untiedHead: z.boolean().exactOptional(),
  })
  .refine(({ modelWidth, heads }) => modelWidth % heads === 0, {
    path: ['modelWidth'],
    message: 'must be a multiple of heads',
  });

/** What a BERT reads: texts as tokens, padded at their ends. */
export type TokenBatch = {
  /** int32 [B, L] with values in [0, vocabularySize). */
  readonly tokens: tf.Tensor2D;
  /** How many tokens of each text are real: int32 [B]. */
  readonly lengths: tf.Tensor1D;
  /** Which segment each token is of: int32 [B, L]. Absent: all of the first. */
  readonly tokenTypes?: tf.Tensor2D;
};

/** What a BERT makes of its texts. */
export type BertOutput = {
  /** [B, L, M]; at padding they mean nothing. */
  readonly hiddenStates: tf.Tensor3D;
  /** What the pooler makes of the first token: [B, M]. */
  readonly pooled: tf.Tensor2D;
};

/** Sum of token, position and segment embeddings, normalised. */
class BertEmbeddings extends Module {
  readonly token: Embedding;
  readonly position: LearnedPositions;
  readonly tokenType: Embedding;
  readonly norm: LayerNorm;
  private readonly dropoutRate: number;

  constructor(config: BertConfig, random: Random) {
    super();
    const { vocabularySize, maximumLength, tokenTypes, modelWidth: width, epsilon } = config;
    this.token = new Embedding({ size: vocabularySize, width, deviation: 0.02, random });
    this.position = new LearnedPositions({ length: maximumLength, width, initial: 'sinusoidal', random });
    this.tokenType = new Embedding({ size: tokenTypes, width, deviation: 0.02, random });
    this.norm = new LayerNorm({ width, epsilon });
    this.dropoutRate = config.dropout;
  }

  /** @returns [B, L, M] */
  forward({ tokens, tokenTypes }: TokenBatch, random?: RandomStream): tf.Tensor {
    const types = this.tokenType.forward(tokenTypes ?? tf.zerosLike(tokens)); // [B, L, M]
    const sum = tf.add(tf.add(this.token.forward(tokens), types), this.position.forward(tokens.shape[1]));
    return dropout(this.norm.forward(sum), this.dropoutRate, random);
  }
}

/**
 * BERT's encoder with its pooler. Maps are captured under `layer 1`, `layer 2`, …
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { createBert } from '@heed/nlp';
 * const bert = createBert(
 *   {
 *     vocabularySize: 100,
 *     maximumLength: 16,
 *     tokenTypes: 2,
 *     modelWidth: 8,
 *     layers: 2,
 *     heads: 2,
 *     feedForwardWidth: 32,
 *     activation: 'gelu',
 *     epsilon: 1e-12,
 *     dropout: 0.1,
 *     attentionDropout: 0.1,
 *   },
 *   7,
 * );
 * const batch = { tokens: tf.tensor2d([[2, 40, 41, 3]], [1, 4], 'int32'), lengths: tf.tensor1d([4], 'int32') };
 * bert.forward(batch).hiddenStates.shape; // [1, 4, 8]
 * ```
 */
export class Bert extends Module {
  readonly config: Readonly<BertConfig>;
  readonly embeddings: BertEmbeddings;
  readonly layers: readonly EncoderBlock[];
  readonly pooler: Linear;

  /** @throws if a field of the config is out of range, naming it and its value */
  constructor(config: BertConfig, random: Random) {
    super();
    this.config = parseConfig('Bert', schema, config);
    const { modelWidth, heads, feedForwardWidth, activation, epsilon, dropout, attentionDropout } = this.config;
    this.embeddings = new BertEmbeddings(this.config, random);
    this.layers = Array.from(
      { length: this.config.layers },
      (_, layer) =>
        new EncoderBlock({
          modelWidth,
          heads,
          hiddenWidth: feedForwardWidth,
          activation,
          placement: 'post',
          epsilon,
          dropout,
          attentionDropout,
          name: `layer ${layer + 1}`,
          random,
        }),
    );
    this.pooler = new Linear({ inputs: modelWidth, outputs: modelWidth, random });
  }

  /**
   * @param random passing one is training mode
   * @throws if the texts are longer than `maximumLength`
   */
  forward(batch: TokenBatch, { random }: { random?: RandomStream | undefined } = {}): BertOutput {
    const { tokens, lengths } = batch;
    const { maximumLength, modelWidth } = this.config;
    const [size, length] = tokens.shape;
    if (length > maximumLength) {
      throw new Error(`Bert: texts must be of at most maximumLength=${maximumLength} tokens, got ${length}`);
    }
    return tf.tidy(() => {
      const mask = this.config.causal ? and(padding(lengths), causal()) : padding(lengths);
      const hiddenStates = this.layers.reduce<tf.Tensor>(
        (x, layer) => layer.forward(x, { mask, random }),
        this.embeddings.forward(batch, random),
      ) as tf.Tensor3D; // [B, L, M]
      const first = tf.reshape(tf.slice(hiddenStates, [0, 0, 0], [size, 1, modelWidth]), [size, modelWidth]); // [B, M]
      return { hiddenStates, pooled: tf.tanh(this.pooler.forward(first)) as tf.Tensor2D };
    });
  }
}

/** A BERT from its config and a seed. */
export function createBert(config: BertConfig, seed: number): Bert {
  return new Bert(config, new Random(seed));
}
