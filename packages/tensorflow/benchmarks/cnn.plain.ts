/** The same network in stock tfjs. */
import { sameInputs, sameIntegers, sameWeight } from '@heed/bench/same-values';
import * as tf from '@tensorflow/tfjs';

interface Case {
  readonly side: number;
  readonly channels: readonly [number, number];
  readonly classes: number;
  readonly batch: number;
}

export function prepare({ side, channels: [first, second], classes, batch }: Case): () => tf.Scalar {
  const weight = (name: string, ...shape: number[]) => tf.variable(tf.tensor(sameWeight(name, shape), shape));
  const filters = [weight('first.filter', 3, 3, 1, first), weight('second.filter', 3, 3, first, second)];
  const biases = [weight('first.bias', first), weight('second.bias', second)];
  const inputs = (side / 4) ** 2 * second;
  const [kernel, bias] = [weight('head.weight', inputs, classes), weight('head.bias', classes)];
  const shape = [batch, side, side, 1];
  const images = tf.tensor4d(sameInputs('images', shape), shape as [number, number, number, number]);
  const labels = tf.oneHot(tf.tensor1d(sameIntegers('labels', [batch], classes), 'int32'), classes);
  const forward = () => {
    let x = images;
    for (const [i, filter] of filters.entries()) {
      const convolved = tf.add(tf.conv2d(x, filter as tf.Variable<tf.Rank.R4>, 1, 'same'), biases[i]);
      x = tf.maxPool(tf.relu(convolved) as tf.Tensor4D, 2, 2, 'valid');
    }
    return tf.add(tf.matMul(tf.reshape(x, [batch, inputs]), kernel as tf.Tensor2D), bias); // [B, classes]
  };
  const optimizer = tf.train.adam(1e-3, 0.9, 0.999, 1e-8);
  const loss = () => tf.losses.softmaxCrossEntropy(labels, forward()) as tf.Scalar;
  return () => tf.tidy(() => optimizer.minimize(loss, true)!);
}
