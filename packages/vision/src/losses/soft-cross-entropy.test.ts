import { crossEntropy } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { softCrossEntropy } from './soft-cross-entropy.ts';

const logits = tf.tensor2d([
  [2, 0, -1],
  [0, 3, 1],
]);

describe('softCrossEntropy', () => {
  it('is the cross-entropy where a class has it all, and with smoothing', () => {
    const labels = tf.tensor1d([0, 2], 'int32');
    const shares = tf.oneHot(labels, 3) as tf.Tensor2D;
    expect(softCrossEntropy(logits, shares)).toBeAllClose(crossEntropy(logits, labels));
    const smooth = tf.add(tf.mul(shares, 0.9), 0.1 / 3) as tf.Tensor2D;
    expect(softCrossEntropy(logits, smooth)).toBeAllClose(crossEntropy(logits, labels, { labelSmoothing: 0.1 }));
  });

  it('is the mean of both where two classes share', () => {
    const both = tf.tensor2d([
      [0.25, 0.75, 0],
      [0.25, 0.75, 0],
    ]);
    const of = (label: number) => crossEntropy(logits, tf.tensor1d([label, label], 'int32'));
    expect(softCrossEntropy(logits, both)).toBeAllClose(tf.add(tf.mul(of(0), 0.25), tf.mul(of(1), 0.75)));
  });
});
