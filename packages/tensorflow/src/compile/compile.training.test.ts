import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';

import { compile } from './compile.ts';
import { nativeBackend } from './native-backend.ts';

const native = tf.getBackend() === 'tensorflow';
if (!native) process.stdout.write('skipped: training with compiled steps, tfjs-node is not the backend\n');

interface Model {
  readonly weights: readonly tf.Variable[];
  /** The loss of a batch; `seed` is an int32 tensor of two numbers, for dropout. */
  loss(inputs: tf.Tensor, targets: tf.Tensor, seed: tf.Tensor): tf.Scalar;
  batch(step: number): [inputs: tf.Tensor, targets: tf.Tensor];
}

const [B, L, M, V] = [4, 6, 8, 11];

function weight(shape: number[], seed: number): tf.Variable {
  return tf.tidy(() => tf.variable(tf.randomNormal(shape, 0, 0.3, 'float32', seed)));
}

/** Dropout that replays rightly: TensorFlow's stateless uniforms, with the seed as an input. */
function dropout(x: tf.Tensor, rate: number, seed: tf.Tensor): tf.Tensor {
  const backend = nativeBackend();
  const ids = backend.getInputTensorIds([tf.tensor1d(x.shape, 'int32'), seed]);
  const [uniform] = backend.binding.executeOp('StatelessRandomUniform', [], ids, 1);
  const keep = backend.createOutputTensor(uniform!).greaterEqual(rate);
  return x.mul(keep.cast('float32')).div(1 - rate);
}

const crossEntropy = (logits: tf.Tensor, labels: tf.Tensor): tf.Scalar =>
  tf.losses.softmaxCrossEntropy(tf.oneHot(labels.flatten().toInt() as tf.Tensor1D, V), logits).asScalar();

const integers = (shape: number[], seed: number) => tf.randomUniform(shape, 0, V, 'int32', seed);

/** One layer of self-attention and a feed-forward layer, reading letters. */
function transformer(): Model {
  const [embedding, query, key, value, inner, outer] = [
    [V, M],
    [M, M],
    [M, M],
    [M, M],
    [M, 4 * M],
    [4 * M, M],
  ].map(weight);
  const weights = [embedding!, query!, key!, value!, inner!, outer!];
  const apply = (x: tf.Tensor, w: tf.Tensor) => {
    const rows = x.reshape<tf.Tensor2D>([-1, x.shape.at(-1)!]);
    return rows.matMul(w as tf.Tensor2D).reshape([...x.shape.slice(0, -1), w.shape[1]!]);
  };
  const normalise = (x: tf.Tensor) => {
    const { mean, variance } = tf.moments(x, -1, true);
    return x.sub(mean).mul(variance.add(1e-5).rsqrt());
  };
  return {
    weights,
    loss(inputs, targets, seed) {
      const mask = tf.linalg
        .bandPart(tf.ones([L, L]), -1, 0)
        .sub(1)
        .mul(1e9);
      let x = tf.gather(embedding!, inputs.toInt() as tf.Tensor2D) as tf.Tensor; // [B, L, M]
      const scores = apply(x, query!).matMul(apply(x, key!), false, true).div(Math.sqrt(M)).add(mask); // [B, L, L]
      x = normalise(x.add(dropout(tf.softmax(scores), 0.1, seed).matMul(apply(x, value!))));
      x = normalise(x.add(apply(apply(x, inner!).relu(), outer!)));
      return crossEntropy(x.reshape<tf.Tensor2D>([-1, M]).matMul(embedding as tf.Tensor2D, false, true), targets);
    },
    batch: (step) => [integers([B, L], 2 * step + 1), integers([B, L], 2 * step + 2)],
  };
}

/** Two convolutions, pooling, and a linear layer. */
function convolutions(): Model {
  const [first, second, head] = [
    [3, 3, 1, 4],
    [3, 3, 4, 8],
    [8 * 4, V],
  ].map(weight);
  return {
    weights: [first!, second!, head!],
    loss(inputs, targets, seed) {
      let x: tf.Tensor4D = tf.conv2d(inputs as tf.Tensor4D, first as tf.Variable<tf.Rank.R4>, 1, 'same').relu(); // [B, 8, 8, 4]
      x = tf.maxPool(x, 2, 2, 'valid'); // [B, 4, 4, 4]
      x = tf.conv2d(x, second as tf.Variable<tf.Rank.R4>, 1, 'same').relu(); // [B, 4, 4, 8]
      const features = tf.avgPool(x, 2, 2, 'valid').reshape<tf.Tensor2D>([B, -1]); // [B, 32]
      return crossEntropy(tf.matMul(dropout(features, 0.2, seed) as tf.Tensor2D, head as tf.Tensor2D), targets);
    },
    batch: (step) => [tf.randomNormal([B, 8, 8, 1], 0, 1, 'float32', step + 1), integers([B], step + 1)],
  };
}

/** An LSTM, unrolled, that reads letters and names the last. */
function recurrent(): Model {
  const [embedding, kernel, head] = [
    [V, M],
    [2 * M, 4 * M],
    [M, V],
  ].map(weight);
  return {
    weights: [embedding!, kernel!, head!],
    loss(inputs, targets, seed) {
      const x = tf.gather(embedding!, inputs.toInt() as tf.Tensor2D); // [B, L, M]
      let hidden: tf.Tensor2D = tf.zeros([B, M]);
      let cell: tf.Tensor2D = tf.zeros([B, M]);
      for (const input of tf.unstack(x, 1)) {
        const gates = tf.matMul(tf.concat([input, hidden], 1) as tf.Tensor2D, kernel as tf.Tensor2D);
        const [i, f, g, o] = tf.split(gates, 4, 1);
        cell = f!.add(1).sigmoid().mul(cell).add(i!.sigmoid().mul(g!.tanh()));
        hidden = o!.sigmoid().mul(cell.tanh());
      }
      return crossEntropy(tf.matMul(dropout(hidden, 0.2, seed) as tf.Tensor2D, head as tf.Tensor2D), targets);
    },
    batch: (step) => [integers([B, L], 2 * step + 1), integers([B], 2 * step + 2)],
  };
}

/** Trains from the initial weights and gives the loss of every step and the weights after the last. */
function train(model: Model, steps: number, mode: 'eager' | 'compiled'): { losses: number[]; weights: Float32Array[] } {
  const before = model.weights.map((variable) => variable.clone());
  const optimizer = tf.train.adam(1e-3);
  const step = (inputs: tf.Tensor, targets: tf.Tensor, seed: tf.Tensor) =>
    tf.tidy(() => optimizer.minimize(() => model.loss(inputs, targets, seed), true, [...model.weights])!);
  const run = mode === 'compiled' ? compile(step) : Object.assign(step, { dispose: () => {} });
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) {
    const [inputs, targets] = model.batch(i);
    const seed = tf.tensor1d([7, i], 'int32');
    const loss = run(inputs, targets, seed);
    losses.push(loss.dataSync()[0]!);
    tf.dispose([inputs, targets, seed, loss]);
  }
  run.dispose();
  optimizer.dispose();
  const weights = model.weights.map((variable) => variable.dataSync() as Float32Array);
  model.weights.forEach((variable, i) => variable.assign(before[i]!));
  tf.dispose(before);
  return { losses, weights };
}

function largestDifference(one: Float32Array[], other: Float32Array[]): number {
  const differences = one.map((values, i) => values.map((value, j) => Math.abs(value - other[i]![j]!)));
  return Math.max(...differences.map((values) => Math.max(...values)));
}

describe.runIf(native)('100 compiled steps of Adam, dropout on,', () => {
  // Both run the same kernels; the graph optimizer may fuse some, which costs a rounding here and there.
  it.each([
    ['a transformer', transformer],
    ['a convolutional network', convolutions],
    ['an LSTM', recurrent],
  ])('train %s to the weights of 100 eager steps, within 1e-6', (_, build) => {
    const model = build();
    const eager = train(model, 100, 'eager');
    const compiled = train(model, 100, 'compiled');
    expect(eager.losses.at(-1)).not.toBe(eager.losses[0]);
    expect(largestDifference(eager.weights, compiled.weights)).toBeLessThan(1e-6);
    eager.losses.forEach((loss, i) => expect(Math.abs(loss - compiled.losses[i]!)).toBeLessThan(1e-5));
    tf.dispose([...model.weights]);
  });
});

describe.runIf(native)('1,000 compiled steps over 5 shapes', () => {
  it('leave tensors, native handles and resident memory as they were after the last recording', () => {
    const weights = tf.variable(tf.randomNormal([64, 64], 0, 0.1, 'float32', 1));
    const optimizer = tf.train.adam(1e-3);
    const step = compile((x: tf.Tensor2D) =>
      tf.tidy(() =>
        optimizer.minimize(
          () =>
            x
              .matMul(weights as tf.Tensor2D)
              .tanh()
              .square()
              .mean(),
          true,
          [weights],
        )!,
      ),
    );
    const batches = [8, 16, 24, 32, 40].map((rows) => tf.ones<tf.Rank.R2>([rows, 64]));
    const run = (steps: number) => {
      for (let i = 0; i < steps; i++) step(batches[i % batches.length]!).dispose();
    };
    const { binding } = nativeBackend();
    const counts = () => [tf.memory().numTensors, binding.getNumOfTensors(), step.recordings];
    run(200); // recordings, and the memory that the allocators keep
    const before = counts();
    const memory = process.memoryUsage().rss;
    run(1000);
    expect(counts()).toEqual(before);
    expect(step.recordings).toBe(5);
    // A leak of one weight matrix (16 KB) a step would be 16 MB; the bound leaves room for the garbage collector.
    expect(process.memoryUsage().rss - memory).toBeLessThan(12e6);
    step.dispose();
    optimizer.dispose();
    tf.dispose([weights, ...batches]);
  });
});
