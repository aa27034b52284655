/**
 * Chronos-Bolt: a T5 that reads patches of one series and writes quantiles of all steps to come at once; trained on many series, it forecasts others as it is.
 *
 * - Ansari et al. 2024, "Chronos: learning the language of time series", and the Chronos-Bolt models of its authors (PyPI chronos-forecasting): the model.
 *   Published weights open through `chronosBoltNames`.
 *
 * Deviations. Windows are normalised in float64 (`readContext`). New weights are those of the layers. Patches do not overlap, as in all published models.
 */
import {
  activate,
  dropout,
  Embedding,
  fromTensor,
  Linear,
  Module,
  Random,
  T5Decoder,
  T5Encoder,
  type Activation,
} from '@heed/attention-core';
import { parseConfig } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { WindowMode } from '../window-batch.ts';

/** What a Chronos-Bolt is. JSON, and enough to make the model again. */
export interface ChronosBoltConfig {
  /** The longest past that is read, in steps; of longer ones the end. */
  readonly lookBack: number;
  /** H: steps that are forecast at once. */
  readonly horizon: number;
  /** P: steps in a patch. */
  readonly patchLength: number;
  /** Q: which quantiles are forecast, rising. */
  readonly quantiles: readonly number[];
  /** Whether a token of the whole series follows the patches. */
  readonly registerToken: boolean;
  /** M. */
  readonly modelWidth: number;
  readonly layers: number;
  readonly decoderLayers: number;
  readonly heads: number;
  /** Width of each head; heads · headWidth need not be modelWidth. */
  readonly headWidth: number;
  readonly hiddenWidth: number;
  readonly activation: Activation;
  /** Whether the feed-forward parts are gated. */
  readonly gated: boolean;
  /** Buckets of relative positions, and from where on all are in the last one. */
  readonly buckets: number;
  readonly maxDistance: number;
  readonly epsilon: number;
  readonly dropout: number;
}

const count = z.number().int().min(1);
const schema = z.strictObject({
  lookBack: count,
  horizon: count,
  patchLength: count,
  quantiles: z.array(z.number().gt(0).lt(1)).min(1),
  registerToken: z.boolean(),
  modelWidth: count,
  layers: count,
  decoderLayers: count,
  heads: count,
  headWidth: count,
  hiddenWidth: count,
  activation: z.enum(['relu', 'gelu', 'gelu-tanh', 'silu']),
  gated: z.boolean(),
  buckets: count,
  maxDistance: count,
  epsilon: z.number().positive(),
  dropout: z.number().min(0).lt(1),
});

/** The past of some series, as `readContext` makes it. */
export type ContextBatch = {
  /** [B, N · P]: normalised, 0 where nothing was observed. */
  readonly values: tf.Tensor2D;
  /** [B, N · P]: 1 where something was, else 0. */
  readonly observed: tf.Tensor2D;
};

/** output(activation(hidden(x))) + residual(x). */
class ResidualBlock extends Module {
  readonly hidden: Linear;
  readonly output: Linear;
  readonly residual: Linear;
  private readonly activation: Activation;
  private readonly rate: number;

  constructor(
    inputs: number,
    outputs: number,
    { hiddenWidth, activation, dropout: rate }: ChronosBoltConfig,
    random: Random,
  ) {
    super();
    this.hidden = new Linear({ inputs, outputs: hiddenWidth, random });
    this.output = new Linear({ inputs: hiddenWidth, outputs, random });
    this.residual = new Linear({ inputs, outputs, random });
    this.activation = activation;
    this.rate = rate;
  }

  forward(x: tf.Tensor, { random }: WindowMode): tf.Tensor {
    const written = this.output.forward(activate(this.hidden.forward(x), this.activation));
    return tf.add(dropout(written, this.rate, random), this.residual.forward(x));
  }
}

/**
 * Maps are captured under `encoder.0`, … (patches, and the token of the whole series where there is one) and the decoder's names: its one step looks at the
 * patches.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { createChronosBolt } from '@heed/timeseries';
 * const sizes = { lookBack: 64, horizon: 8, patchLength: 4, modelWidth: 16, layers: 1, decoderLayers: 1, heads: 2, headWidth: 8, hiddenWidth: 32 };
 * const t5 = { activation: 'relu', gated: false, buckets: 32, maxDistance: 128, epsilon: 1e-6, dropout: 0 } as const;
 * const model = createChronosBolt({ ...sizes, ...t5, quantiles: [0.1, 0.5, 0.9], registerToken: true }, 7);
 * model.forward({ values: tf.zeros([2, 12]), observed: tf.ones([2, 12]) }).shape; // [2, 3, 8]
 * ```
 */
export class ChronosBolt extends Module {
  readonly config: Readonly<ChronosBoltConfig>;
  /** Of the decoder's one step, and of the whole series. */
  readonly tokens: Embedding;
  readonly input: ResidualBlock;
  readonly encoder: T5Encoder;
  readonly decoder: T5Decoder;
  readonly output: ResidualBlock;

  /** @throws if a field of the config is out of range, naming it and its value */
  constructor(config: ChronosBoltConfig, random: Random) {
    super();
    this.config = parseConfig('ChronosBolt', schema, config);
    const { patchLength, horizon, quantiles, registerToken, layers, decoderLayers, ...stack } = this.config;
    const { modelWidth } = stack;
    this.tokens = new Embedding({ size: registerToken ? 2 : 1, width: modelWidth, random });
    this.input = new ResidualBlock(2 * patchLength, modelWidth, this.config, random);
    this.encoder = new T5Encoder({ ...stack, layers, random });
    this.decoder = new T5Decoder({ ...stack, layers: decoderLayers, random });
    this.output = new ResidualBlock(modelWidth, quantiles.length * horizon, this.config, random);
  }

  /** @returns quantiles [B, Q, H], normalised as the values are @throws if the steps are not whole patches */
  forward({ values, observed }: ContextBatch, mode: WindowMode = {}): tf.Tensor3D {
    const { patchLength, horizon, quantiles, registerToken } = this.config;
    const [batch, length] = values.shape;
    if (length === 0 || length % patchLength !== 0) {
      throw new Error(`ChronosBolt: values must be [B, whole patches of ${patchLength}], got [${values.shape}]`);
    }
    return tf.tidy(() => {
      const patched = (x: tf.Tensor) => tf.reshape(x, [batch, -1, patchLength]); // [B, N, P]
      const patches = this.input.forward(tf.concat([patched(values), patched(observed)], 2), mode); // [B, N, M]
      const seen = tf.cast(tf.greater(tf.sum(patched(observed), 2), 0), 'int32'); // [B, N]
      const token = (index: number) =>
        tf.tile(tf.expandDims(this.tokens.forward(tf.tensor1d([index], 'int32')), 0), [batch, 1, 1]); // [B, 1, M]
      const x = registerToken ? tf.concat([patches, token(1)], 1) : patches; // [B, S, M]
      const keys = registerToken ? tf.concat([seen, tf.ones([batch, 1], 'int32')], 1) : seen; // [B, S]
      const mask = fromTensor(tf.expandDims(keys, 1)); // [B, 1, S]
      const memory = this.encoder.forward(x, { mask, random: mode.random });
      const written = this.decoder.forward(token(0), { memory, memoryMask: mask, random: mode.random }); // [B, 1, M]
      return tf.reshape(this.output.forward(written, mode), [batch, quantiles.length, horizon]);
    });
  }
}

/** A new model, the same for the same config and seed. @throws if a field of the config is out of range, naming it and its value */
export function createChronosBolt(config: ChronosBoltConfig, seed: number): ChronosBolt {
  return new ChronosBolt(config, new Random(seed));
}
