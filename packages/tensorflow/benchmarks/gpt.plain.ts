/** The same GPT as anybody writes it in tfjs: stock ops, their gradients, tfjs's Adam; eager, or inside `compile`. */
import { sameIntegers, sameWeight } from '@heed/bench/same-values';
import { compile } from '@heed/tensorflow';
import * as tf from '@tensorflow/tfjs';

interface Case {
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly batch: number;
  readonly length: number;
  readonly vocabulary: number;
  readonly mode: 'eager' | 'compiled' | 'xla';
}

const weight = (name: string, ...shape: number[]) => tf.variable(tf.tensor(sameWeight(name, shape), shape));
const layer = (name: string, inputs: number, outputs: number) => ({
  kernel: weight(`${name}.weight`, inputs, outputs),
  bias: weight(`${name}.bias`, outputs),
});
const norm = (name: string, width: number) => ({
  gain: weight(`${name}.weight`, width),
  bias: weight(`${name}.bias`, width),
});

function linear(x: tf.Tensor, { kernel, bias }: ReturnType<typeof layer>): tf.Tensor {
  const [inputs, outputs] = kernel.shape;
  const rows = tf.add(tf.matMul(tf.reshape(x, [-1, inputs]), kernel as tf.Tensor2D), bias);
  return tf.reshape(rows, [...x.shape.slice(0, -1), outputs]);
}

function normalise(x: tf.Tensor, { gain, bias }: ReturnType<typeof norm>): tf.Tensor {
  const { mean, variance } = tf.moments(x, -1, true);
  return tf.add(tf.mul(tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-5))), gain), bias);
}

const gelu = (x: tf.Tensor) => tf.mul(tf.mul(x, tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1)), 0.5);

export function prepare({ layers, width, heads, batch, length, vocabulary, mode }: Case): () => tf.Scalar {
  const tokens = weight('tokens.weight', vocabulary, width);
  const positions = weight('positions.weight', length, width);
  const blocks = Array.from({ length: layers }, (_, i) => ({
    attentionNorm: norm(`blocks.${i}.attentionNorm`, width),
    query: layer(`blocks.${i}.attention.query`, width, width),
    key: layer(`blocks.${i}.attention.key`, width, width),
    value: layer(`blocks.${i}.attention.value`, width, width),
    output: layer(`blocks.${i}.attention.output`, width, width),
    feedForwardNorm: norm(`blocks.${i}.feedForwardNorm`, width),
    hidden: layer(`blocks.${i}.feedForward.hidden`, width, 4 * width),
    outer: layer(`blocks.${i}.feedForward.output`, 4 * width, width),
  }));
  const last = norm('norm', width);
  const future = tf.tidy(() => tf.mul(tf.sub(tf.linalg.bandPart(tf.ones([length, length]), -1, 0), 1), 1e9)); // [L, L]
  const oneHot = (ids: tf.Tensor) => tf.cast(tf.oneHot(tf.reshape(ids, [-1]), vocabulary), 'float32'); // [B·L, V]
  // Stock tfjs has no gradient of `gather` on WASM.
  const embed = (ids: tf.Tensor2D) =>
    tf.getBackend() === 'wasm'
      ? tf.reshape(tf.matMul(oneHot(ids), tokens as tf.Tensor2D), [batch, length, width])
      : tf.gather(tokens, ids);

  const attend = (x: tf.Tensor, { query, key, value, output }: (typeof blocks)[number]) => {
    const [q, k, v] = [query, key, value].map((part) =>
      tf.transpose(tf.reshape(linear(x, part), [batch, length, heads, width / heads]), [0, 2, 1, 3]),
    ); // [B, H, L, D] each
    const scores = tf.add(tf.div(tf.matMul(q, k, false, true), Math.sqrt(width / heads)), future); // [B, H, L, L]
    const mixed = tf.transpose(tf.matMul(tf.softmax(scores), v), [0, 2, 1, 3]); // [B, L, H, D]
    return linear(tf.reshape(mixed, [batch, length, width]), output);
  };
  const forward = (ids: tf.Tensor2D) => {
    let x = tf.add(embed(ids), positions); // [B, L, M]
    for (const block of blocks) {
      x = tf.add(x, attend(normalise(x, block.attentionNorm), block));
      x = tf.add(x, linear(gelu(linear(normalise(x, block.feedForwardNorm), block.hidden)), block.outer));
    }
    return tf.matMul(tf.reshape(normalise(x, last), [-1, width]), tokens as tf.Tensor2D, false, true); // [B·L, V]
  };
  const optimizer = tf.train.adam(1e-3, 0.9, 0.999, 1e-8);
  const step = (inputs: tf.Tensor2D, targets: tf.Tensor2D) =>
    tf.tidy(() =>
      optimizer.minimize(() => tf.losses.softmaxCrossEntropy(oneHot(targets), forward(inputs)) as tf.Scalar, true)!,
    );
  const run = mode === 'eager' ? step : compile(step, { xla: mode === 'xla' });

  const ids = (name: string) => tf.tensor2d(sameIntegers(name, [batch, length], vocabulary), [batch, length], 'int32');
  const batches = Array.from({ length: 8 }, (_, i) => [ids(`inputs ${i}`), ids(`targets ${i}`)] as const);
  let steps = 0;
  return () => run(...batches[steps++ % batches.length]);
}
