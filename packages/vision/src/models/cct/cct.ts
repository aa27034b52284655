/**
 * CCT: a compact Transformer over what convolutions see.
 *
 * - Hassani et al. 2021, "Escaping the big data paradigm with compact transformers": convolutions make the tokens, and the last layer weighs all of
 *   them (sequence pooling) instead of a class token. Arithmetic and order of the norms are those of its authors' code.
 *
 * Deviations. Initial weights are those of torch's layers, positions normal with deviation 0.02. Pictures of another size than `imageSize` are read with
 * positions resized.
 */
import {
  attention,
  Conv2d,
  dot,
  dropout,
  FeedForward,
  LayerNorm,
  Linear,
  maxPool2d,
  Module,
  MultiHeadAttention,
  Random,
  weight,
  type AttentionMap,
} from '@heed/attention-core';
import { parseConfig } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { dropPath } from '../../layers/drop-path.ts';
import { resizedPositions, type Grid } from '../../layers/position-grid.ts';
import type { ImageMode, ImageModel } from '../image-model.ts';

/** What a CCT is. JSON, and enough to make the model again. */
export interface CctConfig {
  /** Height and width of the pictures that positions are learned for. Others are read, too. */
  readonly imageSize: readonly [height: number, width: number];
  /** C: 1 for grey pictures, 3 for colours. */
  readonly channels: number;
  /** Number of convolutions, each with a pooling that halves the picture. */
  readonly convolutions: number;
  /** Side of their kernels; odd. */
  readonly kernelSize: number;
  /** Width of all convolutions but the last, whose width is the model's. */
  readonly stemWidth: number;
  /** M: width of the tokens; a multiple of `heads`. */
  readonly modelWidth: number;
  readonly layers: number;
  readonly heads: number;
  /** Width inside the feed-forward parts. */
  readonly feedForwardWidth: number;
  /** Of tokens and of the feed-forward parts. */
  readonly dropout: number;
  readonly attentionDropout: number;
  /** How often the last layer's parts are left out in training; earlier layers' less often, the first's never. */
  readonly stochasticDepth: number;
  readonly classes: number;
}

const count = z.number().int().min(1);
const share = z.number().min(0).lt(1);
const schema = z
  .strictObject({
    imageSize: z.tuple([count, count]),
    channels: count,
    convolutions: count,
    kernelSize: count.refine((size) => size % 2 === 1, { message: 'must be odd' }),
    stemWidth: count,
    modelWidth: count,
    layers: count,
    heads: count,
    feedForwardWidth: count,
    dropout: share,
    attentionDropout: share,
    stochasticDepth: share,
    classes: count,
  })
  .refine(({ modelWidth, heads }) => modelWidth % heads === 0, {
    path: ['modelWidth'],
    message: 'must be a multiple of heads',
  });

const EPSILON = 1e-5;

/** One layer, in the order of its authors' code: the second norm stands on the stream itself. */
class CctBlock extends Module {
  readonly attentionNorm: LayerNorm;
  readonly attention: MultiHeadAttention;
  readonly feedForwardNorm: LayerNorm;
  readonly feedForward: FeedForward;
  private readonly rates: { readonly dropout: number; readonly path: number };

  constructor({ modelWidth: width, heads, feedForwardWidth, ...config }: CctConfig, layer: number, random: Random) {
    super();
    const { dropout: rate, attentionDropout, stochasticDepth, layers } = config;
    this.attentionNorm = new LayerNorm({ width, epsilon: EPSILON });
    this.attention = new MultiHeadAttention({
      modelWidth: width,
      heads,
      bias: false,
      outputBias: true,
      dropout: attentionDropout,
      name: `layer ${layer + 1}`,
      random,
    });
    this.feedForwardNorm = new LayerNorm({ width, epsilon: EPSILON });
    this.feedForward = new FeedForward({
      modelWidth: width,
      hiddenWidth: feedForwardWidth,
      activation: 'gelu',
      dropout: rate,
      random,
    });
    this.rates = { dropout: rate, path: layers === 1 ? 0 : (stochasticDepth * layer) / (layers - 1) };
  }

  /** @param x [B, L, M] @returns [B, L, M] */
  forward(x: tf.Tensor, { random }: ImageMode): tf.Tensor {
    const { rates } = this;
    const joined = (stream: tf.Tensor, part: tf.Tensor) =>
      tf.add(stream, dropPath(dropout(part, rates.dropout, random), rates.path, random));
    const attended = this.attention.forward(this.attentionNorm.forward(x), { random });
    const stream = this.feedForwardNorm.forward(joined(x, attended));
    return joined(stream, this.feedForward.forward(stream, { random }));
  }
}

/**
 * A compact convolutional Transformer. Maps are captured under `layer 1`, `layer 2`, … and `pooling` [B, 1, 1, places].
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { createCct } from '@heed/vision';
 * const cct = createCct(
 *   {
 *     imageSize: [8, 8],
 *     channels: 1,
 *     convolutions: 1,
 *     kernelSize: 3,
 *     stemWidth: 8,
 *     modelWidth: 8,
 *     layers: 2,
 *     heads: 2,
 *     feedForwardWidth: 8,
 *     dropout: 0,
 *     attentionDropout: 0,
 *     stochasticDepth: 0,
 *     classes: 10,
 *   },
 *   7,
 * );
 * cct.forward(tf.zeros([2, 8, 8, 1])).shape; // [2, 10]
 * ```
 */
export class Cct extends Module implements ImageModel {
  readonly config: Readonly<CctConfig>;
  readonly convolutions: readonly Conv2d[];
  /** [1, places, M] */
  readonly positions: tf.Variable<tf.Rank.R3>;
  readonly layers: readonly CctBlock[];
  readonly norm: LayerNorm;
  /** By which places are weighed: [1, M]. A bias would not change the weights. */
  readonly pooling: tf.Variable<tf.Rank.R2>;
  readonly head: Linear;

  /** @throws if a field of the config is out of range, naming it and its value */
  constructor(config: CctConfig, random: Random) {
    super();
    this.config = parseConfig('Cct', schema, config);
    const { imageSize, channels, convolutions, kernelSize, stemWidth, modelWidth, classes } = this.config;
    this.convolutions = Array.from({ length: convolutions }, (_, i) => {
      const inputs = i === 0 ? channels : stemWidth;
      const outputs = i === convolutions - 1 ? modelWidth : stemWidth;
      return new Conv2d({ inputs, outputs, kernelSize, padding: (kernelSize - 1) / 2, bias: false, random });
    });
    const [rows, columns] = this.grid(...imageSize);
    this.positions = weight(random.normals(rows * columns * modelWidth, 0, 0.02), [1, rows * columns, modelWidth]);
    this.layers = Array.from({ length: this.config.layers }, (_, layer) => new CctBlock(this.config, layer, random));
    this.norm = new LayerNorm({ width: modelWidth, epsilon: EPSILON });
    const bound = 1 / Math.sqrt(modelWidth);
    this.pooling = weight(random.uniforms(modelWidth, -bound, bound), [1, modelWidth]);
    this.head = new Linear({ inputs: modelWidth, outputs: classes, random });
  }

  forward(images: tf.Tensor4D, mode: ImageMode = {}): tf.Tensor2D {
    return tf.tidy(() => {
      const hidden = this.norm.forward(
        this.layers.reduce((x, layer) => layer.forward(x, mode), this.embed(images, mode)),
      );
      const query = tf.mul(this.pooling, tf.ones([hidden.shape[0], 1, 1])); // [B, 1, M]
      const pooled = attention({ query, key: hidden, value: hidden, score: dot(), name: 'pooling' }); // [B, 1, M]
      return this.head.forward(tf.squeeze(pooled, [1])) as tf.Tensor2D;
    });
  }

  grid(height: number, width: number): Grid {
    const halved = (size: number) => Math.ceil(size / 2 ** this.config.convolutions);
    return [halved(height), halved(width)];
  }

  /** What those places looked at that the pooling takes, each as much as it is taken; all alike where the pooling was not captured. */
  placesOf({ name, weights }: AttentionMap, maps: readonly AttentionMap[]): tf.Tensor3D {
    return tf.tidy(() => {
      if (name === 'pooling') return tf.squeeze(weights, [2]);
      const pooling = maps.find((map) => map.name === 'pooling')?.weights;
      if (pooling === undefined) return tf.mean(weights, 2) as tf.Tensor3D;
      const perHead = tf.tile(pooling, [1, weights.shape[1], 1, 1]); // [B, H, 1, places]
      return tf.squeeze(tf.matMul(perHead, weights), [2]);
    });
  }

  /** @returns [B, places, M] */
  private embed(images: tf.Tensor4D, { random }: ImageMode): tf.Tensor {
    const { modelWidth: width, imageSize, dropout: rate } = this.config;
    const seen = this.convolutions.reduce(
      (x, layer) => maxPool2d(tf.relu(layer.forward(x)), { windowSize: 3, stride: 2, padding: 1 }),
      images,
    );
    const [rows, height, across] = seen.shape;
    const table = tf.reshape(this.positions, [-1, width]) as tf.Tensor2D;
    const positions = resizedPositions(table, this.grid(...imageSize), [height, across]);
    return dropout(tf.add(tf.reshape(seen, [rows, -1, width]), positions), rate, random);
  }
}

/** A new model, the same for the same config and seed. @throws if a field of the config is out of range, naming it and its value */
export function createCct(config: CctConfig, seed: number): Cct {
  return new Cct(config, new Random(seed));
}
