import { expectGradientsToMatchDifferences } from '@heed/testing';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import {
  activate,
  attention,
  causal,
  GruCell,
  layerNorm,
  Linear,
  linearAttention,
  LstmCell,
  MultiHeadAttention,
  Random,
  RecurrentLayer,
  rmsNorm,
  RotaryPositions,
  segmentMax,
  segmentSoftmax,
  segmentSum,
  sparsemax,
} from '../index.ts';
import { stopGradient } from './stop-gradient.ts';

const random = new Random(41);
const normal = (...shape: number[]) => tf.tensor(random.normals(tf.util.sizeFromShape(shape)), shape);
const sizes = { inputs: 3, hiddenWidth: 3, random };
const linear = new Linear({ inputs: 3, outputs: 2, random });
const multiHead = new MultiHeadAttention({ modelWidth: 4, heads: 2, random });
const [gru, lstm] = [new RecurrentLayer(new GruCell(sizes)), new RecurrentLayer(new LstmCell(sizes))];
const rotary = new RotaryPositions({ headWidth: 4 });
const [gain, bias] = [normal(3) as tf.Tensor1D, normal(3) as tf.Tensor1D];
const [key, value] = [normal(1, 2, 3, 4), normal(1, 2, 3, 4)];
const features = { name: 'exp', ofQueries: tf.exp, ofKeys: tf.exp }; // tfjs has no second derivative of elu, and says so
const ids = tf.tensor1d([0, 1, 0, 2], 'int32');

/** What is differentiated, and the shape of what it is differentiated by. */
const functions: Record<string, readonly [(x: tf.Tensor) => tf.Tensor, ...shape: number[]]> = {
  linear: [(x) => tf.square(linear.forward(x)), 2, 2, 3],
  gelu: [(x) => activate(x, 'gelu'), 6],
  'gelu-tanh': [(x) => activate(x, 'gelu-tanh'), 6],
  silu: [(x) => activate(x, 'silu'), 6],
  layerNorm: [(x) => layerNorm(x, gain, bias, 1e-5), 4, 3],
  rmsNorm: [(x) => rmsNorm(x, gain, 1e-5), 4, 3],
  'attention, dense': [(query) => attention({ query, key, value, mask: causal(), path: 'dense' }), 1, 2, 3, 4],
  'attention, blockwise': [(query) => attention({ query, key, value, mask: causal(), path: 'blockwise' }), 1, 2, 3, 4],
  sparsemax: [(x) => tf.square(sparsemax().weights(x)), 4, 3],
  linearAttention: [(query) => linearAttention({ query, key, value, features }), 1, 2, 3, 4],
  MultiHeadAttention: [(x) => multiHead.forward(x, {}), 1, 3, 4],
  'rotary positions': [(x) => tf.square(rotary.apply(x)), 1, 1, 3, 4],
  GruCell: [(x) => gru.forward(x as tf.Tensor3D).outputs, 2, 3, 3],
  LstmCell: [(x) => lstm.forward(x as tf.Tensor3D).outputs, 2, 3, 3],
  segmentSoftmax: [(x) => segmentSoftmax(x, ids, 3), 4, 2],
  segmentSum: [(x) => tf.square(segmentSum(x, ids, 3)), 4, 2],
  segmentMax: [(x) => tf.square(segmentMax(x, ids, 3)), 4, 2],
};

describe('the gradient of the gradient', () => {
  for (const [name, [f, ...shape]] of Object.entries(functions)) {
    it(`of ${name} equals finite differences`, () => {
      const gradient = tf.grad((x: tf.Tensor) =>
        tf.sum(tf.mul(f(x), tf.sin(tf.add(tf.range(0, f(x).size).reshape(f(x).shape), 1)))),
      );
      expectGradientsToMatchDifferences((x) => gradient(x), [normal(...shape)]);
    });
  }

  it('stops where the gradient stops', () => {
    const gradient = tf.grad((x: tf.Tensor) => tf.mul(tf.square(x), stopGradient(x))); // 2x · x₀
    expect(tf.grad((x: tf.Tensor) => gradient(x))(tf.scalar(3))).toBeAllClose(tf.scalar(6)); // 2 · x₀
  });
});
