import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { padding } from '../masks/padding.ts';
import { Random } from '../random/random.ts';
import { AttentionPooling } from './attention-pooling.ts';

const random = new Random(3);
const normal = (...shape: number[]) => tf.tensor(random.normals(tf.util.sizeFromShape(shape)), shape);

describe('AttentionPooling', () => {
  it('weights positions by tanh(W·h + b)·context, as a hand calculation does', () => {
    const pooling = new AttentionPooling({ width: 1, random });
    // tanh(0) = 0 and tanh(x) = ln 3 at x = atanh(ln 3 / 2) for context 2: weights 1/4 and 3/4
    const x = Math.atanh(Math.log(3) / 2);
    pooling.loadStateDict({
      'hidden.weight': tf.ones([1, 1]),
      'hidden.bias': tf.zeros([1]),
      context: tf.tensor2d([[2]]),
    });
    expect(pooling.forward(tf.tensor3d([[[0], [x]]]))).toBeAllClose([[0.75 * x]]);
  });

  it('gives 0, and gradient 0, for a sequence without any visible position', () => {
    const pooling = new AttentionPooling({ width: 4, random });
    const run = (x: tf.Tensor) => pooling.forward(x, { mask: padding([2, 0]) });
    const x = normal(2, 3, 4);
    expect(tf.slice(run(x), [1, 0], [1, 4])).toBeAllClose(tf.zeros([1, 4]), { absolute: 0 });
    const gradient = tf.grad((x) => tf.sum(tf.square(run(x))))(x);
    expect(tf.slice(gradient, [1, 0, 0], [1, 3, 4])).toBeAllClose(tf.zeros([1, 3, 4]), { absolute: 0 });
  });
});
