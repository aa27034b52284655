/**
 * A training step of a small GPT in plain tfjs, eager against compiled against compiled by XLA: medians of interleaved runs.
 *
 *   node --conditions=@heed/source --import tsx benchmarks/gpt-step.bench.ts [eager,compiled,xla] [layers] [width] [heads] [batch] [rounds]
 *
 * The defaults (4 layers, 128 wide, 4 heads, batch 12 of 64 letters, Adam) take about a minute on two cores.
 */
import { compile, loadTensorflow } from '@heed/tensorflow';
import type { Tensor, Tensor1D, Tensor2D, Variable } from '@tensorflow/tfjs';

const tf = await loadTensorflow();
const [modes = 'eager,compiled,xla', ...sizes] = process.argv.slice(2);
const [layers = 4, M = 128, H = 4, B = 12, rounds = 25] = sizes.map(Number);
const [L, V] = [64, 65];

const weight = (...shape: number[]) => tf.variable(tf.randomNormal(shape, 0, 0.02));
const blocks = Array.from({ length: layers }, () => ({
  attention: [weight(M, 3 * M), weight(3 * M), weight(M, M), weight(M)] as const,
  feedForward: [weight(M, 4 * M), weight(4 * M), weight(4 * M, M), weight(M)] as const,
  norms: [tf.variable(tf.ones([M])), weight(M), tf.variable(tf.ones([M])), weight(M)] as const,
}));
const [letters, positions] = [weight(V, M), weight(L, M)];
const weights = [letters, positions, ...blocks.flatMap((block) => Object.values(block).flat())];
const mask = tf.linalg
  .bandPart(tf.ones([L, L]), -1, 0)
  .sub(1)
  .mul(1e9); // [L, L]

function linear(x: Tensor, w: Variable, b: Variable): Tensor {
  const rows = x.reshape<Tensor2D>([-1, x.shape.at(-1)!]);
  return tf
    .matMul(rows, w as Tensor2D)
    .add(b)
    .reshape([...x.shape.slice(0, -1), w.shape[1]!]);
}

function normalise(x: Tensor, scale: Variable, shift: Variable): Tensor {
  const { mean, variance } = tf.moments(x, -1, true);
  return x.sub(mean).mul(variance.add(1e-5).rsqrt()).mul(scale).add(shift);
}

const gelu = (x: Tensor) => x.mul(tf.erf(x.mul(Math.SQRT1_2)).add(1)).mul(0.5);

function forward(ids: Tensor2D): Tensor2D {
  let x: Tensor = tf.gather(letters, ids).add(positions); // [B, L, M]
  for (const { attention, feedForward, norms } of blocks) {
    const heads = linear(x, attention[0], attention[1])
      .reshape([B, L, 3, H, M / H])
      .transpose([2, 0, 3, 1, 4]);
    const [q, k, v] = tf.unstack(heads); // [B, H, L, D] each
    const scores = tf
      .matMul(q!, k!, false, true)
      .div(Math.sqrt(M / H))
      .add(mask); // [B, H, L, L]
    const mixed = tf.matMul(tf.softmax(scores), v!).transpose([0, 2, 1, 3]).reshape([B, L, M]);
    x = normalise(x.add(linear(mixed, attention[2], attention[3])), norms[0], norms[1]);
    const inner = gelu(linear(x, feedForward[0], feedForward[1])); // [B, L, 4M]
    x = normalise(x.add(linear(inner, feedForward[2], feedForward[3])), norms[2], norms[3]);
  }
  return tf.matMul(x.reshape<Tensor2D>([-1, M]), letters as Tensor2D, false, true); // [B·L, V]
}

function makeStep(): (ids: Tensor2D) => Tensor {
  const optimizer = tf.train.adam(1e-3);
  const loss = (ids: Tensor2D) =>
    tf.losses.softmaxCrossEntropy(tf.oneHot(ids.flatten() as Tensor1D, V), forward(ids)).asScalar();
  return (ids) => tf.tidy(() => optimizer.minimize(() => loss(ids), true, weights)!);
}

const batches = Array.from({ length: 8 }, (_, i) => tf.randomUniform([B, L], 0, V, 'int32', i + 1) as Tensor2D);
const steps = modes.split(',').map((mode) => {
  const step = makeStep();
  return { mode, run: mode === 'eager' ? step : compile(step, { xla: mode === 'xla' }), milliseconds: [] as number[] };
});
for (let round = -4; round < rounds; round++) {
  for (const { run, milliseconds } of steps) {
    const start = performance.now();
    const loss = run(batches[(round + 8) % batches.length]!);
    loss.dataSync();
    loss.dispose();
    if (round >= 0) milliseconds.push(performance.now() - start);
  }
}
const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;
const reference = median(steps[0]!.milliseconds);
for (const { mode, milliseconds } of steps) {
  const value = median(milliseconds);
  process.stdout.write(
    `${mode.padEnd(10)} ${value.toFixed(1)} ms a step, ${(reference / value).toFixed(2)} × ${steps[0]!.mode}\n`,
  );
}
