/** A GPT from Heed's layers, one training step. */
import {
  causal,
  dropout,
  Embedding,
  EncoderBlock,
  LayerNorm,
  LearnedPositions,
  Module,
  Random,
  type RandomStream,
} from '@heed/attention-core';
import { sameIntegers } from '@heed/bench/same-values';
import { crossEntropy } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { trainingStep } from './heed-step.ts';

export interface GptSizes {
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly length: number;
  readonly vocabulary: number;
  readonly dropout: number;
}

interface Case extends GptSizes {
  readonly batch: number;
  readonly compiled: boolean;
}

/** Pre-norm blocks with exact GELU; the table of tokens is the output layer too. */
export class Gpt extends Module {
  readonly tokens: Embedding;
  readonly positions: LearnedPositions;
  readonly blocks: readonly EncoderBlock[];
  readonly norm: LayerNorm;
  private readonly dropoutRate: number;

  constructor({ layers, width, heads, length, vocabulary, dropout }: GptSizes) {
    super();
    const random = new Random(7);
    this.tokens = new Embedding({ size: vocabulary, width, random });
    this.positions = new LearnedPositions({ length, width, random });
    const config = { modelWidth: width, heads, activation: 'gelu', dropout, random } as const;
    this.blocks = Array.from({ length: layers }, () => new EncoderBlock(config));
    this.norm = new LayerNorm({ width });
    this.dropoutRate = dropout;
  }

  /** @param ids int32 [B, L] @returns [B, L, V] */
  forward(ids: tf.Tensor2D, random: RandomStream): tf.Tensor {
    const [batch, length] = ids.shape;
    const { weight } = this.tokens;
    const embedded = tf.add(this.tokens.forward(ids), this.positions.forward(length)); // [B, L, M]
    const hidden = this.blocks.reduce<tf.Tensor>(
      (x, block) => block.forward(x, { mask: causal(), random }),
      dropout(embedded, this.dropoutRate, random),
    );
    const rows = tf.reshape(this.norm.forward(hidden), [batch * length, weight.shape[1]]); // [B·L, M]
    return tf.reshape(tf.matMul(rows, weight, false, true), [batch, length, weight.shape[0]]);
  }
}

export function prepare(given: Case): () => tf.Scalar {
  const { batch, length, vocabulary, compiled } = given;
  const model = new Gpt(given);
  const ids = (name: string) => tf.tensor2d(sameIntegers(name, [batch, length], vocabulary), [batch, length], 'int32');
  const batches = Array.from({ length: 8 }, (_, i) => ({ inputs: ids(`inputs ${i}`), targets: ids(`targets ${i}`) }));
  return trainingStep(model, ({ inputs, targets }, random) => crossEntropy(model.forward(inputs, random), targets), {
    batches,
    compiled,
  });
}
