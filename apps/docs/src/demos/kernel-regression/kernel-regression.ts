import {
  attention,
  capture,
  gaussianKernel,
  GaussianKernelScore,
  not,
  slidingWindow,
  uniform,
} from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';

export interface KernelRegressionOptions {
  /** The examples, [x, y] each. */
  readonly points: readonly (readonly [number, number])[];
  /** Where to predict. */
  readonly places: readonly number[];
  /** Every example counts the same, a Gaussian of the given width, or a Gaussian whose width is learned first. */
  readonly form: 'average' | 'kernel' | 'learned';
  readonly width: number;
  /** The place whose weights are shown. */
  readonly query: number;
}

export interface KernelRegression {
  /** The prediction at each place. */
  readonly curve: readonly number[];
  /** How much the query looks at each example. */
  readonly weights: readonly number[];
  /** The width that was used, or learned. */
  readonly width: number;
  /** Mean squared error with each example predicted from the others. */
  readonly loss: number;
}

const STEPS = 200;
const RATE = 0.05;
/** Learning stops where this many steps in a row changed the width by less than a thousandth. */
const STILL = 10;

/** Nadaraya–Watson as attention: examples are keys and values, the place to predict is the query. */
export function kernelRegression(
  { points, places, form, width, query }: KernelRegressionOptions,
  report: (progress: { readonly step: number; readonly steps: number; readonly width: number }) => void,
): KernelRegression {
  if (points.length < 2) throw new Error('kernelRegression: at least two points are needed, got ' + points.length);
  return tf.tidy(() => {
    const keys = tf.tensor3d(
      points.map(([x]) => x),
      [1, points.length, 1],
    );
    const values = tf.tensor3d(
      points.map(([, y]) => y),
      [1, points.length, 1],
    );
    const learned = new GaussianKernelScore({ width });
    const others = not(slidingWindow(0, 0)); // its own value would be the best of all answers
    const loss = (score: typeof learned | ReturnType<typeof gaussianKernel>) =>
      tf.mean(
        tf.squaredDifference(attention({ query: keys, key: keys, value: values, score, mask: others }), values),
      ) as tf.Scalar;
    if (form === 'learned') learn(learned, () => loss(learned), report);
    const score = form === 'average' ? uniform() : learned;
    const at = (xs: readonly number[]) =>
      attention({ query: tf.tensor3d([...xs], [1, xs.length, 1]), key: keys, value: values, score });
    const { maps } = capture(() => at([query]));
    const result = {
      curve: Array.from(at(places).dataSync()),
      weights: Array.from(maps[0].weights.dataSync()),
      width: Math.abs(1 / learned.inverseWidth.dataSync()[0]),
      loss: loss(score as typeof learned).dataSync()[0],
    };
    learned.dispose();
    return result;
  });
}

function learn(
  score: GaussianKernelScore,
  loss: () => tf.Scalar,
  report: (progress: { readonly step: number; readonly steps: number; readonly width: number }) => void,
): void {
  const optimizer = tf.train.adam(RATE);
  const inverse = score.inverseWidth;
  let [before, still] = [inverse.dataSync()[0], 0];
  for (let step = 1; step <= STEPS && still < STILL; step++) {
    optimizer.minimize(loss, false, [inverse]);
    const now = inverse.dataSync()[0];
    still = Math.abs(now - before) < 0.001 * Math.abs(before) ? still + 1 : 0;
    before = now;
    if (step % 20 === 0) report({ step, steps: STEPS, width: Math.abs(1 / now) });
  }
  optimizer.dispose();
}
