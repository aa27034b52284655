import * as tf from '@tensorflow/tfjs';
import { above1, binary, inside, on, positive, spread, unary, type OpGroup } from './op-case.ts';

export const unaryOps: OpGroup = {
  title: 'Elementwise, one argument',
  cases: [
    unary('abs', tf.abs),
    unary('acos', tf.acos, inside),
    unary('acosh', tf.acosh, above1),
    unary('asin', tf.asin, inside),
    unary('asinh', tf.asinh),
    unary('atan', tf.atan),
    unary('atanh', tf.atanh, inside),
    unary('clipByValue', (x) => tf.clipByValue(x, -0.61, 0.77)),
    unary('cos', tf.cos),
    unary('cosh', tf.cosh),
    unary('elu', tf.elu),
    unary('erf', tf.erf),
    unary('exp', tf.exp),
    unary('expm1', tf.expm1),
    unary('leakyRelu', (x) => tf.leakyRelu(x, 0.2)),
    unary('log', tf.log, positive),
    unary('log1p', tf.log1p, positive),
    unary('neg', tf.neg),
    unary('reciprocal', tf.reciprocal, positive),
    unary('relu', tf.relu),
    unary('relu6', tf.relu6, { low: -4, high: 9 }),
    unary('rsqrt', tf.rsqrt, positive),
    unary('selu', tf.selu),
    unary('sigmoid', tf.sigmoid),
    unary('sin', tf.sin),
    unary('sinh', tf.sinh),
    unary('softplus', tf.softplus),
    unary('sqrt', tf.sqrt, positive),
    unary('square', tf.square),
    unary('tan', tf.tan, inside),
    unary('tanh', tf.tanh),
    unary('ceil', tf.ceil),
    unary('floor', tf.floor),
    unary('round', tf.round),
    unary('sign', tf.sign),
    unary('step', (x) => tf.step(x)),
  ],
};

export const binaryOps: OpGroup = {
  title: 'Elementwise, two arguments',
  cases: [
    ...binary('add', tf.add),
    ...binary('sub', tf.sub),
    ...binary('mul', tf.mul),
    ...binary('div', tf.div, positive),
    ...binary('maximum', tf.maximum),
    ...binary('minimum', tf.minimum),
    ...binary('squaredDifference', tf.squaredDifference),
    ...binary('pow', tf.pow, positive),
    on(
      'atan2',
      [
        [3, 4],
        [3, 4],
      ],
      (a, b) => tf.atan2(a, b),
      positive,
    ),
    on('prelu', [[2, 3, 4], [4]], (x, a) => tf.prelu(x, a)),
    on(
      'where',
      [
        [2, 3, 4],
        [2, 3, 4],
      ],
      (a, b) => tf.where(tf.greater(spread([2, 3, 4]), 0), a, b),
    ),
    on(
      'where, condition spread',
      [
        [2, 3, 4],
        [2, 3, 4],
      ],
      (a, b) => tf.where(tf.tensor2d([[1], [0], [1]], [3, 1], 'bool'), a, b),
    ),
    on(
      'addN',
      [
        [3, 4],
        [3, 4],
        [3, 4],
      ],
      (...xs) => tf.addN(xs),
    ),
  ],
};
