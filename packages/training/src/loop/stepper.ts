import { seedKey } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import { compile, type Compiled } from '../compile/compile.ts';
import { checkingLabels } from '../losses/check-labels.ts';
import { DivergedError, findBadTensor } from './bad-tensor.ts';
import { batchTensors, type Batch, type BatchTensors } from './batch.ts';
import type { RecordingEvent } from './events.ts';
import { clipToNorm, globalNorm, GradientStep, REPORT, type Gradients } from './gradient-step.ts';
import type { TrainOptions } from './options.ts';

/** What a step gives on the host. */
export interface StepResult {
  readonly loss: number;
  readonly weight: number;
  readonly gradientNorm: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly recordings: readonly RecordingEvent[];
}

interface Report {
  readonly loss: number;
  readonly weight: number;
  readonly norm: number;
  readonly metrics: readonly number[];
}

/**
 * Does the steps. Gradients and update are two compiled functions: the loss is looked at in between, so that a bad one never reaches the
 * weights; batches of several shapes share one recording of the update; and gradients of several batches can be summed.
 */
export class Stepper<B extends Batch> {
  /** Batches done: with the seed it decides the randomness of the next one. */
  draws = 0;
  private readonly key: tf.Tensor2D;
  private readonly gradientStep: GradientStep<B>;
  private readonly compiledGradients: Compiled<[BatchTensors<B>, tf.Tensor2D, tf.Scalar], Gradients>;
  private readonly compiledUpdate: Compiled<[tf.Tensor1D[], tf.Scalar, tf.Scalar], tf.Scalar>;
  private recordings: Array<{ milliseconds: number; operations: number }> = [];

  constructor(private readonly options: TrainOptions<B>) {
    const { optimizer, average, clipNorm, xla = false } = options;
    const compileOptions = {
      xla,
      onRecord: (recording: { milliseconds: number; operations: number }) => void this.recordings.push(recording),
    };
    this.key = seedKey(options.seed ?? 0);
    this.gradientStep = new GradientStep(options.loss, optimizer);
    const gradientStep = this.gradientStep;
    this.compiledGradients = compile((batch, key, draw) => gradientStep.run(batch, key, draw), compileOptions);
    this.compiledUpdate = compile((gradients, norm, learningRate) => {
      return tf.tidy(() => {
        optimizer.apply(clipNorm === undefined ? gradients : clipToNorm(gradients, norm, clipNorm), learningRate);
        average?.update();
        return tf.add(norm, 0) as tf.Scalar; // a recorded function must return something
      });
    }, compileOptions);
  }

  /** One update from one or more batches. @param step its number, counted from 1 */
  async run(batches: readonly B[], step: number, learningRate: number): Promise<StepResult> {
    const reports: Report[] = [];
    let total: tf.Tensor1D[] = [];
    let norm: tf.Scalar | undefined;
    const { draws } = this;
    try {
      for (const batch of batches) {
        const { gradients, report, values } = await this.gradients(batch, step);
        reports.push(values);
        norm ??= tf.tidy(() => tf.reshape(tf.slice(report, REPORT.norm, 1), []) as tf.Scalar);
        report.dispose();
        total = batches.length === 1 ? gradients : addWeighted(total, gradients, values.weight);
      }
      if (batches.length > 1) {
        norm?.dispose();
        ({ total, norm } = weightedMean(total, totalWeight(reports)));
      }
      const gradientNorm = batches.length === 1 ? reports[0].norm : (await norm!.data())[0];
      this.update(total, norm!, learningRate);
      return this.summary(reports, gradientNorm, step);
    } catch (error) {
      this.draws = draws; // a step that fails leaves no trace
      throw error;
    } finally {
      tf.dispose([...total, ...(norm === undefined ? [] : [norm])]);
    }
  }

  dispose(): void {
    this.compiledGradients.dispose();
    this.compiledUpdate.dispose();
    this.key.dispose();
  }

  private async gradients(
    batch: B,
    step: number,
  ): Promise<{ gradients: tf.Tensor1D[]; report: tf.Tensor1D; values: Report }> {
    const inputs = batchTensors(batch);
    const draw = tf.scalar(this.draws, 'int32');
    try {
      const { gradients, report } = this.compiledGradients(inputs, this.key, draw);
      const values = parseReport(await report.data());
      const bad = [['loss', values.loss] as const, ["gradients' norm", values.norm] as const].find(
        ([, value]) => !Number.isFinite(value),
      );
      if (bad !== undefined) {
        tf.dispose([...gradients, report]);
        const again = () => checkingLabels(() => this.gradientStep.run(inputs, this.key, draw));
        const tensor = findBadTensor(inputs, this.options.model.namedParameters(), again);
        throw new DivergedError(step, `the ${bad[0]} is ${bad[1]}`, tensor);
      }
      this.draws++;
      return { gradients, report, values };
    } finally {
      tf.dispose([inputs, draw]);
    }
  }

  private update(gradients: tf.Tensor1D[], norm: tf.Scalar, learningRate: number): void {
    const rate = tf.scalar(learningRate);
    try {
      this.compiledUpdate(gradients, norm, rate).dispose();
    } finally {
      rate.dispose();
    }
  }

  private summary(reports: readonly Report[], gradientNorm: number, step: number): StepResult {
    const weight = totalWeight(reports);
    const mean = (value: (report: Report) => number) =>
      reports.length === 1
        ? value(reports[0])
        : reports.reduce((sum, report) => sum + value(report) * report.weight, 0) / weight;
    const names = this.gradientStep.metricNames;
    const recordings = this.recordings.map((recording) => ({ type: 'recording', step, ...recording }) as const);
    this.recordings = [];
    return {
      loss: mean(({ loss }) => loss),
      weight,
      gradientNorm,
      metrics: Object.fromEntries(names.map((name, i) => [name, mean(({ metrics }) => metrics[i])])),
      recordings,
    };
  }
}

function parseReport(values: ArrayLike<number>): Report {
  const all = Array.from(values);
  return {
    loss: all[REPORT.loss],
    weight: all[REPORT.weight],
    norm: all[REPORT.norm],
    metrics: all.slice(REPORT.metrics),
  };
}

function totalWeight(reports: readonly Report[]): number {
  return reports.reduce((sum, { weight }) => sum + weight, 0);
}

/** total + weight · gradients; frees both. */
function addWeighted(total: readonly tf.Tensor1D[], gradients: readonly tf.Tensor1D[], weight: number): tf.Tensor1D[] {
  const sum = tf.tidy(() =>
    gradients.map((gradient, i) => {
      const weighted = tf.mul(gradient, weight);
      return (total.length === 0 ? weighted : tf.add(total[i], weighted)) as tf.Tensor1D;
    }),
  );
  tf.dispose([...total, ...gradients]);
  return sum;
}

/** total / weight and its norm; frees the total. */
function weightedMean(total: readonly tf.Tensor1D[], weight: number): { total: tf.Tensor1D[]; norm: tf.Scalar } {
  const mean = tf.tidy(() => {
    const means = total.map((sum) => tf.div(sum, weight === 0 ? 1 : weight) as tf.Tensor1D);
    return { total: means, norm: globalNorm(means) };
  });
  tf.dispose([...total]);
  return mean;
}
