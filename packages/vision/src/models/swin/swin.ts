/**
 * Swin: attention inside windows that are shifted from block to block, on maps that shrink from stage to stage.
 *
 * - Liu et al. 2021, "Swin Transformer: hierarchical vision transformer using shifted windows".
 * - Hugging Face's `SwinForImageClassification`: names, layouts and arithmetic; where a map is no multiple of the window it is padded by zeros that are
 *   looked at, as there.
 *
 * Deviations. What the shift brings beside each other is hidden, where the paper adds −100.
 */
import {
  Conv2d,
  dropout,
  FeedForward,
  fromTensor,
  LayerNorm,
  Linear,
  Module,
  MultiHeadAttention,
  Random,
  RelativeTable2d,
  type Activation,
} from '@heed/attention-core';
import { parseConfig } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { dropPath } from '../../layers/drop-path.ts';
import type { ImageMode, ImageModel } from '../image-model.ts';

/** What a Swin is. JSON, and enough to make the model again. */
export interface SwinConfig {
  /** C: 1 for grey pictures, 3 for colours. */
  readonly channels: number;
  /** Side of a patch, in pixels. */
  readonly patchSize: number;
  /** Width of the first stage's tokens; every further stage's are twice as wide. */
  readonly modelWidth: number;
  /** Blocks in each stage; every stage but the first halves the map. */
  readonly blocks: readonly number[];
  /** Heads in each stage; each divides its width. */
  readonly heads: readonly number[];
  /** Side of a window, in tokens. */
  readonly windowSize: number;
  /** Width inside the feed-forward parts, as multiple of the stage's. */
  readonly feedForwardRatio: number;
  readonly activation: Activation;
  /** Added to the variance by the layer norms; 1e-5 in published weights. */
  readonly epsilon: number;
  readonly dropout: number;
  readonly attentionDropout: number;
  /** How often the last block's parts are left out in training; earlier blocks' less often, the first's never. */
  readonly stochasticDepth: number;
  readonly classes: number;
}

const count = z.number().int().min(1);
const share = z.number().min(0).lt(1);
const schema = z
  .strictObject({
    channels: count,
    patchSize: count,
    modelWidth: count,
    blocks: z.array(count).min(1),
    heads: z.array(count).min(1),
    windowSize: count,
    feedForwardRatio: z.number().positive(),
    activation: z.enum(['relu', 'gelu', 'gelu-tanh', 'silu']),
    epsilon: z.number().positive(),
    dropout: share,
    attentionDropout: share,
    stochasticDepth: share,
    classes: count,
  })
  .refine(({ blocks, heads }) => blocks.length === heads.length, {
    path: ['heads'],
    message: 'must have a number for each stage, as blocks',
  })
  .refine(({ modelWidth, heads }) => heads.every((own, stage) => (modelWidth * 2 ** stage) % own === 0), {
    path: ['heads'],
    message: "must divide their stages' widths",
  });

/** One block: attention in windows, shifted or not, and a feed-forward part. */
class SwinBlock extends Module {
  readonly attentionNorm: LayerNorm;
  readonly attention: MultiHeadAttention;
  readonly positions: RelativeTable2d;
  readonly feedForwardNorm: LayerNorm;
  readonly feedForward: FeedForward;
  private readonly window: number;
  private readonly shift: number;
  private readonly rates: { readonly dropout: number; readonly path: number };

  constructor(config: SwinConfig, stage: number, block: number, path: number, random: Random) {
    super();
    const width = config.modelWidth * 2 ** stage;
    const { windowSize: side, epsilon, dropout: rate, attentionDropout, activation } = config;
    const heads = config.heads[stage];
    this.attentionNorm = new LayerNorm({ width, epsilon });
    const name = `stage ${stage + 1}, block ${block + 1}`;
    this.attention = new MultiHeadAttention({ modelWidth: width, heads, dropout: attentionDropout, name, random });
    this.positions = new RelativeTable2d({ heads, height: side, width: side, random });
    this.feedForwardNorm = new LayerNorm({ width, epsilon });
    const hiddenWidth = Math.trunc(config.feedForwardRatio * width);
    this.feedForward = new FeedForward({ modelWidth: width, hiddenWidth, activation, dropout: rate, random });
    this.window = side;
    this.shift = block % 2 === 0 ? 0 : Math.floor(side / 2);
    this.rates = { dropout: rate, path };
  }

  /** @param x [B, rows, columns, M] @returns the same shape */
  forward(x: tf.Tensor4D, mode: ImageMode): tf.Tensor4D {
    const { rates } = this;
    const [batch, rows, columns, width] = x.shape;
    const joined = (stream: tf.Tensor, part: tf.Tensor) =>
      tf.add(stream, dropPath(dropout(part, rates.dropout, mode.random), rates.path, mode.random)) as tf.Tensor4D;
    const attended = joined(x, this.attend(this.attentionNorm.forward(x) as tf.Tensor4D, mode));
    const tokens = tf.reshape(this.feedForwardNorm.forward(attended), [batch, rows * columns, width]);
    return joined(attended, tf.reshape(this.feedForward.forward(tokens, mode), x.shape));
  }

  private attend(x: tf.Tensor4D, { random }: ImageMode): tf.Tensor4D {
    const { window: side, attention, positions } = this;
    const [batch, rows, columns, width] = x.shape;
    const whole = (size: number) => Math.ceil(size / side) * side;
    const [height, across] = [whole(rows), whole(columns)];
    // a map that one window covers needs no shift
    const shift = Math.min(rows, columns) <= side ? 0 : this.shift;
    const padded = tf.pad(x, [
      [0, 0],
      [0, height - rows],
      [0, across - columns],
      [0, 0],
    ]);
    const shifted = rolled(padded, shift);
    const windows = [batch, height / side, side, across / side, side * width];
    const byWindow = tf.reshape(tf.transpose(tf.reshape(shifted, windows), [0, 1, 3, 2, 4]), [-1, side * side, width]); // [B · windows, side², M]
    const mask = shift === 0 ? undefined : fromTensor(visible(batch, height, across, side, shift));
    const seen = attention.forward(byWindow, { mask, bias: positions, random });
    const back = [batch, height / side, across / side, side, side * width];
    const joined = tf.reshape(tf.transpose(tf.reshape(seen, back), [0, 1, 3, 2, 4]), [batch, height, across, width]);
    return tf.slice(rolled(joined as tf.Tensor4D, -shift), [0, 0, 0, 0], [batch, rows, columns, width]);
  }
}

/** Rows and columns moved up and left by so many, those that leave coming in on the other side. */
function rolled(x: tf.Tensor4D, by: number): tf.Tensor4D {
  if (by === 0) return x;
  const along = (of: tf.Tensor, axis: 1 | 2) => {
    const size = of.shape[axis]!;
    const first = (by + size) % size;
    const [leaving, staying] = tf.split(of, [first, size - first], axis);
    return tf.concat([staying, leaving], axis);
  };
  return along(along(x, 1), 2) as tf.Tensor4D;
}

/** Which places of each window were neighbours before the shift: bool [B · windows, 1, side², side²]. */
function visible(batch: number, height: number, width: number, side: number, shift: number): tf.Tensor4D {
  const zone = (place: number, size: number) => (place < size - side ? 0 : place < size - shift ? 1 : 2);
  const [down, across] = [height / side, width / side];
  const places = side * side;
  const allowed = new Uint8Array(down * across * places * places);
  for (let window = 0, at = 0; window < down * across; window++) {
    const [top, left] = [Math.floor(window / across) * side, (window % across) * side];
    const zones = Array.from({ length: places }, (_, place) => {
      const [row, column] = [top + Math.floor(place / side), left + (place % side)];
      return 3 * zone(row, height) + zone(column, width);
    });
    for (const query of zones) for (const key of zones) allowed[at++] = query === key ? 1 : 0;
  }
  const once = tf.tensor4d(allowed, [down * across, 1, places, places], 'bool');
  return batch === 1 ? once : tf.cast(tf.tile(tf.cast(once, 'int32'), [batch, 1, 1, 1]), 'bool');
}

/** Four neighbours as one token, twice as wide. */
class SwinMerging extends Module {
  readonly norm: LayerNorm;
  readonly reduction: Linear;

  constructor(width: number, epsilon: number, random: Random) {
    super();
    this.norm = new LayerNorm({ width: 4 * width, epsilon });
    this.reduction = new Linear({ inputs: 4 * width, outputs: 2 * width, bias: false, random });
  }

  /** @param x [B, rows, columns, M] @returns [B, ⌈rows / 2⌉, ⌈columns / 2⌉, 2M] */
  forward(x: tf.Tensor4D): tf.Tensor4D {
    const [batch, rows, columns, width] = x.shape;
    const [down, across] = [Math.ceil(rows / 2), Math.ceil(columns / 2)];
    const padded = tf.pad(x, [
      [0, 0],
      [0, 2 * down - rows],
      [0, 2 * across - columns],
      [0, 0],
    ]);
    const squares = tf.transpose(tf.reshape(padded, [batch * down, 2, across, 2 * width]), [0, 2, 1, 3]); // [B · rows, columns, 2, 2M]
    const parts = tf.split(tf.reshape(squares, [batch, down, across, 4, width]), 4, 3);
    // by column, then by row: top left, bottom left, top right, bottom right
    const neighbours = tf.concat([parts[0], parts[2], parts[1], parts[3]], 3);
    const merged = tf.reshape(neighbours, [batch, down, across, 4 * width]);
    return this.reduction.forward(this.norm.forward(merged)) as tf.Tensor4D;
  }
}

/** Blocks on maps of one size; the merging comes after them. */
class SwinStage extends Module {
  readonly blocks: readonly SwinBlock[];
  readonly merging: SwinMerging | undefined;

  constructor(config: SwinConfig, stage: number, paths: readonly number[], random: Random) {
    super();
    this.blocks = paths.map((path, block) => new SwinBlock(config, stage, block, path, random));
    const last = stage === config.blocks.length - 1;
    this.merging = last ? undefined : new SwinMerging(config.modelWidth * 2 ** stage, config.epsilon, random);
  }

  forward(x: tf.Tensor4D, mode: ImageMode): tf.Tensor4D {
    const seen = this.blocks.reduce((map, block) => block.forward(map, mode), x);
    return this.merging === undefined ? seen : this.merging.forward(seen);
  }
}

/**
 * A Swin Transformer with its classifying layer. Maps are captured under `stage 1, block 1`, … [B · windows, H, side², side²], of windows as they are
 * shifted.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { createSwin } from '@heed/vision';
 * const sizes = { channels: 1, patchSize: 2, modelWidth: 8, blocks: [2, 2], heads: [2, 4], windowSize: 2, feedForwardRatio: 2 };
 * const rest = { activation: 'gelu', epsilon: 1e-5, dropout: 0, attentionDropout: 0, stochasticDepth: 0, classes: 10 } as const;
 * createSwin({ ...sizes, ...rest }, 7).forward(tf.zeros([2, 16, 16, 1])).shape; // [2, 10]
 * ```
 */
export class Swin extends Module implements ImageModel {
  readonly config: Readonly<SwinConfig>;
  readonly patches: Conv2d;
  readonly patchNorm: LayerNorm;
  readonly stages: readonly SwinStage[];
  readonly norm: LayerNorm;
  readonly head: Linear;

  /** @throws if a field of the config is out of range, naming it and its value */
  constructor(config: SwinConfig, random: Random) {
    super();
    this.config = parseConfig('Swin', schema, config);
    const { channels, patchSize, modelWidth, blocks, epsilon, stochasticDepth, classes } = this.config;
    this.patches = new Conv2d({
      inputs: channels,
      outputs: modelWidth,
      kernelSize: patchSize,
      stride: patchSize,
      random,
    });
    this.patchNorm = new LayerNorm({ width: modelWidth, epsilon });
    const total = blocks.reduce((sum, own) => sum + own, 0);
    const paths = Array.from({ length: total }, (_, i) => (total === 1 ? 0 : (stochasticDepth * i) / (total - 1)));
    this.stages = blocks.map((own, stage) => {
      const before = blocks.slice(0, stage).reduce((sum, earlier) => sum + earlier, 0);
      return new SwinStage(this.config, stage, paths.slice(before, before + own), random);
    });
    const width = modelWidth * 2 ** (blocks.length - 1);
    this.norm = new LayerNorm({ width, epsilon });
    this.head = new Linear({ inputs: width, outputs: classes, random });
  }

  /** @throws if a map gets smaller than the window */
  forward(images: tf.Tensor4D, mode: ImageMode = {}): tf.Tensor2D {
    const { patchSize, windowSize, blocks } = this.config;
    const [, height, width] = images.shape;
    const whole = (size: number) => Math.ceil(size / patchSize) * patchSize;
    const least = Math.ceil(Math.min(whole(height), whole(width)) / patchSize / 2 ** (blocks.length - 1));
    if (least < windowSize) {
      throw new Error(
        `Swin: the last stage's map must cover the window of ${windowSize} × ${windowSize}, got a side of ${least} from ${height} × ${width}`,
      );
    }
    return tf.tidy(() => {
      const padded = tf.pad(images, [
        [0, 0],
        [0, whole(height) - height],
        [0, whole(width) - width],
        [0, 0],
      ]);
      const tokens = this.patchNorm.forward(this.patches.forward(padded));
      const embedded = dropout(tokens, this.config.dropout, mode.random) as tf.Tensor4D;
      const seen = this.stages.reduce((x, stage) => stage.forward(x, mode), embedded);
      return this.head.forward(tf.mean(this.norm.forward(seen), [1, 2])) as tf.Tensor2D;
    });
  }

  /** None yet: windows lie elsewhere in every block. */
  grid(): undefined {
    return undefined;
  }

  placesOf(): undefined {
    return undefined;
  }
}

/** A new model, the same for the same config and seed. @throws if a field of the config is out of range, naming it and its value */
export function createSwin(config: SwinConfig, seed: number): Swin {
  return new Swin(config, new Random(seed));
}
