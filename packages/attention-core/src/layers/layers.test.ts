import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { expectGradientsToMatchDifferences, expectVariableGradientsToMatchDifferences } from '@heed/testing';
import '../kernels/index.ts';
import { RandomStream } from '../random/random-stream.ts';
import { Random } from '../random/random.ts';
import { activate, gelu, geluTanh } from './activations.ts';
import { dropout } from './dropout.ts';
import { Embedding } from './embedding.ts';
import { FeedForward } from './feed-forward.ts';
import { LayerNorm } from './layer-norm.ts';
import { Linear, linear } from './linear.ts';
import { RmsNorm } from './rms-norm.ts';

const random = new Random(37);
const normal = (...shape: number[]) => tf.tensor(random.normals(tf.util.sizeFromShape(shape)), shape);

describe('Linear', () => {
  it('computes x·W + b over the last dimension of any rank', () => {
    const layer = new Linear({ inputs: 2, outputs: 3, random });
    layer.weight.assign(
      tf.tensor2d([
        [1, 2, 3],
        [4, 5, 6],
      ]),
    );
    layer.bias!.assign(tf.tensor1d([0.5, 0, -0.5]));
    const expected = [9.5, 12, 14.5]; // [1, 2]·W + b
    expect(layer.forward(tf.tensor1d([1, 2]))).toBeAllClose(expected);
    expect(layer.forward(tf.tensor3d([[[1, 2]], [[0, 0]]]))).toBeAllClose([[expected], [[0.5, 0, -0.5]]]);
  });

  it('has the gradients of finite differences, with a bias and without', () => {
    for (const bias of [true, false]) {
      const layer = new Linear({ inputs: 3, outputs: 2, bias, random });
      const x = normal(2, 4, 3);
      expectGradientsToMatchDifferences((x) => layer.forward(x), [x]);
      expectVariableGradientsToMatchDifferences(() => layer.forward(x), layer.namedParameters());
    }
  });

  it('starts uniform in ±1/√inputs', () => {
    const { weight } = new Linear({ inputs: 100, outputs: 100, random });
    expect(tf.max(tf.abs(weight)).dataSync()[0]).toBeLessThanOrEqual(0.1);
    // the variance of a uniform distribution of half width a is a²/3; three standard errors of 10,000 numbers are 3 %
    expect(tf.mean(tf.square(weight)).dataSync()[0] / (0.01 / 3)).toBeCloseTo(1, 1);
  });

  it('refuses widths that do not fit', () => {
    expect(() => linear(tf.zeros([2, 3]), tf.zeros([4, 2]))).toThrow(
      'linear: x must end in the weight’s'.replace('’', "'"),
    );
    expect(() => new Linear({ inputs: 0, outputs: 2, random })).toThrow(
      'Linear: inputs must be a positive integer, got 0',
    );
  });
});

describe('LayerNorm', () => {
  it('gives mean 0 and variance 1 before gain and bias', () => {
    // mean 2, variance 2/3, ε = 0.5: (x − 2)/√(7/6)
    const layer = new LayerNorm({ width: 3, epsilon: 0.5 });
    layer.weight.assign(tf.tensor1d([1, 1, 2]));
    layer.bias.assign(tf.tensor1d([0, 1, 0]));
    const unit = 1 / Math.sqrt(7 / 6);
    expect(layer.forward(tf.tensor2d([[1, 2, 3]]))).toBeAllClose([[-unit, 1, 2 * unit]]);
  });

  it.each([() => new LayerNorm({ width: 4 }), () => new RmsNorm({ width: 4 })])(
    'has the gradients of finite differences (%#)',
    (create) => {
      const layer = create();
      layer.weight.assign(normal(4) as tf.Tensor1D);
      const x = normal(2, 3, 4);
      expectGradientsToMatchDifferences((x) => layer.forward(x), [x]);
      expectVariableGradientsToMatchDifferences(() => layer.forward(x), layer.namedParameters());
    },
  );

  it('has a sibling that divides by the root mean square alone', () => {
    const layer = new RmsNorm({ width: 2, epsilon: 0 });
    layer.weight.assign(tf.tensor1d([1, 3]));
    expect(layer.forward(tf.tensor2d([[1, 7]]))).toBeAllClose([[0.2, 4.2]]); // √((1 + 49)/2) = 5
  });
});

describe('activations', () => {
  // torch.nn.functional.gelu in float64, exact and tanh
  const x = [-3, -1, -0.5, 0, 0.5, 1, 3];
  const exact = [-0.00404969, -0.15865525, -0.15426877, 0, 0.34573123, 0.84134475, 2.99595031];
  const tanh = [-0.00363739, -0.158808, -0.15428599, 0, 0.34571401, 0.841192, 2.99636261];

  it('compute the exact GELU and its approximation', () => {
    // tfjs computes erf by Abramowitz & Stegun 7.1.26 on some backends, 1.5e-7
    expect(gelu(tf.tensor1d(x))).toBeAllClose(exact, { absolute: 1e-6, relative: 1e-6 });
    expect(geluTanh(tf.tensor1d(x))).toBeAllClose(tanh, { absolute: 1e-6, relative: 1e-6 });
  });

  it('compute ReLU and SiLU by name', () => {
    expect(activate(tf.tensor1d([-1, 2]), 'relu')).toBeAllClose([0, 2]);
    expect(activate(tf.tensor1d([0, 2]), 'silu')).toBeAllClose([0, 2 / (1 + Math.exp(-2))]);
  });

  it('have the gradients of finite differences', () => {
    for (const name of ['gelu', 'gelu-tanh', 'silu', 'relu'] as const) {
      expectGradientsToMatchDifferences((x) => activate(x, name), [tf.tensor1d([-2, -0.7, -0.3, 0.2, 0.9, 2.5])]);
    }
  });
});

describe('Embedding', () => {
  it('gives the rows of its table, and adds up the gradients of a row that is used twice', () => {
    const embedding = new Embedding({ size: 5, width: 3, random });
    const indices = tf.tensor2d(
      [
        [4, 0],
        [4, 2],
      ],
      [2, 2],
      'int32',
    );
    const rows = embedding.weight.arraySync();
    expect(embedding.forward(indices)).toBeAllClose([
      [rows[4], rows[0]],
      [rows[4], rows[2]],
    ]);
    const { grads } = tf.variableGrads(() => tf.sum(embedding.forward(indices)) as tf.Scalar);
    const uses = [1, 0, 1, 0, 2].map((times) => [times, times, times]);
    expect(grads[embedding.weight.name]).toBeAllClose(uses, { absolute: 0, relative: 0 });
    expectVariableGradientsToMatchDifferences(() => embedding.forward(indices), embedding.namedParameters());
  });

  it('starts with the deviation that was asked for', () => {
    const { weight } = new Embedding({ size: 100, width: 100, deviation: 0.02, random });
    expect(Math.sqrt(tf.mean(tf.square(weight)).dataSync()[0]) / 0.02).toBeCloseTo(1, 1);
  });
});

describe('dropout', () => {
  it('keeps a value with probability 1 − rate and divides it by that', () => {
    const dropped = dropout(tf.ones([100, 100]), 0.3, RandomStream.of(5, 0));
    const kept = tf.greater(dropped, 0);
    // three standard deviations of a frequency over 10,000 draws are 0.014
    expect(Math.abs(tf.mean(tf.cast(kept, 'float32')).dataSync()[0] - 0.7)).toBeLessThan(0.014);
    expect(tf.max(dropped)).toBeAllClose(tf.scalar(1 / 0.7));
  });

  it('is the identity in evaluation and at rate 0, and lets gradients through where values went', () => {
    const x = normal(4, 5);
    expect(dropout(x, 0.5, undefined)).toBe(x);
    expect(dropout(x, 0, RandomStream.of(5, 0))).toBe(x);
    const mask = dropout(tf.ones([4, 5]), 0.5, RandomStream.of(5, 0));
    const [gradient] = tf.grads((x) => tf.sum(dropout(x, 0.5, RandomStream.of(5, 0))))([x]);
    expect(gradient).toBeAllClose(mask);
    expect(() => dropout(x, 1, undefined)).toThrow('dropout: rate must be in [0, 1), got 1');
  });
});

describe('FeedForward', () => {
  it('is linear, activation, dropout, linear', () => {
    const layer = new FeedForward({ modelWidth: 3, hiddenWidth: 5, activation: 'gelu', dropout: 0.5, random });
    const x = normal(2, 4, 3);
    const hidden = gelu(layer.hidden.forward(x));
    expect(layer.forward(x)).toBeAllClose(layer.output.forward(hidden));
    const dropped = dropout(hidden, 0.5, RandomStream.of(3, 1));
    expect(layer.forward(x, { random: RandomStream.of(3, 1) })).toBeAllClose(layer.output.forward(dropped));
    expectVariableGradientsToMatchDifferences(() => layer.forward(x), layer.namedParameters());
  });
});
