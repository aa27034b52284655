/**
 * Runs every op of native/ops on random numbers and prints how far each is from the same in double precision, computed here in plain loops.
 * The test starts it as a process of its own, once for each set of instructions: a process has one.
 */
import { pathToFileURL } from 'node:url';

import * as tf from '@tensorflow/tfjs';
import type { NamedAttrMap, Tensor } from '@tensorflow/tfjs';

import { loadTensorflow } from './load.ts';

export interface Deviation {
  readonly work: string;
  /** The greatest difference, relative to the greatest expected number, or to 1. NaN and infinity count as no difference where both have it. */
  readonly deviation: number;
}

type Numbers = readonly number[];

/** Uniform numbers in ±2, always the same. */
function generator(): (count: number) => number[] {
  let state = 7;
  const next = () => (state = (state * 48271) % 2147483647) / 2147483647;
  return (count) => Array.from({ length: count }, () => Math.fround(4 * next() - 2));
}

const draw = generator();
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const range = (length: number) => Array.from({ length }, (_, i) => i);
const sum = (numbers: Numbers) => numbers.reduce((a, b) => a + b, 0);

/** Φ, by the series of Φ(x) − ½ near 0 and the continued fraction of the tail beyond. */
function normalDistribution(x: number): number {
  const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  if (Math.abs(x) < 3) {
    let [term, total] = [x, x];
    for (let n = 3; n < 200; n += 2) total += term *= (x * x) / n;
    return 0.5 + density * total;
  }
  let fraction = Math.abs(x);
  for (let n = 200; n >= 1; n--) fraction = Math.abs(x) + n / fraction;
  return x < 0 ? density / fraction : 1 - density / fraction;
}

/** The slope of f at x, by central differences good to 1e-9. */
function slope(f: (x: number) => number, x: number): number {
  const h = 1e-3;
  return (8 * (f(x + h) - f(x - h)) - (f(x + 2 * h) - f(x - 2 * h))) / (12 * h);
}

function deviationOf(actual: ArrayLike<number>, expected: Numbers): number {
  if (actual.length !== expected.length) return Infinity;
  const scale = expected.reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), 1);
  const differences = expected.map((x, i) => (Object.is(x, actual[i]) ? 0 : Math.abs(actual[i]! - x) / scale));
  return differences.reduce((most, x) => (x <= most ? most : x), 0); // NaN stays
}

/** a [rows, k] · b [k, columns]; either may lie transposed. */
function product(a: Numbers, b: Numbers, [rows, k, columns]: Numbers, turnA = false, turnB = false): number[] {
  return range(rows! * columns!).map((at) => {
    const [row, column] = [Math.floor(at / columns!), at % columns!];
    const left = (i: number) => a[turnA ? i * rows! + row : row * k! + i]!;
    const right = (i: number) => b[turnB ? column * k! + i : i * columns! + column]!;
    return sum(range(k!).map((i) => left(i) * right(i)));
  });
}

/** Runs an op on inputs in their order. */
export function runOp(op: string, inputs: readonly Tensor[], attributes: NamedAttrMap = {}): Tensor[] {
  return tf.engine().runKernel(op, Object.fromEntries(inputs.map((x, i) => [`input${i}`, x])), attributes);
}

/** Compares each output of an op with the numbers that it should have. */
type Check = (work: string, actual: readonly Tensor[], expected: readonly Numbers[]) => void;

function activations(check: Check): void {
  const far = [-100, -13, -6, -3, -0.7, -1e-3, 0, 1e-3, 0.6, 0.7, 3, 6, 13, 100, NaN];
  const x = [...far, ...draw(20_011)];
  const dy = draw(x.length);
  const gelu = (v: number) => v * normalDistribution(v);
  const geluTanh = (v: number) => v * sigmoid(2 * Math.sqrt(2 / Math.PI) * v * (1 + 0.044715 * v * v));
  for (const [op, f] of [
    ['HeedGelu', gelu],
    ['HeedGeluTanh', geluTanh],
  ] as const) {
    check(op, runOp(op, [tf.tensor1d(x)]), [x.map(f)]);
    const slopes = x.map((v, i) => dy[i]! * slope(f, v));
    check(`${op}Gradient`, runOp(`${op}Gradient`, [tf.tensor1d(dy), tf.tensor1d(x)]), [slopes]);
  }
}

function layerNorms(check: Check): void {
  for (const [rows, width] of [
    [1, 1],
    [3, 7],
    [70, 130],
    [2000, 65],
  ] as const) {
    const [x, dy, gain, bias] = [draw(rows * width), draw(rows * width), draw(width), draw(width)];
    const row = (values: Numbers, r: number) => values.slice(r * width, (r + 1) * width);
    const means = range(rows).map((r) => sum(row(x, r)) / width);
    const inverses = means.map((mean, r) => 1 / Math.sqrt(sum(row(x, r).map((v) => (v - mean) ** 2)) / width + 0.1));
    const normalised = x.map((v, i) => (v - means[Math.floor(i / width)]!) * inverses[Math.floor(i / width)]!);
    const scaled = dy.map((v, i) => v * gain[i % width]!);
    const dx = scaled.map((v, i) => {
      const r = Math.floor(i / width);
      const projection = sum(row(scaled, r).map((s, j) => s * normalised[r * width + j]!)) / width;
      return (v - sum(row(scaled, r)) / width - normalised[i]! * projection) * inverses[r]!;
    });
    const byColumn = (values: Numbers) => range(width).map((c) => sum(range(rows).map((r) => values[r * width + c]!)));
    const [tx, tdy] = [tf.tensor2d(x, [rows, width]), tf.tensor2d(dy, [rows, width])];
    const forward = runOp('HeedLayerNorm', [tx, tf.tensor1d(gain), tf.tensor1d(bias)], { epsilon: 0.1 });
    const values = normalised.map((v, i) => v * gain[i % width]! + bias[i % width]!);
    check(`HeedLayerNorm ${rows} × ${width}`, forward, [values, means, inverses]);
    const backward = runOp('HeedLayerNormGradient', [tdy, tx, forward[1]!, forward[2]!, tf.tensor1d(gain)]);
    check(`HeedLayerNormGradient ${rows} × ${width}`, backward, [
      dx,
      byColumn(dy.map((v, i) => v * normalised[i]!)),
      byColumn(dy),
    ]);
  }
}

function products(check: Check): void {
  for (const [rows, k, columns] of [
    [1, 1, 1],
    [1, 70, 100],
    [3, 5, 47],
    [8, 600, 48],
    [13, 33, 65],
    [100, 20, 130],
    [70, 1100, 17],
  ] as const) {
    const [a, b, bias] = [draw(rows * k), draw(k * columns), draw(columns)];
    const name = `${rows} × ${k} × ${columns}`;
    for (const [turnA, turnB] of [
      [false, false],
      [true, false],
      [false, true],
      [true, true],
    ] as const) {
      const left = tf.tensor2d(a, turnA ? [k, rows] : [rows, k]);
      const right = tf.tensor2d(b, turnB ? [columns, k] : [k, columns]);
      const actual = runOp('HeedProduct', [left, right], { transpose_a: turnA, transpose_b: turnB });
      check(`HeedProduct ${name} ${turnA} ${turnB}`, actual, [product(a, b, [rows, k, columns], turnA, turnB)]);
    }
    linearLayers(check, [rows, k, columns], a, [b, draw(k * columns)], [bias, draw(columns)]);
    const dy = draw(rows * columns);
    const inputs = [tf.tensor2d(dy, [rows, columns]), tf.tensor2d(a, [rows, k])];
    check(`HeedLinearGradient ${name}`, runOp('HeedLinearGradient', inputs), [
      product(a, dy, [k, rows, columns], true),
      range(columns).map((c) => sum(range(rows).map((r) => dy[r * columns + c]!))),
    ]);
  }
  const [many, others] = [draw(40 * 6 * 9), draw(40 * 9 * 5)];
  const several = runOp('HeedProduct', [tf.tensor(many, [20, 2, 6, 9]), tf.tensor(others, [20, 2, 9, 5])], {
    transpose_a: false,
    transpose_b: false,
  });
  const each = range(40).flatMap((i) =>
    product(many.slice(i * 54, i * 54 + 54), others.slice(i * 45, i * 45 + 45), [6, 9, 5]),
  );
  check('HeedProduct of several', several, [each]);
}

/** Two layers of one input, again and again: from the second time on their weights are packed. */
function linearLayers(
  check: Check,
  [rows, k, columns]: readonly [number, number, number],
  x: Numbers,
  weights: readonly Numbers[],
  biases: readonly Numbers[],
): void {
  const name = `${rows} × ${k} × ${columns}`;
  const byHand = (weights: readonly Numbers[]) =>
    weights.map((weight, layer) =>
      product(x, weight, [rows, k, columns]).map((v, i) => v + biases[layer]![i % columns]!),
    );
  const [expected, swapped] = [byHand(weights), byHand(weights.toReversed())];
  const gelu = expected.map((y) => y.map((v) => v * normalDistribution(v)));
  const input = tf.tensor3d([...x], [1, rows, k]);
  const of = (weights: readonly Numbers[]) => weights.map((weight) => tf.tensor2d([...weight], [k, columns]));
  const run = (weights: readonly Tensor[], attributes: NamedAttrMap) =>
    runOp('HeedLinear', [input, ...weights, ...biases.map((bias) => tf.tensor1d([...bias]))], attributes);
  const [matrices, others] = [of(weights), of(weights.toReversed())];
  check(`HeedLinear ${name}`, run(matrices, { again: false, gelu: false }), expected);
  for (const time of [1, 2, 3]) {
    check(`HeedLinear ${name}, time ${time}`, run(matrices, { again: true, gelu: false }), expected);
    check(`HeedLinear ${name}, GELU, time ${time}`, run(matrices, { again: true, gelu: true }), gelu);
  }
  tf.dispose(matrices); // others may come to lie where these were
  for (const time of [1, 2]) {
    check(`HeedLinear ${name}, others, time ${time}`, run(others, { again: true, gelu: false }), swapped);
    const anew = of(weights.toReversed());
    check(`HeedLinear ${name}, anew, time ${time}`, run(anew, { again: true, gelu: false }), swapped);
    tf.dispose(anew);
  }
  if (columns === k) return;
  const reshaped = tf.reshape(others[0]!, [columns, k]);
  const turned = tf.tensor2d(draw(columns), [1, columns]);
  const row = Array.from(turned.dataSync());
  for (const time of [1, 2]) {
    const actual = runOp('HeedLinear', [turned, reshaped, tf.zeros([k])], { again: true, gelu: false });
    check(`HeedLinear ${name}, of other sides, time ${time}`, actual, [product(row, weights[1]!, [1, columns, k])]);
  }
}

interface AttentionCase {
  /** B, H, K, L, S, D, Dv */
  readonly sides: readonly [number, number, number, number, number, number, number];
  readonly layout: 'heads apart' | 'side by side' | 'together';
  readonly low?: number;
  readonly high?: number;
  readonly mask?: readonly number[];
}

const attentionCases: readonly AttentionCase[] = [
  { sides: [1, 1, 1, 1, 1, 1, 1], layout: 'heads apart' },
  { sides: [2, 4, 2, 70, 150, 5, 7], layout: 'heads apart' },
  { sides: [2, 6, 1, 3, 300, 33, 16], layout: 'heads apart', mask: [2, 1, 1, 300] },
  { sides: [1, 2, 2, 2, 140, 20, 20], layout: 'side by side', low: -1e12, high: 138 },
  { sides: [2, 3, 3, 130, 130, 16, 16], layout: 'together', low: -1e12, high: 0 },
  { sides: [1, 2, 2, 300, 300, 9, 9], layout: 'together', low: -20, high: 5 },
  { sides: [1, 2, 1, 90, 260, 8, 8], layout: 'heads apart', low: 100, high: 1e12, mask: [90, 260] }, // some see nothing
  { sides: [2, 2, 2, 65, 129, 4, 17], layout: 'side by side', mask: [2, 1, 65, 129] },
  { sides: [2, 3, 3, 20, 20, 6, 6], layout: 'together', mask: [1, 3, 20, 20], low: -1e12, high: 2 },
  { sides: [1, 1, 1, 5, 40, 6, 3], layout: 'side by side', mask: [40] },
];

function attentions(check: Check): void {
  for (const given of attentionCases) {
    const { layout, low = -1e12, high = 1e12, mask } = given;
    const [B, H, K, L, S, D, Dv] = given.sides;
    const [q, k, v, dy] = [draw(B * H * L * D), draw(B * K * S * D), draw(B * K * S * Dv), draw(B * H * L * Dv)];
    const scale = Math.fround(1 / Math.sqrt(D));
    const allowed = mask && draw(mask.reduce((a, b) => a * b)).map((x) => (x > -1 ? 1 : 0));
    const aligned = mask && [...Array<number>(4 - mask.length).fill(1), ...mask];
    const sees = (b: number, h: number, i: number, j: number) => {
      if (j - i < low || j - i > high) return false;
      const at = aligned?.reduce((at, side, d) => at * side + (side === 1 ? 0 : [b, h, i, j][d]!), 0);
      return at === undefined || allowed![at] === 1;
    };
    const [y, logSums] = [Array<number>(B * H * L * Dv).fill(0), Array<number>(B * H * L).fill(0)];
    const [dq, dk, dv] = [q, k, v].map((x) => Array<number>(x.length).fill(0)) as [number[], number[], number[]];
    const dot = (a: Numbers, at: number, c: Numbers, to: number, width: number) =>
      sum(range(width).map((d) => a[at * width + d]! * c[to * width + d]!));
    for (let row = 0; row < B * H * L; row++) {
      const [b, h, i] = [Math.floor(row / (H * L)), Math.floor(row / L) % H, row % L];
      const first = (b * K + Math.floor(h / (H / K))) * S; // of the keys of its head
      const keys = range(S)
        .filter((j) => sees(b, h, i, j))
        .map((j) => first + j);
      if (keys.length === 0) continue;
      const exponentials = keys.map((key) => Math.exp(scale * dot(q, row, k, key, D)));
      const total = sum(exponentials);
      logSums[row] = Math.log(total);
      const weights = exponentials.map((e) => e / total);
      const dWeights = keys.map((key) => dot(dy, row, v, key, Dv));
      const mean = sum(weights.map((w, n) => w * dWeights[n]!));
      keys.forEach((key, n) => {
        const [w, dScore] = [weights[n]!, weights[n]! * (dWeights[n]! - mean) * scale];
        for (let d = 0; d < Dv; d++) {
          y[row * Dv + d]! += w * v[key * Dv + d]!;
          dv[key * Dv + d]! += w * dy[row * Dv + d]!;
        }
        for (let d = 0; d < D; d++) {
          dq[row * D + d]! += dScore * k[key * D + d]!;
          dk[key * D + d]! += dScore * q[row * D + d]!;
        }
      });
    }
    const lay = (x: Numbers, shape: [number, number, number, number]) => {
      const [batch, heads, length, width] = shape;
      const apart = tf.tensor4d([...x], shape);
      return layout === 'heads apart'
        ? apart
        : tf.reshape(tf.transpose(apart, [0, 2, 1, 3]), [batch, length, heads * width]);
    };
    const together = (tensors: Tensor[]) => (layout === 'together' ? [tf.concat(tensors, -1)] : tensors);
    const all = (q: Numbers, k: Numbers, v: Numbers) =>
      together([lay(q, [B, H, L, D]), lay(k, [B, K, S, D]), lay(v, [B, K, S, Dv])]);
    const masks = mask ? [tf.tensor(allowed!, [...mask], 'bool')] : [];
    const attributes = { heads: H, scale, low, high, masks: masks.length };
    const name = `${layout} [${given.sides}] ${low} ${high} [${mask ?? ''}]`;
    const forward = runOp('HeedAttention', [...masks, ...all(q, k, v)], attributes);
    const expected = lay(y, [B, H, L, Dv]);
    check(`HeedAttention ${name}`, forward, [Array.from(expected.dataSync()), logSums]);
    const back = [...masks, lay(dy, [B, H, L, Dv]), ...forward, ...all(q, k, v)];
    const gradients = all(dq, dk, dv).map((gradient) => Array.from(gradient.dataSync()));
    check(`HeedAttentionGradient ${name}`, runOp('HeedAttentionGradient', back, attributes), gradients);
  }
}

function softmaxes(check: Check): void {
  const scores = draw(2 * 3 * 5 * 67);
  const weights = (allowed: (i: number) => boolean) =>
    range(30).flatMap((row) => {
      const seen = range(67).map((j) => (allowed(row * 67 + j) ? scores[row * 67 + j]! : -1e38));
      const exponentials = seen.map((s) => Math.exp(s - Math.max(...seen)));
      return exponentials.map((e) => e / sum(exponentials));
    });
  const shown = draw(30 * 67).map((v) => v > 0);
  for (const shape of [[2, 3, 5, 67], [2, 1, 5, 67], [5, 67], [2, 1, 1, 67], [67]]) {
    const size = shape.reduce((a, b) => a * b);
    const mask = tf.tensor(
      shown.slice(0, size).map((v) => (v ? 1 : 0)),
      shape,
      'bool',
    );
    const all = tf.tile(mask.reshape([...Array<number>(4 - shape.length).fill(1), ...shape]), [
      2 / (shape.length === 4 ? shape[0]! : 1),
      3 / (shape.length === 4 ? shape[1]! : 1),
      5 / (shape.length >= 2 ? shape.at(-2)! : 1),
      1,
    ]);
    const allowed = all.dataSync();
    const actual = runOp('HeedMaskedSoftmax', [tf.tensor(scores, [2, 3, 5, 67]), mask]);
    check(`HeedMaskedSoftmax [${shape}]`, actual, [weights((i) => allowed[i] === 1)]);
  }
  const hidden = runOp('HeedMaskedSoftmax', [tf.tensor2d(scores.slice(0, 67), [1, 67]), tf.zeros([1, 67], 'bool')]);
  check('HeedMaskedSoftmax, all hidden', hidden, [range(67).map(() => 0)]);
  const least = -3.4028234663852886e38;
  const lowest = tf.tensor2d([least, NaN, least, 0, -Infinity, 0], [2, 3]);
  const [low] = runOp('HeedMaskedSoftmax', [lowest, tf.tensor2d([1, 0, 1, 0, 1, 0], [2, 3], 'bool')]);
  check('HeedMaskedSoftmax of the lowest scores', [low!], [[0.5, 0, 0.5, 0, 0, 0]]);
  const [w, dw] = [weights(() => true), draw(30 * 67)];
  const dScores = w.map((v, i) => {
    const row = Math.floor(i / 67) * 67;
    return v * (dw[i]! - sum(range(67).map((j) => w[row + j]! * dw[row + j]!)));
  });
  check('HeedSoftmaxGradient', runOp('HeedSoftmaxGradient', [tf.tensor2d(dw, [30, 67]), tf.tensor2d(w, [30, 67])]), [
    dScores,
  ]);
}

function finiteKeys(check: Check): void {
  for (const [rows, width, valueWidth] of [
    [1, 1, 1],
    [7, 19, 33],
    [4099, 17, 5],
  ] as const) {
    const broken = (values: number[]) =>
      values.map((v, i) => (i % 41 === 5 ? [NaN, Infinity, -Infinity][Math.floor(i / 41) % 3]! : v));
    const [key, value] = [broken(draw(rows * width)), broken(draw(rows * valueWidth))];
    const finite = (values: Numbers) => values.map((v) => (Number.isFinite(v) ? v : 0));
    const whole = (values: Numbers, width: number, row: number) =>
      values.slice(row * width, (row + 1) * width).every(Number.isFinite);
    const faults = range(rows).map((row) => (whole(key, width, row) && whole(value, valueWidth, row) ? 0 : NaN));
    const inputs = [tf.tensor3d(key, [1, rows, width]), tf.tensor3d(value, [1, rows, valueWidth])];
    check(`HeedFiniteKeys ${rows} × ${width} and ${valueWidth}`, runOp('HeedFiniteKeys', inputs), [
      finite(key),
      finite(value),
      faults,
    ]);
  }
}

function adam(check: Check): void {
  const [theta, m, g] = [draw(1003), draw(1003), draw(1003)];
  const v = draw(1003).map((x) => x * x);
  const newM = m.map((x, i) => 0.9 * x + 0.1 * g[i]!);
  const newV = v.map((x, i) => 0.99 * x + 0.01 * g[i]! ** 2);
  const vectors = [theta, m, v, g].map((values) => tf.tensor1d(values));
  check('HeedAdam', runOp('HeedAdam', [...vectors, tf.scalar(0.01), tf.scalar(1e-3)], { beta1: 0.9, beta2: 0.99 }), [
    theta.map((x, i) => x - (0.01 * newM[i]!) / (Math.sqrt(newV[i]!) + 1e-3)),
    newM,
    newV,
  ]);
}

function flattening(check: Check): void {
  const parts = [tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]), tf.scalar(7), tf.zeros([0, 4]), tf.tensor1d([8, 9])];
  const [flat] = runOp('HeedFlatten', parts);
  check('HeedFlatten', [flat!], [[1, 2, 3, 4, 5, 6, 7, 8, 9]]);
  check('HeedUnflatten', runOp('HeedUnflatten', [flat!, ...parts]), [[1, 2, 3, 4, 5, 6], [7], [], [8, 9]]);
}

function lstms(check: Check): void {
  for (const [steps, batch, width] of [
    [1, 1, 1],
    [3, 19, 7],
    [5, 40, 33],
  ] as const) {
    const size = batch * width;
    const [projected, weight, h0, c0] = [draw(steps * 4 * size), draw(4 * width * width), draw(size), draw(size)];
    const [wh, wc] = [draw(steps * size), draw(steps * size)]; // what h and c are weighed by in a sum
    const states = (projected: Numbers, h0: Numbers, c0: Numbers) => {
      let [h, c] = [h0, c0];
      return range(steps).map((t) => {
        const back = product(h, weight, [batch, width, 4 * width]);
        const raw = (b: number, gate: number, i: number) =>
          projected[(t * batch + b) * 4 * width + gate * width + i]! + back[b * 4 * width + gate * width + i]!;
        const next = range(size).map((at) => {
          const [b, i] = [Math.floor(at / width), at % width];
          const [input, forget, output] = [0, 1, 3].map((gate) => sigmoid(raw(b, gate, i))) as [number, number, number];
          const cell = forget * c[at]! + input * Math.tanh(raw(b, 2, i));
          return { cell, hidden: output * Math.tanh(cell) };
        });
        [h, c] = [next.map(({ hidden }) => hidden), next.map(({ cell }) => cell)];
        return { h, c };
      });
    };
    const expected = states(projected, h0, c0);
    const name = `${steps} × ${batch} × ${width}`;
    const [th, tc] = [tf.tensor2d(h0, [batch, width]), tf.tensor2d(c0, [batch, width])];
    const tw = tf.tensor2d(weight, [width, 4 * width]);
    const forward = runOp('HeedLstm', [tf.tensor3d(projected, [steps, batch, 4 * width]), tw, th, tc]);
    const [gates, cells, hiddens] = forward as [Tensor, Tensor, Tensor];
    check(`HeedLstm ${name}`, [cells, hiddens], [expected.flatMap(({ c }) => c), expected.flatMap(({ h }) => h)]);
    const weigh = (values: Numbers) => tf.tensor3d([...values], [steps, batch, width]);
    const back = runOp('HeedLstmGradient', [weigh(wh), weigh(wc), gates, cells, tc, tf.transpose(tw)]);
    const total = (projected: Numbers, h0: Numbers, c0: Numbers) =>
      sum(
        states(projected, h0, c0).flatMap(({ h, c }, t) =>
          h.map((value, at) => value * wh[t * size + at]! + c[at]! * wc[t * size + at]!),
        ),
      );
    // some numbers of each gradient, by differences
    const along = (values: Numbers, f: (changed: Numbers) => number) => (at: number) =>
      slope((value) => f(values.map((v, i) => (i === at ? value : v))), values[at]!);
    const places = (values: Numbers) => [0, Math.floor(values.length / 3), values.length - 1];
    const some = (tensor: Tensor, values: Numbers) => {
      const all = tensor.dataSync();
      return tf.tensor1d(places(values).map((at) => all[at]!));
    };
    check(
      `HeedLstmGradient ${name}`,
      [some(back[0]!, projected), some(back[1]!, h0), some(back[2]!, c0)],
      [
        places(projected).map(along(projected, (changed) => total(changed, h0, c0))),
        places(h0).map(along(h0, (changed) => total(projected, changed, c0))),
        places(c0).map(along(c0, (changed) => total(projected, h0, changed))),
      ],
    );
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await loadTensorflow();
  const found: Deviation[] = [];
  const check: Check = (work, actual, expected) =>
    expected.forEach((numbers, i) =>
      found.push({ work: `${work} (${i})`, deviation: deviationOf(actual[i]!.dataSync(), numbers) }),
    );
  for (const checkAll of [
    activations,
    layerNorms,
    products,
    attentions,
    softmaxes,
    adam,
    flattening,
    lstms,
    finiteKeys,
  ])
    checkAll(check);
  process.stdout.write(JSON.stringify(found));
}
