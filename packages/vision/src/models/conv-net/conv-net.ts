/**
 * ConvNet: a small residual network, plain or with gates of attention in every block.
 *
 * - He et al. 2016, "Deep residual learning for image recognition": basic blocks, batch norm, a convolution of one pixel where the shape changes.
 * - Hu et al. 2018, "Squeeze-and-excitation networks", and Woo et al. 2018, "CBAM": gates at each block's end, before the sum.
 *
 * Deviations. The stem is one convolution of 3 × 3 without pooling, for small pictures. CBAM's convolution over places has no batch norm.
 */
import {
  BatchNorm,
  Conv2d,
  ConvolutionalBlockAttention,
  dropout,
  Linear,
  Module,
  Random,
  SqueezeExcitation,
  type AttentionMap,
} from '@heed/attention-core';
import { parseConfig } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { ImageMode, ImageModel } from '../image-model.ts';

/** What a ConvNet is. JSON, and enough to make the model again. */
export interface ConvNetConfig {
  /** C: 1 for grey pictures, 3 for colours. */
  readonly channels: number;
  /** Width of each stage; every stage but the first halves the picture. */
  readonly widths: readonly number[];
  /** Blocks in each stage. */
  readonly blocks: number;
  /** The gates of each block: none, of channels, or of channels and places. */
  readonly attention: 'none' | 'squeeze-excitation' | 'convolutional-block';
  /** The gates' hidden layers have width / reduction units. */
  readonly reduction: number;
  /** Fraction of the pooled vector that is dropped in training. */
  readonly dropout: number;
  readonly classes: number;
}

const count = z.number().int().min(1);
const schema = z.strictObject({
  channels: count,
  widths: z.array(count).min(1),
  blocks: count,
  attention: z.enum(['none', 'squeeze-excitation', 'convolutional-block']),
  reduction: count,
  dropout: z.number().min(0).lt(1),
  classes: count,
});

/** A convolution without bias and its batch norm. */
class NormedConvolution extends Module {
  readonly convolution: Conv2d;
  readonly norm: BatchNorm;

  constructor(inputs: number, outputs: number, kernelSize: 1 | 3, stride: number, random: Random) {
    super();
    const padding = (kernelSize - 1) / 2;
    this.convolution = new Conv2d({ inputs, outputs, kernelSize, stride, padding, bias: false, random });
    this.norm = new BatchNorm({ channels: outputs });
  }

  forward(x: tf.Tensor, { random }: ImageMode): tf.Tensor4D {
    return this.norm.forward(this.convolution.forward(x), { training: random !== undefined }) as tf.Tensor4D;
  }
}

/** A basic residual block. */
class ConvNetBlock extends Module {
  readonly first: NormedConvolution;
  readonly second: NormedConvolution;
  readonly gates: SqueezeExcitation | ConvolutionalBlockAttention | undefined;
  readonly shortcut: NormedConvolution | undefined;

  constructor(inputs: number, outputs: number, stride: number, config: ConvNetConfig, random: Random) {
    super();
    const { attention, reduction } = config;
    this.first = new NormedConvolution(inputs, outputs, 3, stride, random);
    this.second = new NormedConvolution(outputs, outputs, 3, 1, random);
    const gates = { channels: outputs, reduction, random };
    if (attention === 'squeeze-excitation') this.gates = new SqueezeExcitation(gates);
    if (attention === 'convolutional-block') this.gates = new ConvolutionalBlockAttention(gates);
    if (inputs !== outputs || stride !== 1) this.shortcut = new NormedConvolution(inputs, outputs, 1, stride, random);
  }

  forward(x: tf.Tensor4D, mode: ImageMode): tf.Tensor4D {
    const seen = this.second.forward(tf.relu(this.first.forward(x, mode)), mode);
    const gated = this.gates === undefined ? seen : this.gates.forward(seen);
    return tf.relu(tf.add(gated, this.shortcut === undefined ? x : this.shortcut.forward(x, mode)));
  }
}

/**
 * A small residual network. Gates are captured under `channels`, `channels#2`, … [B, 1, 1, C] and `places`, `places#2`, … [B, 1, height, width], block by
 * block.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { createConvNet } from '@heed/vision';
 * const config = { channels: 1, widths: [8, 16], blocks: 1, reduction: 4, dropout: 0, classes: 10 };
 * const net = createConvNet({ ...config, attention: 'convolutional-block' }, 7);
 * net.forward(tf.zeros([2, 8, 8, 1])).shape; // [2, 10]
 * ```
 */
export class ConvNet extends Module implements ImageModel {
  readonly config: Readonly<ConvNetConfig>;
  readonly stem: NormedConvolution;
  readonly blocks: readonly ConvNetBlock[];
  readonly head: Linear;

  /** @throws if a field of the config is out of range, naming it and its value */
  constructor(config: ConvNetConfig, random: Random) {
    super();
    this.config = parseConfig('ConvNet', schema, config);
    const { channels, widths, blocks, classes } = this.config;
    this.stem = new NormedConvolution(channels, widths[0], 3, 1, random);
    this.blocks = widths.flatMap((width, stage) =>
      Array.from({ length: blocks }, (_, block) => {
        const inputs = block === 0 ? widths[Math.max(0, stage - 1)] : width;
        return new ConvNetBlock(inputs, width, block === 0 && stage > 0 ? 2 : 1, this.config, random);
      }),
    );
    this.head = new Linear({ inputs: widths.at(-1)!, outputs: classes, random });
  }

  forward(images: tf.Tensor4D, mode: ImageMode = {}): tf.Tensor2D {
    return tf.tidy(() => {
      const stem = tf.relu(this.stem.forward(images, mode)) as tf.Tensor4D;
      const seen = this.blocks.reduce((x, block) => block.forward(x, mode), stem);
      const pooled = dropout(tf.mean(seen, [1, 2]), this.config.dropout, mode.random); // [B, width]
      return this.head.forward(pooled) as tf.Tensor2D;
    });
  }

  /** That of the first stage; later stages' gates are over fewer places. */
  grid(height: number, width: number): readonly [number, number] | undefined {
    return this.config.attention === 'convolutional-block' ? [height, width] : undefined;
  }

  /** The gates of places; those of channels are not over places. */
  placesOf({ name, weights }: AttentionMap): tf.Tensor3D | undefined {
    if (!name.startsWith('places')) return undefined;
    return tf.reshape(weights, [weights.shape[0], 1, -1]);
  }
}

/** A new model, the same for the same config and seed. @throws if a field of the config is out of range, naming it and its value */
export function createConvNet(config: ConvNetConfig, seed: number): ConvNet {
  return new ConvNet(config, new Random(seed));
}
