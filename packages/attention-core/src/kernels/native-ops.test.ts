import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { Random } from '../random/random.ts';
import './index.ts';
import { addBias, hasNativeOps, nativeOp, reluGradient, sigmoidGradient, sumRows, tanhGradient } from './native-ops.ts';

const random = new Random(29);
const normal = (...shape: number[]) => tf.tensor(random.normals(tf.util.sizeFromShape(shape)), shape);

if (!hasNativeOps()) process.stdout.write('skipped: native ops by name, tfjs-node is not the backend\n');

describe('an op of TensorFlow and what stands for it elsewhere', () => {
  const [dy, y] = [normal(3, 4, 5), normal(3, 4, 5)];

  it('add a bias to the last dimension, and sum over all others', () => {
    const bias = normal(5);
    expect(addBias(y, bias)).toBeAllClose(tf.add(y, bias));
    expect(sumRows(y)).toBeAllClose(tf.sum(y, [0, 1]));
    expect(sumRows(normal(1, 5)).shape).toEqual([5]);
  });

  it('give the slopes of relu, sigmoid and tanh from their results', () => {
    const slope = (f: (x: tf.Tensor) => tf.Tensor) => tf.grad(f)(y, dy);
    const difference = (f: (x: tf.Tensor) => tf.Tensor) =>
      tf.mul(dy, tf.div(tf.sub(f(tf.add(y, 1e-2)), f(tf.sub(y, 1e-2))), 2e-2));
    // central differences over 2h = 0.02 are off by h²/6 of the third derivative, at most 2
    expect(sigmoidGradient(dy, tf.sigmoid(y))).toBeAllClose(difference(tf.sigmoid), { absolute: 2e-4 });
    expect(tanhGradient(dy, tf.tanh(y))).toBeAllClose(difference(tf.tanh), { absolute: 2e-4 });
    expect(reluGradient(dy, tf.relu(y))).toBeAllClose(tf.where(tf.greater(y, 0), dy, tf.zerosLike(dy)));
    expect(slope(tf.relu)).toBeAllClose(reluGradient(dy, tf.relu(y)));
  });

  it('can be differentiated once more where tfjs takes their place: relu and added biases', () => {
    const x = tf.tensor2d([[-1, 2]]);
    const squared = (x: tf.Tensor) => tf.sum(tf.square(tf.relu(tf.add(x, tf.tensor1d([0.5, 0.5])))));
    // d/dx relu(x + ½)² = 2·relu(x + ½), whose derivative is 2 where x > −½
    expect(tf.grad((x) => tf.sum(tf.grad(squared)(x)))(x)).toBeAllClose([[0, 2]]);
  });

  it('leave a tensor that has its shape already as it is', () => {
    const count = tf.memory().numTensors;
    const same = tf.reshape(y, [3, 4, 5]);
    expect(same).toBeAllClose(y);
    same.dispose();
    expect(y.isDisposed).toBe(false);
    expect(tf.memory().numTensors).toBe(count);
  });
});

describe.runIf(hasNativeOps())('an op of TensorFlow by its name', () => {
  it('gives its outputs, and leaves no tensors but them', () => {
    const x = tf.tensor1d([3, 1, 2]);
    const before = tf.memory().numTensors;
    const [largest, places] = tf.tidy(() =>
      nativeOp('TopKV2', [x, tf.scalar(2, 'int32')], {
        outputs: 2,
        attributes: ({ TF_ATTR_TYPE, TF_ATTR_BOOL, TF_FLOAT }) => [
          { name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT },
          { name: 'sorted', type: TF_ATTR_BOOL, value: true },
        ],
      }),
    );
    expect(largest).toBeAllClose([3, 2]);
    expect(Array.from(places.dataSync())).toEqual([0, 2]);
    expect(tf.memory().numTensors).toBe(before + 2);
  });
});
