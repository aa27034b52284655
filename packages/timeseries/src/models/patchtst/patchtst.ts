/**
 * PatchTST: a series is cut into overlapping patches, which are the tokens of a Transformer; every series is forecast by itself, by the same weights.
 *
 * - Nie et al. 2023, "A time series is worth 64 words": the model. Its authors normalise batches after each residual sum and repeat the last value at the
 *   end (`norm: 'batch'`, `placement: 'post'`, `padding: 'end'`); `transformers` has `padding: 'none'` and either placement.
 *
 * Deviations. Windows come normalised (RevIN, in float64: `normaliseWindow`). Scores are not passed on from layer to layer, as the authors' code does and
 * `transformers` does not. Attention weights are not dropped.
 */
import {
  BatchNorm,
  buffer,
  dropout,
  FeedForward,
  LayerNorm,
  Linear,
  Module,
  MultiHeadAttention,
  Random,
  weight,
} from '@heed/attention-core';
import { parseConfig } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { WindowBatch, WindowMode } from '../window-batch.ts';

/** What a PatchTST is. JSON, and enough to make the model again. */
export interface PatchTstConfig {
  /** T: steps that are looked back at. */
  readonly lookBack: number;
  /** H: steps that are forecast. */
  readonly horizon: number;
  /** Steps in a patch. */
  readonly patchLength: number;
  /** Steps from one patch to the next. */
  readonly stride: number;
  /** 'end' repeats the last value by a stride, for one patch more; 'none' leaves out the oldest steps that fill no patch. */
  readonly padding: 'end' | 'none';
  /** M: width of hidden vectors; a multiple of `heads`. */
  readonly modelWidth: number;
  readonly layers: number;
  readonly heads: number;
  /** Width inside the feed-forward parts. */
  readonly hiddenWidth: number;
  readonly dropout: number;
  /** Whether a batch's statistics normalise, each channel over all patches, or each token's own. */
  readonly norm: 'batch' | 'layer';
  /** Where normalisation stands: after the residual sum, or before each part. */
  readonly placement: 'post' | 'pre';
  /** 'sinusoidal' is fixed. */
  readonly positions: 'learned' | 'sinusoidal';
  /** What is forecast from: all patches side by side, or their mean. */
  readonly pooling: 'flatten' | 'mean';
}

const count = z.number().int().min(1);
const schema = z
  .strictObject({
    lookBack: count,
    horizon: count,
    patchLength: count,
    stride: count,
    padding: z.enum(['end', 'none']),
    modelWidth: count,
    layers: count,
    heads: count,
    hiddenWidth: count,
    dropout: z.number().min(0).lt(1),
    norm: z.enum(['batch', 'layer']),
    placement: z.enum(['post', 'pre']),
    positions: z.enum(['learned', 'sinusoidal']),
    pooling: z.enum(['flatten', 'mean']),
  })
  .refine(({ modelWidth, heads }) => modelWidth % heads === 0, {
    path: ['modelWidth'],
    message: 'must be a multiple of heads',
  })
  .refine(({ lookBack, patchLength }) => patchLength <= lookBack, {
    path: ['patchLength'],
    message: 'must be at most lookBack',
  });

/** First and last step of each patch; those after `lookBack − 1` repeat it. */
export function patchSpans(
  config: Pick<PatchTstConfig, 'lookBack' | 'patchLength' | 'stride' | 'padding'>,
): [number, number][] {
  const { lookBack, patchLength, stride, padding } = config;
  const length = padding === 'end' ? lookBack + stride : lookBack;
  const patches = Math.floor((length - patchLength) / stride) + 1;
  // with padding the first patches are whole, without it the last ones
  const first = padding === 'end' ? 0 : length - patchLength - stride * (patches - 1);
  return Array.from({ length: patches }, (_, i) => [first + i * stride, first + i * stride + patchLength - 1]);
}

/** One layer. */
class PatchTstLayer extends Module {
  readonly attention: MultiHeadAttention;
  readonly attentionNorm: BatchNorm | LayerNorm;
  readonly feedForward: FeedForward;
  readonly feedForwardNorm: BatchNorm | LayerNorm;
  private readonly rate: number;
  private readonly placement: PatchTstConfig['placement'];

  constructor(config: PatchTstConfig, name: string, random: Random) {
    super();
    const { modelWidth, heads, hiddenWidth, dropout: rate, placement } = config;
    const norm = () =>
      config.norm === 'batch'
        ? new BatchNorm({ channels: modelWidth })
        : new LayerNorm({ width: modelWidth, epsilon: 1e-5 });
    this.attention = new MultiHeadAttention({ modelWidth, heads, name, random });
    this.attentionNorm = norm();
    this.feedForward = new FeedForward({ modelWidth, hiddenWidth, activation: 'gelu', dropout: rate, random });
    this.feedForwardNorm = norm();
    this.rate = rate;
    this.placement = placement;
  }

  /** @param x [B, N, M] @returns [B, N, M] */
  forward(x: tf.Tensor, { random }: WindowMode): tf.Tensor {
    const attended = this.add(x, this.attentionNorm, random, (part) => this.attention.forward(part, { random }));
    return this.add(attended, this.feedForwardNorm, random, (part) => this.feedForward.forward(part, { random }));
  }

  private add(
    x: tf.Tensor,
    norm: BatchNorm | LayerNorm,
    random: WindowMode['random'],
    part: (x: tf.Tensor) => tf.Tensor,
  ): tf.Tensor {
    const normalise = (values: tf.Tensor) =>
      norm instanceof BatchNorm ? norm.forward(values, { training: random !== undefined }) : norm.forward(values);
    if (this.placement === 'pre') return tf.add(x, dropout(part(normalise(x)), this.rate, random));
    return normalise(tf.add(x, dropout(part(x), this.rate, random)));
  }
}

/**
 * Maps are captured under `layer 1`, `layer 2`, …: how much each patch (row) looks at each patch (column); the first axis counts series within windows.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { createPatchTst } from '@heed/timeseries';
 * const sizes = { lookBack: 32, horizon: 8, patchLength: 8, stride: 4, modelWidth: 16, layers: 1, heads: 2, hiddenWidth: 32 };
 * const rest = { padding: 'end', dropout: 0, norm: 'batch', placement: 'post', positions: 'learned', pooling: 'flatten' } as const;
 * createPatchTst({ ...sizes, ...rest }, 7).forward({ past: tf.ones([2, 5, 32]) }).shape; // [2, 5, 8]
 * ```
 */
export class PatchTst extends Module {
  readonly config: Readonly<PatchTstConfig>;
  readonly embedding: Linear;
  readonly positions: tf.Variable<tf.Rank.R2>;
  readonly layers: readonly PatchTstLayer[];
  readonly head: Linear;

  /** @throws if a field of the config is out of range, naming it and its value */
  constructor(config: PatchTstConfig, random: Random) {
    super();
    this.config = parseConfig('PatchTst', schema, config);
    const { patchLength, modelWidth, layers, horizon, positions, pooling } = this.config;
    const patches = patchSpans(this.config).length;
    this.embedding = new Linear({ inputs: patchLength, outputs: modelWidth, random });
    this.positions =
      positions === 'learned'
        ? weight(random.uniforms(patches * modelWidth, -0.02, 0.02), [patches, modelWidth])
        : buffer(smallSinusoids(patches, modelWidth), [patches, modelWidth]);
    this.layers = Array.from({ length: layers }, (_, i) => new PatchTstLayer(this.config, `layer ${i + 1}`, random));
    this.head = new Linear({
      inputs: pooling === 'flatten' ? patches * modelWidth : modelWidth,
      outputs: horizon,
      random,
    });
  }

  /** @returns [B, C, H], normalised as the windows are */
  forward({ past }: Pick<WindowBatch, 'past'>, { random }: WindowMode = {}): tf.Tensor3D {
    const { lookBack, modelWidth, dropout: rate, pooling } = this.config;
    if (past.shape[2] !== lookBack) {
      throw new Error(`PatchTst: past must be [B, C, lookBack=${lookBack}], got [${past.shape}]`);
    }
    return tf.tidy(() => {
      const [batch, channels] = past.shape;
      const patches = this.patches(past); // [B · C, N, P]
      const tokens = tf.add(this.embedding.forward(patches), this.positions); // [B · C, N, M]
      const hidden = this.layers.reduce((x, layer) => layer.forward(x, { random }), dropout(tokens, rate, random));
      const pooled =
        pooling === 'flatten'
          ? tf.reshape(hidden, [batch * channels, -1])
          : tf.reshape(tf.mean(hidden, 1), [-1, modelWidth]);
      return tf.reshape(this.head.forward(pooled), [batch, channels, -1]);
    });
  }

  /** @param past [B, C, T] @returns [B · C, N, P] */
  private patches(past: tf.Tensor3D): tf.Tensor {
    const { lookBack, patchLength } = this.config;
    const spans = patchSpans(this.config);
    const steps = spans.flatMap(([first]) =>
      Array.from({ length: patchLength }, (_, i) => Math.min(lookBack - 1, first + i)),
    );
    const rows = tf.reshape(past, [-1, lookBack]); // [B · C, T]
    const chosen = tf.gather(rows, tf.tensor1d(steps, 'int32'), 1); // [B · C, N · P]
    return tf.reshape(chosen, [-1, spans.length, patchLength]);
  }
}

/** Sines and cosines with mean 0 and deviation 0.1, as `transformers` has them. Row-major [N, M] */
function smallSinusoids(patches: number, width: number): Float32Array {
  const values = Float64Array.from({ length: patches * width }, (_, i) => {
    const column = i % width;
    const angle = Math.floor(i / width) * Math.exp((-Math.log(10000) * (column - (column % 2))) / width);
    return column % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
  });
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return Float32Array.from(values, (value) => (value - mean) / (10 * Math.sqrt(variance)));
}

/** A new model, the same for the same config and seed. @throws if a field of the config is out of range, naming it and its value */
export function createPatchTst(config: PatchTstConfig, seed: number): PatchTst {
  return new PatchTst(config, new Random(seed));
}
