/**
 * SASRec: the next item from those before it, by causal self-attention.
 *
 * - Kang, McAuley 2018, "Self-attentive sequential recommendation": the model; `norm: 'query'` is its authors' arithmetic, in which only queries are
 *   normalised, the residual goes on from the normalised input, and each block's feed-forward part is as wide as the model.
 * - Klenitskiy, Vasilev 2023, "Turning dross into gold loss": with cross-entropy over all items it beats BERT4Rec.
 *
 * Deviations. `norm: 'pre'` normalises before both parts of a block and leaves the residual alone, as Transformers do today. Padding is no item: histories
 * are padded at their end, and positions count from the newest item, so that the last position is that of the last item whatever the length.
 */
import {
  causal,
  dropout,
  Embedding,
  LayerNorm,
  Linear,
  Module,
  MultiHeadAttention,
  Random,
  type RandomStream,
} from '@heed/attention-core';
import { parseConfig } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';

/** What a SASRec is. JSON, and enough to make the model again. */
export interface SasRecConfig {
  /** V: number of items. */
  readonly items: number;
  /** The longest history, in items; of longer ones the newest are read. */
  readonly maximumLength: number;
  /** M: width of items and hidden vectors; a multiple of `heads`. */
  readonly modelWidth: number;
  readonly layers: number;
  readonly heads: number;
  readonly dropout: number;
  /** Where layers are normalised: 'query' as its authors have it, 'pre' as Transformers do today. */
  readonly norm: 'query' | 'pre';
}

const count = z.number().int().min(1);
const schema = z
  .strictObject({
    items: count,
    maximumLength: count,
    modelWidth: count,
    layers: count,
    heads: count,
    dropout: z.number().min(0).lt(1),
    norm: z.enum(['query', 'pre']),
  })
  .refine(({ modelWidth, heads }) => modelWidth % heads === 0, {
    path: ['modelWidth'],
    message: 'must be a multiple of heads',
  });

/** Histories of up to L items. */
export type HistoryBatch = {
  /** int32 [B, L] with values in [0, V); what stands after a history's end does not count. */
  readonly items: tf.Tensor2D;
  /** int32 [B]: number of items in each history, at least 1. */
  readonly lengths: tf.Tensor1D;
};

interface Mode {
  /** Passing one is training mode. */
  readonly random?: RandomStream | undefined;
}

/** One layer. */
class SasRecBlock extends Module {
  readonly attentionNorm: LayerNorm;
  readonly attention: MultiHeadAttention;
  readonly feedForwardNorm: LayerNorm;
  readonly hidden: Linear;
  readonly output: Linear;
  private readonly rate: number;
  private readonly norm: SasRecConfig['norm'];

  constructor({ modelWidth, heads, dropout: rate, norm }: SasRecConfig, name: string, random: Random) {
    super();
    this.attentionNorm = new LayerNorm({ width: modelWidth, epsilon: 1e-8 });
    this.attention = new MultiHeadAttention({ modelWidth, heads, dropout: rate, name, random });
    this.feedForwardNorm = new LayerNorm({ width: modelWidth, epsilon: 1e-8 });
    this.hidden = new Linear({ inputs: modelWidth, outputs: modelWidth, random });
    this.output = new Linear({ inputs: modelWidth, outputs: modelWidth, random });
    this.rate = rate;
    this.norm = norm;
  }

  /** @param x [B, L, M] @returns [B, L, M] */
  forward(x: tf.Tensor, { random }: Mode): tf.Tensor {
    const normalised = this.attentionNorm.forward(x);
    const memory = this.norm === 'query' ? x : normalised;
    const attended = this.attention.forward(normalised, { memory, mask: causal(), random });
    const seen = tf.add(this.norm === 'query' ? normalised : x, attended);
    const inner = this.feedForwardNorm.forward(seen);
    const hidden = dropout(tf.relu(this.hidden.forward(inner)), this.rate, random);
    return tf.add(this.norm === 'query' ? inner : seen, dropout(this.output.forward(hidden), this.rate, random));
  }
}

/**
 * Maps are captured under `layer 1`, `layer 2`, …
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { createSasRec } from '@heed/recsys';
 * const model = createSasRec({ items: 10, maximumLength: 4, modelWidth: 8, layers: 1, heads: 1, dropout: 0, norm: 'pre' }, 7);
 * const items = tf.tensor2d([[1, 2, 3]], [1, 3], 'int32');
 * model.next({ items, lengths: tf.tensor1d([3], 'int32') }).shape; // [1, 10]: scores of what comes next
 * ```
 */
export class SasRec extends Module {
  readonly config: Readonly<SasRecConfig>;
  readonly items: Embedding;
  readonly positions: Embedding;
  readonly layers: readonly SasRecBlock[];
  readonly norm: LayerNorm;

  /** @throws if a field of the config is out of range, naming it and its value */
  constructor(config: SasRecConfig, random: Random) {
    super();
    this.config = parseConfig('SasRec', schema, config);
    const { items, maximumLength, modelWidth: width, layers } = this.config;
    this.items = new Embedding({ size: items, width, deviation: 0.02, random });
    this.positions = new Embedding({ size: maximumLength, width, deviation: 0.02, random });
    this.layers = Array.from({ length: layers }, (_, i) => new SasRecBlock(this.config, `layer ${i + 1}`, random));
    this.norm = new LayerNorm({ width, epsilon: 1e-8 });
  }

  /**
   * What is known after each item of a history: its product with an item's vector is how likely that item comes next.
   *
   * @returns [B, L, M]; what stands after a history's end means nothing
   * @throws if there are more than `maximumLength` items
   */
  forward({ items, lengths }: HistoryBatch, { random }: Mode = {}): tf.Tensor3D {
    const { maximumLength, modelWidth, dropout: rate } = this.config;
    const length = items.shape[1];
    if (length > maximumLength) {
      throw new Error(`SasRec: histories must have at most maximumLength=${maximumLength} items, got ${length}`);
    }
    return tf.tidy(() => {
      const fromStart = tf.expandDims(tf.range(0, length, 1, 'int32'), 0); // [1, L]
      const places = tf.add(tf.sub(maximumLength, tf.expandDims(lengths, 1)), fromStart); // [B, L]
      const positions = this.positions.forward(tf.cast(tf.minimum(places, maximumLength - 1), 'int32')); // [B, L, M]
      const scaled = tf.mul(this.items.forward(items), Math.sqrt(modelWidth));
      const embedded = dropout(tf.add(scaled, positions), rate, random); // [B, L, M]
      const hidden = this.layers.reduce<tf.Tensor>((x, layer) => layer.forward(x, { random }), embedded);
      return this.norm.forward(hidden) as tf.Tensor3D;
    });
  }

  /** Scores of all items after the last of each history: [B, V]. @throws as `forward` */
  next(batch: HistoryBatch): tf.Tensor2D {
    return tf.tidy(() => {
      const hidden = this.forward(batch); // [B, L, M]
      const [rows, length, width] = hidden.shape;
      const last = tf.add(tf.mul(tf.range(0, rows, 1, 'int32'), length), tf.sub(batch.lengths, 1)); // [B]
      const ends = tf.gather(tf.reshape(hidden, [-1, width]), tf.cast(last, 'int32') as tf.Tensor1D); // [B, M]
      return tf.matMul(ends, this.items.weight, false, true);
    });
  }
}

/** A new model, the same for the same config and seed. @throws if a field of the config is out of range, naming it and its value */
export function createSasRec(config: SasRecConfig, seed: number): SasRec {
  return new SasRec(config, new Random(seed));
}
