import * as tf from '@tensorflow/tfjs';
import { on, positive, t4, type OpGroup } from './op-case.ts';

export const reductions: OpGroup = {
  title: 'Reductions',
  cases: [
    on('sum', [[2, 3, 4]], (x) => tf.sum(x)),
    on('sum over an axis', [[2, 3, 4]], (x) => tf.sum(x, 1)),
    on('sum over the last axis, kept', [[2, 3, 4]], (x) => tf.sum(x, -1, true)),
    on('mean', [[2, 3, 4]], (x) => tf.mean(x, [0, 2])),
    on('max', [[2, 3, 4]], (x) => tf.max(x, -1)),
    on('max over the first axis', [[2, 3, 4]], (x) => tf.max(x, 0, true)),
    on('min', [[2, 3, 4]], (x) => tf.min(x, 1)),
    on('prod', [[2, 3]], (x) => tf.prod(x, 1), positive),
    on('logSumExp', [[2, 3, 4]], (x) => tf.logSumExp(x, -1)),
    on('norm', [[2, 3, 4]], (x) => tf.norm(x, 2, -1)),
    on('moments', [[2, 3, 4]], (x) => tf.moments(x, -1).variance),
    on('cumsum', [[2, 3, 4]], (x) => tf.cumsum(x, 1)),
    on('cumsum, exclusive and reversed', [[2, 5]], (x) => tf.cumsum(x, 1, true, true)),
    on('cumprod', [[2, 4]], (x) => tf.cumprod(x, 1), positive),
    on('argMax', [[3, 5]], (x) => tf.argMax(x, -1)),
    on('topk values', [[3, 6]], (x) => tf.topk(x, 3).values),
  ],
};

export const products: OpGroup = {
  title: 'Products',
  cases: [
    on(
      'matMul',
      [
        [3, 4],
        [4, 5],
      ],
      (a, b) => tf.matMul(a, b),
    ),
    on(
      'matMul, a transposed',
      [
        [4, 3],
        [4, 5],
      ],
      (a, b) => tf.matMul(a, b, true),
    ),
    on(
      'matMul, b transposed',
      [
        [3, 4],
        [5, 4],
      ],
      (a, b) => tf.matMul(a, b, false, true),
    ),
    on(
      'matMul, both transposed',
      [
        [4, 3],
        [5, 4],
      ],
      (a, b) => tf.matMul(a, b, true, true),
    ),
    on(
      'matMul in batches',
      [
        [2, 2, 3, 4],
        [2, 2, 4, 2],
      ],
      (a, b) => tf.matMul(a, b),
    ),
    on(
      'matMul in batches, b transposed',
      [
        [2, 3, 4],
        [2, 2, 4],
      ],
      (a, b) => tf.matMul(a, b, false, true),
    ),
    on(
      'matMul, batches spread',
      [
        [2, 3, 4],
        [1, 4, 2],
      ],
      (a, b) => tf.matMul(a, b),
    ),
    on('dot', [[5], [5]], (a, b) => tf.dot(a, b)),
    on('outerProduct', [[3], [4]], (a, b) => tf.outerProduct(a as tf.Tensor1D, b as tf.Tensor1D)),
    on('fused.matMul with bias and relu', [[3, 4], [4, 5], [5]], (a, b, bias) =>
      tf.fused.matMul({ a, b, bias, activation: 'relu' }),
    ),
    on(
      'einsum',
      [
        [3, 4],
        [4, 5],
      ],
      (a, b) => tf.einsum('ij,jk->ik', a, b),
    ),
  ],
};

export const normalisations: OpGroup = {
  title: 'Normalisation',
  cases: [
    on('softmax', [[3, 5]], (x) => tf.softmax(x)),
    on('logSoftmax', [[3, 5]], (x) => tf.logSoftmax(x)),
    on('batchNorm', [[4, 3], [3], [3], [3]], (x, mean, offset, scale) =>
      tf.batchNorm(x, mean as tf.Tensor1D, tf.tensor1d([0.5, 1, 2]), offset as tf.Tensor1D, scale as tf.Tensor1D),
    ),
    on('localResponseNormalization', [[1, 2, 2, 5]], (x) => tf.localResponseNormalization(t4(x), 2)),
  ],
};
