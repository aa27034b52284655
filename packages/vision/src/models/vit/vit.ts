/**
 * ViT: a Transformer over the patches of a picture.
 *
 * - Dosovitskiy et al. 2021, "An image is worth 16 × 16 words": patches as tokens, a class token, learned positions.
 * - Hugging Face's `ViTForImageClassification`: names, layouts and arithmetic; `bicubic` positions for pictures of another size.
 *
 * Deviations. Dropout is inside the feed-forward parts too. `pooling: 'mean'` classifies the mean of the patches instead of the class token, which is then absent (as simple ViT, Beyer et al. 2022).
 */
import {
  Conv2d,
  dropout,
  EncoderBlock,
  LayerNorm,
  Linear,
  Module,
  Random,
  weight,
  type Activation,
  type AttentionMap,
} from '@heed/attention-core';
import { parseConfig } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { resizedPositions, type Grid } from '../../layers/position-grid.ts';
import type { ImageMode, ImageModel } from '../image-model.ts';

/** What a ViT is. JSON, and enough to make the model again. */
export interface VitConfig {
  /** Height and width of the pictures that positions are learned for; multiples of `patchSize`. Others are read, too. */
  readonly imageSize: readonly [height: number, width: number];
  /** C: 1 for grey pictures, 3 for colours. */
  readonly channels: number;
  /** Side of a patch, in pixels. */
  readonly patchSize: number;
  /** M: width of the tokens; a multiple of `heads`. */
  readonly modelWidth: number;
  readonly layers: number;
  readonly heads: number;
  /** Width inside the feed-forward parts. */
  readonly feedForwardWidth: number;
  readonly activation: Activation;
  /** Added to the variance by the layer norms; 1e-12 in published weights. */
  readonly epsilon: number;
  readonly dropout: number;
  readonly attentionDropout: number;
  /** What is classified: the class token, or the mean of the patches. */
  readonly pooling: 'token' | 'mean';
  readonly classes: number;
}

const count = z.number().int().min(1);
const share = z.number().min(0).lt(1);
const schema = z
  .strictObject({
    imageSize: z.tuple([count, count]),
    channels: count,
    patchSize: count,
    modelWidth: count,
    layers: count,
    heads: count,
    feedForwardWidth: count,
    activation: z.enum(['relu', 'gelu', 'gelu-tanh', 'silu']),
    epsilon: z.number().positive(),
    dropout: share,
    attentionDropout: share,
    pooling: z.enum(['token', 'mean']),
    classes: count,
  })
  .refine(({ modelWidth, heads }) => modelWidth % heads === 0, {
    path: ['modelWidth'],
    message: 'must be a multiple of heads',
  })
  .refine(({ imageSize, patchSize }) => imageSize.every((size) => size % patchSize === 0), {
    path: ['imageSize'],
    message: 'must be multiples of patchSize',
  });

/** Patches, class token and positions. */
class VitEmbeddings extends Module {
  readonly patches: Conv2d;
  /** [1, 1, M] */
  readonly classToken: tf.Variable<tf.Rank.R3> | undefined;
  /** [1, tokens, M] */
  readonly positions: tf.Variable<tf.Rank.R3>;
  private readonly config: VitConfig;

  constructor(config: VitConfig, random: Random) {
    super();
    const { channels, modelWidth: width, patchSize, imageSize, pooling } = config;
    const tokens = (imageSize[0] / patchSize) * (imageSize[1] / patchSize) + (pooling === 'token' ? 1 : 0);
    this.patches = new Conv2d({ inputs: channels, outputs: width, kernelSize: patchSize, stride: patchSize, random });
    this.classToken = pooling === 'token' ? weight(random.normals(width, 0, 0.02), [1, 1, width]) : undefined;
    this.positions = weight(random.normals(tokens * width, 0, 0.02), [1, tokens, width]);
    this.config = config;
  }

  /** @returns [B, tokens, M] */
  forward(images: tf.Tensor4D, { random }: ImageMode): tf.Tensor {
    const { modelWidth: width, patchSize, imageSize, dropout: rate } = this.config;
    const [rows, height, across] = images.shape;
    const patches = tf.reshape(this.patches.forward(images), [rows, -1, width]); // [B, places, M]
    const grid = (size: readonly [number, number]): Grid => [size[0] / patchSize, size[1] / patchSize];
    const table = tf.reshape(this.positions, [-1, width]) as tf.Tensor2D;
    const prefix = this.classToken === undefined ? 0 : 1;
    const ofPlaces = tf.slice(table, [prefix, 0], [-1, width]); // [places, M]
    const placed = tf.add(patches, resizedPositions(ofPlaces, grid(imageSize), grid([height, across])));
    if (this.classToken === undefined) return dropout(placed, rate, random);
    const token = tf.add(tf.reshape(this.classToken, [1, width]), tf.slice(table, [0, 0], [1, width])); // [1, M]
    const tokens = tf.tile(tf.expandDims(token, 0), [rows, 1, 1]); // [B, 1, M]
    return dropout(tf.concat([tokens, placed], 1), rate, random);
  }
}

/** A ViT without its classifying layer: Hugging Face's `ViTModel` without pooler. */
export class VitBody extends Module {
  readonly embeddings: VitEmbeddings;
  readonly layers: readonly EncoderBlock[];
  readonly norm: LayerNorm;

  constructor(config: VitConfig, random: Random) {
    super();
    const { modelWidth, heads, feedForwardWidth, activation, epsilon, dropout, attentionDropout } = config;
    this.embeddings = new VitEmbeddings(config, random);
    this.layers = Array.from(
      { length: config.layers },
      (_, layer) =>
        new EncoderBlock({
          modelWidth,
          heads,
          hiddenWidth: feedForwardWidth,
          activation,
          placement: 'pre',
          epsilon,
          dropout,
          attentionDropout,
          name: `layer ${layer + 1}`,
          random,
        }),
    );
    this.norm = new LayerNorm({ width: modelWidth, epsilon });
  }

  /** @returns the normalised tokens [B, tokens, M] */
  forward(images: tf.Tensor4D, mode: ImageMode = {}): tf.Tensor3D {
    return tf.tidy(() => {
      const embedded = this.embeddings.forward(images, mode);
      return this.norm.forward(this.layers.reduce((x, layer) => layer.forward(x, mode), embedded)) as tf.Tensor3D;
    });
  }
}

/**
 * A Vision Transformer with its classifying layer. Maps are captured under `layer 1`, `layer 2`, …
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { createVit } from '@heed/vision';
 * const vit = createVit(
 *   {
 *     imageSize: [8, 8],
 *     channels: 1,
 *     patchSize: 4,
 *     modelWidth: 8,
 *     layers: 2,
 *     heads: 2,
 *     feedForwardWidth: 16,
 *     activation: 'gelu',
 *     epsilon: 1e-12,
 *     dropout: 0,
 *     attentionDropout: 0,
 *     pooling: 'token',
 *     classes: 10,
 *   },
 *   7,
 * );
 * vit.forward(tf.zeros([2, 8, 8, 1])).shape; // [2, 10]
 * ```
 */
export class Vit extends Module implements ImageModel {
  readonly config: Readonly<VitConfig>;
  readonly body: VitBody;
  readonly head: Linear;

  /** @throws if a field of the config is out of range, naming it and its value */
  constructor(config: VitConfig, random: Random) {
    super();
    this.config = parseConfig('Vit', schema, config);
    const { modelWidth, classes } = this.config;
    this.body = new VitBody(this.config, random);
    this.head = new Linear({ inputs: modelWidth, outputs: classes, random });
  }

  /** @returns the normalised tokens [B, tokens, M] @throws if the sides of the pictures are no multiples of `patchSize` */
  encode(images: tf.Tensor4D, mode: ImageMode = {}): tf.Tensor3D {
    const { patchSize } = this.config;
    const [, height, width] = images.shape;
    if (height % patchSize !== 0 || width % patchSize !== 0) {
      throw new Error(`Vit: height and width must be multiples of patchSize=${patchSize}, got ${height} × ${width}`);
    }
    return this.body.forward(images, mode);
  }

  /** @throws as `encode` */
  forward(images: tf.Tensor4D, mode: ImageMode = {}): tf.Tensor2D {
    return tf.tidy(() => {
      const hidden = this.encode(images, mode); // [B, tokens, M]
      const [rows, , width] = hidden.shape;
      const pooled =
        this.config.pooling === 'mean'
          ? tf.mean(hidden, 1)
          : tf.reshape(tf.slice(hidden, [0, 0, 0], [rows, 1, width]), [rows, width]); // [B, M]
      return this.head.forward(pooled) as tf.Tensor2D;
    });
  }

  grid(height: number, width: number): Grid {
    return [height / this.config.patchSize, width / this.config.patchSize];
  }

  /** What the class token looked at, or all patches on average. */
  placesOf({ weights }: AttentionMap): tf.Tensor3D {
    return tf.tidy(() => {
      if (this.config.pooling === 'mean') return tf.mean(weights, 2) as tf.Tensor3D;
      const [rows, heads, , tokens] = weights.shape;
      return tf.reshape(tf.slice(weights, [0, 0, 0, 1], [rows, heads, 1, tokens - 1]), [rows, heads, tokens - 1]);
    });
  }
}

/** A new model, the same for the same config and seed. @throws if a field of the config is out of range, naming it and its value */
export function createVit(config: VitConfig, seed: number): Vit {
  return new Vit(config, new Random(seed));
}
