/**
 * A multilayer perceptron over single nodes, which sees no edges: what a graph model must beat.
 */
import { Module, Random, weight, type RandomStream } from '@heed/attention-core';
import { parseConfig } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { glorot } from '../../layers/initial-weights.ts';
import { dropFeatures, projectFeatures, type NodeFeatures } from '../../layers/node-features.ts';

/** What a perceptron is. JSON, and enough to make the model again. */
export interface MlpConfig {
  /** F: width of a node's features. */
  readonly inputs: number;
  readonly classes: number;
  /** Number of layers, the classifying one included. */
  readonly layers: number;
  /** Width between layers. */
  readonly hiddenWidth: number;
  /** Share of the features dropped before every layer in training. */
  readonly featureDropout: number;
}

const width = z.number().int().min(1);
const schema = z.strictObject({
  inputs: width,
  classes: width,
  layers: width,
  hiddenWidth: width,
  featureDropout: z.number().min(0).lt(1),
});

/** y = x·W + b. */
class Projection extends Module {
  readonly weight: tf.Variable<tf.Rank.R2>;
  readonly bias: tf.Variable<tf.Rank.R1>;

  constructor(inputs: number, outputs: number, random: Random) {
    super();
    this.weight = glorot(random, [inputs, outputs]);
    this.bias = weight<tf.Rank.R1>(new Float32Array(outputs), [outputs]);
  }

  /** @param x [N, inputs] @returns [N, outputs] */
  forward(x: NodeFeatures): tf.Tensor {
    return projectFeatures(x, this.weight, this.bias);
  }
}

/** Linear layers with ReLU between them. */
export class Mlp extends Module {
  readonly layers: Projection[];

  constructor(
    readonly config: MlpConfig,
    random: Random,
  ) {
    super();
    const { inputs, classes, layers, hiddenWidth } = config;
    this.layers = Array.from({ length: layers }, (_, index) => {
      return new Projection(index === 0 ? inputs : hiddenWidth, index === layers - 1 ? classes : hiddenWidth, random);
    });
  }

  /** @param x [N, F] @returns logits [N, classes] */
  forward(x: NodeFeatures, _edges?: unknown, { random }: { random?: RandomStream | undefined } = {}): tf.Tensor {
    const { featureDropout } = this.config;
    return tf.tidy(() => {
      const [first, ...others] = this.layers;
      let hidden = first.forward(dropFeatures(x, featureDropout, random)); // [N, hiddenWidth]
      for (const layer of others) hidden = layer.forward(dropFeatures(tf.relu(hidden), featureDropout, random));
      return hidden; // [N, classes]
    });
  }
}

/**
 * A new perceptron.
 *
 * @throws if a field of the config is missing, unknown or out of range
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { createMlp } from '@heed/graph';
 * const model = createMlp({ inputs: 4, classes: 2, layers: 2, hiddenWidth: 16, featureDropout: 0.5 }, 7);
 * model.forward(tf.ones([3, 4])).shape; // [3, 2]
 * ```
 */
export function createMlp(config: MlpConfig, seed: number): Mlp {
  return new Mlp(parseConfig('createMlp', schema, config), new Random(seed));
}
