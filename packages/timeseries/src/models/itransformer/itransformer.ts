/**
 * iTransformer: each series' whole window is a token, and series attend to series.
 *
 * - Liu et al. 2024, "iTransformer: inverted Transformers are effective for time series forecasting": the model.
 *
 * Deviations. Windows come normalised (RevIN without affine map, in float64: `normaliseWindow`). Columns that are known up to the present are further
 * tokens, as the authors take time features; columns that are known ahead are tokens too, embedded with their future by a map of their own. Attention weights are not
 * dropped.
 */
import { EncoderBlock, dropout, LayerNorm, Linear, Module, Random } from '@heed/attention-core';
import { parseConfig } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { WindowBatch, WindowMode } from '../window-batch.ts';

/** What an iTransformer is. JSON, and enough to make the model again. */
export interface ITransformerConfig {
  /** T: steps that are looked back at. */
  readonly lookBack: number;
  /** H: steps that are forecast. */
  readonly horizon: number;
  /** M: width of hidden vectors; a multiple of `heads`. */
  readonly modelWidth: number;
  readonly layers: number;
  readonly heads: number;
  /** Width inside the feed-forward parts. */
  readonly hiddenWidth: number;
  readonly dropout: number;
  /** Whether windows have columns that are known ahead. */
  readonly knownFuture: boolean;
}

const count = z.number().int().min(1);
const schema = z
  .strictObject({
    lookBack: count,
    horizon: count,
    modelWidth: count,
    layers: count,
    heads: count,
    hiddenWidth: count,
    dropout: z.number().min(0).lt(1),
    knownFuture: z.boolean(),
  })
  .refine(({ modelWidth, heads }) => modelWidth % heads === 0, {
    path: ['modelWidth'],
    message: 'must be a multiple of heads',
  });

/**
 * Maps are captured under `layer 1`, `layer 2`, …: how much each series (row) looks at each series (column), targets first, then columns known up to the
 * present, then those known ahead.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { createITransformer } from '@heed/timeseries';
 * const sizes = { lookBack: 12, horizon: 4, modelWidth: 16, layers: 1, heads: 2, hiddenWidth: 32 };
 * const model = createITransformer({ ...sizes, dropout: 0, knownFuture: false }, 7);
 * model.forward({ past: tf.ones([2, 5, 12]) }).shape; // [2, 5, 4]
 * ```
 */
export class ITransformer extends Module {
  readonly config: Readonly<ITransformerConfig>;
  readonly embedding: Linear;
  readonly knownEmbedding: Linear | undefined;
  readonly layers: readonly EncoderBlock[];
  readonly norm: LayerNorm;
  readonly head: Linear;

  /** @throws if a field of the config is out of range, naming it and its value */
  constructor(config: ITransformerConfig, random: Random) {
    super();
    this.config = parseConfig('ITransformer', schema, config);
    const { lookBack, horizon, modelWidth, layers, heads, hiddenWidth, dropout: rate, knownFuture } = this.config;
    this.embedding = new Linear({ inputs: lookBack, outputs: modelWidth, random });
    this.knownEmbedding = knownFuture
      ? new Linear({ inputs: lookBack + horizon, outputs: modelWidth, random })
      : undefined;
    const block = {
      modelWidth,
      heads,
      hiddenWidth,
      activation: 'gelu',
      placement: 'post',
      dropout: rate,
      attentionDropout: 0,
      random,
    } as const;
    this.layers = Array.from({ length: layers }, (_, i) => new EncoderBlock({ ...block, name: `layer ${i + 1}` }));
    this.norm = new LayerNorm({ width: modelWidth, epsilon: 1e-5 });
    this.head = new Linear({ inputs: modelWidth, outputs: horizon, random });
  }

  /** @returns [B, C, H], normalised as the windows are @throws if there are known-future columns and the model has no place for them, or the other way round */
  forward({ past, pastOnly, knownFuture }: WindowBatch, { random }: WindowMode = {}): tf.Tensor3D {
    if ((knownFuture === undefined) === (this.knownEmbedding !== undefined)) {
      const { knownFuture: expected } = this.config;
      throw new Error(`ITransformer: knownFuture must be given if the config has it, got config=${expected}`);
    }
    return tf.tidy(() => {
      const [batch, channels] = past.shape;
      const series = pastOnly === undefined ? past : tf.concat([past, pastOnly], 1); // [B, C + P, T]
      const tokens = this.embedding.forward(series); // [B, C + P, M]
      const all =
        knownFuture === undefined ? tokens : tf.concat([tokens, this.knownEmbedding!.forward(knownFuture)], 1);
      const embedded = dropout(all, this.config.dropout, random); // [B, C + P + K, M]
      const hidden = this.layers.reduce((x, layer) => layer.forward(x, { random }), embedded);
      const normalised = this.norm.forward(hidden);
      const alone = pastOnly === undefined && knownFuture === undefined;
      const targets = alone ? normalised : tf.slice(normalised, [0, 0, 0], [batch, channels, -1]); // [B, C, M]
      return this.head.forward(targets) as tf.Tensor3D; // [B, C, H]
    });
  }
}

/** A new model, the same for the same config and seed. @throws if a field of the config is out of range, naming it and its value */
export function createITransformer(config: ITransformerConfig, seed: number): ITransformer {
  return new ITransformer(config, new Random(seed));
}
