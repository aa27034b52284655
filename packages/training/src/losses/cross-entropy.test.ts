import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import golden from './cross-entropy.golden.json' with { type: 'json' };
import { countedPositions, crossEntropy } from './cross-entropy.ts';
import { labelLogProbabilities } from './label-log-probabilities.ts';

const logits = () => tf.tensor(golden.logits, golden.shape);

describe('crossEntropy', () => {
  for (const { labelSmoothing, ignoreIndex, labels, loss, gradientOfThreeTimesLoss } of golden.cases) {
    it(`agrees with torch.nn.functional.cross_entropy, smoothing ${labelSmoothing}, ignoring ${ignoreIndex}`, () => {
      const wanted = tf.tensor(labels, golden.shape.slice(0, 2), 'int32');
      const objective = (x: tf.Tensor) => tf.mul(crossEntropy(x, wanted, { labelSmoothing, ignoreIndex }), 3);
      const { value, grad } = tf.valueAndGrad(objective)(logits());
      expect(value.dataSync()[0] / 3).toBeCloseTo(loss, 5);
      expect(grad.reshape([-1])).toBeAllClose(gradientOfThreeTimesLoss);
    });
  }

  it('is 0 with gradient 0 where no position counts', () => {
    const ignored = tf.cast(tf.mul(tf.ones([2, 3]), -100), 'int32');
    const { value, grad } = tf.valueAndGrad((x) => crossEntropy(x, ignored))(logits());
    expect(value.dataSync()[0]).toBe(0);
    expect(tf.max(tf.abs(grad)).dataSync()[0]).toBe(0);
  });

  it('stays finite for logits of any size', () => {
    const huge = tf.tensor2d([
      [1e30, -1e30],
      [-1e4, 1e4],
    ]);
    const { value, grad } = tf.valueAndGrad((x) => crossEntropy(x, tf.tensor1d([0, 0], 'int32')))(huge);
    expect(value.dataSync()[0]).toBeCloseTo(1e4, 0); // the second row: 2e4 nats, halved by the mean
    expect(grad).toBeAllClose([
      [0, 0],
      [-0.5, 0.5],
    ]);
  });

  it('gives classes of logit −∞ the probability 0, as torch does', () => {
    const logits = tf.tensor2d([
      [1, -Infinity, 2],
      [0.5, 0.2, -Infinity],
    ]);
    const labels = tf.tensor1d([2, 0], 'int32');
    const { value, grad } = tf.valueAndGrad((x) => crossEntropy(x, labels))(logits);
    expect(value.dataSync()[0]).toBeCloseTo(0.4338084, 6);
    expect(grad).toBeAllClose([
      [0.1344707, 0, -0.1344707],
      [-0.2127787, 0.2127787, 0],
    ]);
    // −ln p of each row by hand: ln(e + e²) − 2 and ln(e^0.5 + e^0.2) − 0.5
    expect(labelLogProbabilities(logits, labels)).toBeAllClose([-0.3132617, -0.5543552]);
  });

  it.each([0, 0.1])(
    'what ignored rows hold reaches neither loss nor gradient, smoothed by %f or not',
    (labelSmoothing) => {
      const rows = [
        [NaN, 1, 2],
        [-Infinity, -Infinity, -Infinity],
        [1, 2, 3],
        [Infinity, 0, NaN],
      ];
      const all = tf.valueAndGrad((x) =>
        crossEntropy(x, tf.tensor1d([-100, -100, 2, -100], 'int32'), { labelSmoothing }),
      );
      const alone = tf.valueAndGrad((x) => crossEntropy(x, tf.tensor1d([2], 'int32'), { labelSmoothing }));
      const [{ value, grad }, expected] = [all(tf.tensor2d(rows)), alone(tf.tensor2d([rows[2]]))];
      expect(value).toBeAllClose(expected.value);
      expect(tf.slice(grad, [2, 0], [1, 3])).toBeAllClose(expected.grad);
      expect(Array.from(grad.dataSync()).filter((slope) => slope !== 0).length).toBe(3);
    },
  );

  it('of a single class is 0, with gradient 0', () => {
    for (const labelSmoothing of [0, 0.1]) {
      const labels = tf.tensor1d([0, -100], 'int32');
      const objective = (x: tf.Tensor) => crossEntropy(x, labels, { labelSmoothing });
      const { value, grad } = tf.valueAndGrad(objective)(tf.tensor2d([[3], [5]]));
      expect(value.dataSync()[0]).toBeCloseTo(0, 6); // 0.9 · 3 + 0.1 · 3 is not quite 3
      expect(grad).toBeAllClose([[0], [0]]);
    }
    expect(labelLogProbabilities(tf.tensor2d([[3]]), tf.tensor1d([0], 'int32'))).toBeAllClose([0]);
  });

  it.each([-1, 5, -101, 2 ** 30])('is NaN for the label %d of five classes, whatever the backend', (label) => {
    const labels = tf.tensor([0, 1, label, 2, 3, 4], [2, 3], 'int32');
    for (const labelSmoothing of [0, 0.1]) {
      expect(crossEntropy(logits(), labels, { labelSmoothing }).dataSync()[0]).toBeNaN();
    }
    const values = labelLogProbabilities(logits(), labels).dataSync();
    expect([...values].map(Number.isNaN)).toEqual([false, false, true, false, false, false]);
  });

  it('leaves no tensors behind but the loss and its gradient', () => {
    const [x, labels] = [logits(), tf.zeros([2, 3], 'int32')];
    const before = tf.memory().numTensors;
    tf.dispose(tf.valueAndGrad((given) => crossEntropy(given, labels))(x));
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([0, 0.1])('has the second derivative (diag p − p·pᵀ) / n, smoothed by %f or not', (labelSmoothing) => {
    const x = [0.3, -1, 0.8];
    const labels = tf.tensor1d([2, -100], 'int32'); // n = 1: the second row is ignored
    const gradient = tf.grad((x: tf.Tensor) => crossEntropy(x, labels, { labelSmoothing }));
    const direction = tf.tensor2d([
      [1, 2, -1],
      [3, 4, 5],
    ]);
    const second = tf.grad((x: tf.Tensor) => tf.sum(tf.mul(gradient(x), direction)))(tf.tensor2d([x, x]));
    const exponentials = x.map(Math.exp);
    const sum = exponentials.reduce((a, b) => a + b);
    const p = exponentials.map((e) => e / sum);
    const mean = p[0] + 2 * p[1] - p[2];
    expect(second).toBeAllClose([
      [p[0] * (1 - mean), p[1] * (2 - mean), p[2] * (-1 - mean)],
      [0, 0, 0],
    ]);
  });

  it('counts the positions that are not ignored', () => {
    expect(
      countedPositions(
        tf.tensor2d(
          [
            [1, -100],
            [0, 2],
          ],
          [2, 2],
          'int32',
        ),
      ).dataSync()[0],
    ).toBe(3);
    expect(countedPositions(tf.tensor1d([0, 1, 0], 'int32'), 0).dataSync()[0]).toBe(1);
  });

  it('refuses shapes and options that do not fit, naming them', () => {
    expect(() => crossEntropy(logits(), tf.zeros([3, 2], 'int32'))).toThrow('got logits [2,3,5], labels [3,2]');
    expect(() => crossEntropy(logits(), tf.zeros([2, 3]))).toThrow('labels must be int32, got float32');
    expect(() => crossEntropy(logits(), tf.zeros([2, 3], 'int32'), { labelSmoothing: 1 })).toThrow(
      'labelSmoothing must be in [0, 1), got 1',
    );
  });
});
