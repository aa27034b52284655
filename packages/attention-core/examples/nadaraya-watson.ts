/**
 * Attention, read as it was first written down: Nadaraya–Watson kernel regression (1964). To predict y at a new x, look at the
 * examples (xᵢ, yᵢ) and average their yᵢ, the nearer ones more:
 *
 *     ŷ(x) = Σ weight(x, xᵢ)·yᵢ        x is the query, the xᵢ are the keys, the yᵢ are the values
 *
 *     npx pnpm@12 demo attention-core/nadaraya-watson
 *
 * The steps: 50 noisy points → weights that are all equal → weights by distance → a width that is learned → a whole similarity
 * that is learned → errors, curves and maps in a report. Every form is one call of `attention` with another score.
 */
import { join } from 'node:path';
import {
  attention,
  capture,
  gaussianKernel,
  GaussianKernelScore,
  labelMap,
  Linear,
  Module,
  not,
  Random,
  scaledDot,
  slidingWindow,
  uniform,
  type LabelledMap,
  type Mask,
  type Score,
} from '@heed/attention-core';
import { defineExample, writeReport } from '@heed/node';
import * as tf from '@tensorflow/tfjs';

const POINTS = 50;
const NOISE = 0.5;
const truth = (x: number) => 2 * Math.sin(x) + x ** 0.8;

/** One point each: [x, y]. */
type Points = readonly (readonly [number, number])[];

/** A form of attention and what it makes of the data. */
interface Form {
  readonly name: string;
  readonly text: string;
  readonly curve: Points;
  readonly map: LabelledMap;
  /** Root of the mean squared distance from the truth, without noise. */
  readonly error: number;
}

export default defineExample({
  summary: 'Attention as kernel regression: averaging, a kernel, a learned width, a learned similarity, side by side.',
  minutes: { tensorflow: 0.1, wasm: 0.1 },
  options: {
    epochs: { type: 'number', description: 'of learning the width', default: 5 },
    steps: { type: 'number', description: 'of learning the similarity', default: 400 },
    seed: { type: 'number', description: 'of the points, their noise and the first weights', default: 1 },
  },
  run: async ({ options: { epochs, steps, seed }, quick, folder, print }) => {
    const random = new Random(seed);
    const examples = samplePoints(random);
    const [keys, values] = [columnOf(examples, 0), columnOf(examples, 1)]; // [1, 50, 1] each
    const places = Array.from({ length: POINTS }, (_, i) => i / 10); // 0, 0.1, …, 4.9
    const queries = tf.tensor3d(places, [1, POINTS, 1]);

    /** What attention with a score gives at every place, and how it looks at the examples. */
    const describe = (name: string, text: string, score: Score): Form => {
      const { result, maps } = capture(() => attention({ query: queries, key: keys, value: values, score, name }));
      const predicted = result.dataSync();
      const error = Math.sqrt(mean(places.map((x, i) => (predicted[i] - truth(x)) ** 2)));
      const labels = (xs: readonly number[]) => xs.map((x) => x.toFixed(1));
      const map = labelMap(maps[0], { rows: labels(places), columns: labels(examples.map(([x]) => x)) });
      return { name, text, curve: places.map((x, i) => [x, predicted[i]]), map, error };
    };

    // Learning sees only the examples. Each is predicted from the others: its own y would be the best of all answers.
    const others: Mask = not(slidingWindow(0, 0));
    const leaveOneOut = (score: Score) => () => {
      const predicted = attention({ query: keys, key: keys, value: values, score, mask: others });
      return tf.mean(tf.squaredDifference(predicted, values)) as tf.Scalar;
    };

    const width = new GaussianKernelScore({ width: 1 });
    const widthLosses = minimise(leaveOneOut(width), tf.train.sgd(0.5), width, epochs);
    const similarity = new LearnedSimilarity(random);
    const losses = minimise(leaveOneOut(similarity), tf.train.adam(0.01), similarity, quick ? 5 : steps);

    const learnedWidth = 1 / width.inverseWidth.dataSync()[0];
    const forms = [
      describe('average pooling', 'Every example counts the same, wherever the query is: a flat line.', uniform()),
      describe(
        'kernel',
        'Examples count by their distance, in a Gaussian of width 1: smooth, too smooth.',
        gaussianKernel(),
      ),
      describe(
        'learned width',
        `The same Gaussian with one weight, learned by leaving each point out: width ${learnedWidth.toFixed(2)}. Sharper, less smooth.`,
        width,
      ),
      describe(
        'learned attention',
        'Queries and keys pass through a small learned network and meet in a scaled dot product, as in a Transformer: what counts as near is learned as a whole.',
        similarity,
      ),
    ];

    for (const { name, error } of forms) print(`${name.padEnd(18)} error ${error.toFixed(3)}`);
    const path = await writeReport(join(folder, 'nadaraya-watson.html'), {
      title: 'Attention as kernel regression',
      summary: `${POINTS} points of y = 2 sin x + x^0.8 with noise of deviation ${NOISE}, seed ${seed}. A prediction is an average of their y, weighted by attention; rows of a map are queries, columns the examples in order of x.`,
      sections: [
        ...forms.map(({ name, text, curve, map }) => ({
          title: name,
          text,
          sideBySide: [
            {
              title: 'prediction',
              svg: plot(
                examples,
                places.map((x) => [x, truth(x)]),
                curve,
              ),
            },
            { title: 'who looks at whom', attention: map, axes: { rows: 'query x', columns: 'example x' } },
          ],
        })),
        {
          title: 'Errors',
          text: 'Root of the mean squared distance from the curve without noise.',
          table: {
            columns: ['attention', 'error'],
            rows: forms.map(({ name, error }) => [name, Number(error.toFixed(3))]),
          },
        },
        {
          title: 'Learning',
          text: 'Mean squared error of the examples, each predicted from the others.',
          lineChart: {
            x: 'step',
            y: 'loss',
            series: [
              { name: 'learned width', values: widthLosses },
              { name: 'learned attention', values: losses },
            ],
          },
        },
      ],
    });
    print(`Curves and maps: ${path}`);
  },
});

/** 50 points in [0, 5), sorted by x, with noise on their y. */
function samplePoints(random: Random): Points {
  const xs = Array.from(random.uniforms(POINTS, 0, 5)).sort((one, other) => one - other);
  const noise = random.normals(POINTS, 0, NOISE);
  return xs.map((x, i) => [x, truth(x) + noise[i]]);
}

/** Scores whose space is learned: φ(q)·φ(k)/√D with the same two layers for both sides. */
class LearnedSimilarity extends Module implements Score {
  readonly name = 'learned-similarity';
  readonly hidden: Linear;
  readonly output: Linear;

  constructor(random: Random) {
    super();
    this.hidden = new Linear({ inputs: 1, outputs: 32, random });
    this.output = new Linear({ inputs: 32, outputs: 16, random });
  }

  scores(query: tf.Tensor, key: tf.Tensor): tf.Tensor {
    const features = (x: tf.Tensor) => tf.mul(this.output.forward(tf.tanh(this.hidden.forward(x))), 3); // [..., 16]
    return scaledDot().scores(features(query), features(key));
  }
}

/** Steps of gradient descent; the loss before each. */
function minimise(loss: () => tf.Scalar, optimizer: tf.Optimizer, module: Module, steps: number): number[] {
  const variables = module.namedParameters().map(({ variable }) => variable);
  return Array.from({ length: steps }, () => {
    const value = optimizer.minimize(loss, true, variables)!;
    const [number] = value.dataSync();
    value.dispose();
    return number;
  });
}

function columnOf(points: Points, column: 0 | 1): tf.Tensor3D {
  return tf.tensor3d(
    points.map((point) => point[column]),
    [1, points.length, 1],
  );
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

/** The examples as dots, the truth as a dashed line, the prediction as a solid one. */
function plot(examples: Points, exact: Points, predicted: Points): string {
  const [width, height, margin] = [420, 280, 28];
  const left = (x: number) => (margin + (x / 5) * (width - 2 * margin)).toFixed(1);
  const top = (y: number) => (height - margin - ((y + 1) / 6) * (height - 2 * margin)).toFixed(1); // y from −1 to 5
  const path = (points: Points) => points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${left(x)} ${top(y)}`).join('');
  const ticks = [0, 1, 2, 3, 4, 5];
  return [
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="examples, truth and prediction" style="max-width:26rem;width:100%;font:11px system-ui" fill="currentColor">`,
    ...ticks.map((x) => `<text x="${left(x)}" y="${height - 8}" text-anchor="middle">${x}</text>`),
    ...ticks.map((y) => `<text x="14" y="${top(y)}" text-anchor="middle" dominant-baseline="central">${y}</text>`),
    ...examples.map(([x, y]) => `<circle cx="${left(x)}" cy="${top(y)}" r="2.5" fill-opacity=".45"/>`),
    `<path d="${path(exact)}" fill="none" stroke="currentColor" stroke-dasharray="4 4" stroke-opacity=".6"/>`,
    `<path d="${path(predicted)}" fill="none" stroke="var(--blue)" stroke-width="2.5"/>`,
    '</svg>',
  ].join('');
}
