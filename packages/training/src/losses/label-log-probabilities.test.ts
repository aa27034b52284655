import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import golden from './cross-entropy.golden.json' with { type: 'json' };
import { labelLogProbabilities } from './label-log-probabilities.ts';

const logits = () => tf.tensor(golden.logits, golden.shape);
const labels = () =>
  tf.tensor2d(
    [
      [0, 4, 2],
      [1, 1, 3],
    ],
    [2, 3],
    'int32',
  );

describe('labelLogProbabilities', () => {
  it('is minus the cross-entropy of torch, position by position', () => {
    const plain = golden.cases.find(({ labelSmoothing }) => labelSmoothing === 0)!;
    const wanted = tf.tensor(plain.labels, golden.shape.slice(0, 2), 'int32');
    const counted = tf.cast(tf.notEqual(wanted, plain.ignoreIndex), 'float32');
    const found = labelLogProbabilities(logits(), tf.mul(wanted, tf.cast(counted, 'int32')));
    const mean = tf.div(tf.sum(tf.mul(found, counted)), tf.sum(counted));
    expect(mean.dataSync()[0]).toBeCloseTo(-plain.loss, 5);
  });

  it('is ln(e² / (e² + 1)) where the label leads by 2', () => {
    const found = labelLogProbabilities(tf.tensor2d([[2, 0]]), tf.tensor1d([0], 'int32'));
    expect(found).toBeAllClose([2 - Math.log(Math.exp(2) + 1)]);
  });

  it('has the gradient w · (1 at the label − p), each position with a weight w of its own', () => {
    const uneven = tf.tensor2d([
      [1, -2, 0.5],
      [0, 3, 1],
    ]);
    const gradient = tf.grad((x) => tf.sum(tf.mul(labelLogProbabilities(x, labels()), uneven)))(logits());
    const chosen = tf.cast(tf.oneHot(labels(), golden.shape[2]), 'float32');
    expect(gradient).toBeAllClose(tf.mul(tf.sub(chosen, tf.softmax(logits())), tf.expandDims(uneven, 2)));
  });

  it('leaves no tensors behind but the result and its gradient', () => {
    const [x, wanted] = [logits(), labels()];
    const before = tf.memory().numTensors;
    tf.dispose(tf.valueAndGrad((given) => tf.sum(labelLogProbabilities(given, wanted)))(x));
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses shapes that do not fit, naming them', () => {
    expect(() => labelLogProbabilities(logits(), tf.zeros([3, 2], 'int32'))).toThrow(
      'got logits [2,3,5], labels [3,2]',
    );
    expect(() => labelLogProbabilities(logits(), tf.zeros([2, 3]))).toThrow('labels must be int32, got float32');
  });
});
