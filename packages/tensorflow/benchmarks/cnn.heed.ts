/** A small convolutional network with Heed's optimizer, one training step. */
import { Linear, Module, Random, weight } from '@heed/attention-core';
import { sameInputs, sameIntegers } from '@heed/bench/same-values';
import { crossEntropy } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { trainingStep } from './heed-step.ts';

interface Case {
  readonly side: number;
  readonly channels: readonly [number, number];
  readonly classes: number;
  readonly batch: number;
}

class Convolution extends Module {
  readonly filter: tf.Variable<tf.Rank.R4>;
  readonly bias: tf.Variable<tf.Rank.R1>;

  constructor(inputs: number, outputs: number) {
    super();
    this.filter = weight<tf.Rank.R4>(new Float32Array(9 * inputs * outputs), [3, 3, inputs, outputs]);
    this.bias = weight<tf.Rank.R1>(new Float32Array(outputs), [outputs]);
  }

  /** @param x [B, S, S, C] @returns [B, S/2, S/2, C'] */
  forward(x: tf.Tensor4D): tf.Tensor4D {
    return tf.maxPool(tf.relu(tf.add(tf.conv2d(x, this.filter, 1, 'same'), this.bias)) as tf.Tensor4D, 2, 2, 'valid');
  }
}

class Cnn extends Module {
  readonly first: Convolution;
  readonly second: Convolution;
  readonly head: Linear;

  constructor({ side, channels: [first, second], classes }: Case) {
    super();
    this.first = new Convolution(1, first);
    this.second = new Convolution(first, second);
    this.head = new Linear({ inputs: (side / 4) ** 2 * second, outputs: classes, random: new Random(7) });
  }

  forward(images: tf.Tensor4D): tf.Tensor {
    const features = this.second.forward(this.first.forward(images)); // [B, S/4, S/4, C]
    return this.head.forward(tf.reshape(features, [images.shape[0], -1])); // [B, classes]
  }
}

export function prepare(given: Case): () => tf.Scalar {
  const { side, classes, batch } = given;
  const model = new Cnn(given);
  const shape = [batch, side, side, 1] as [number, number, number, number];
  const images = tf.tensor4d(sameInputs('images', shape), shape);
  const labels = tf.tensor1d(sameIntegers('labels', [batch], classes), 'int32');
  return trainingStep(model, ({ images, labels }) => crossEntropy(model.forward(images), labels), {
    batches: [{ images, labels }],
    compiled: true,
  });
}
