import type { NamedParameter } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';

/** Training cannot go on: a loss or gradient is not a finite number. The weights are as they were before the step. */
export class DivergedError extends Error {
  override readonly name = 'DivergedError';
  /** The step that failed, counted from 1. */
  readonly step: number;
  /** The first tensor of the step that holds NaN or infinity. */
  readonly tensor: string;

  constructor(step: number, what: string, tensor: string) {
    super(`train: step ${step}: ${what}; the first bad tensor is ${tensor}`);
    this.step = step;
    this.tensor = tensor;
  }
}

/** Runs a step again, operation by operation, and describes the first tensor that is not finite: batch, weights, then results. */
export function findBadTensor(
  inputs: Readonly<Record<string, tf.Tensor>>,
  parameters: readonly NamedParameter[],
  step: () => tf.TensorContainer,
): string {
  for (const [name, tensor] of Object.entries(inputs)) {
    const count = badCount(tensor);
    if (count > 0) return `batch.${name}, ${describe(tensor, count)}`;
  }
  for (const { name, variable } of parameters) {
    const count = badCount(variable);
    if (count > 0) return `parameter ${name}, ${describe(variable, count)}`;
  }
  return firstBadOutput(step) ?? 'none when the step is run again operation by operation';
}

function firstBadOutput(step: () => tf.TensorContainer): string | undefined {
  const engine = tf.engine();
  const run = engine.runKernel;
  let found: string | undefined;
  engine.runKernel = function watched<T extends tf.Tensor | tf.Tensor[]>(
    kernel: string,
    kernelInputs: tf.NamedTensorMap,
    attributes?: tf.NamedAttrMap,
  ): T {
    const outputs = run.call(engine, kernel, kernelInputs, attributes) as T;
    if (found !== undefined) return outputs;
    for (const tensor of Array.isArray(outputs) ? outputs : [outputs]) {
      const count = badCount(tensor);
      if (count > 0) found = `the result of ${kernel}, ${describe(tensor, count)}${callSite()}`;
    }
    return outputs;
  };
  try {
    tf.dispose(step());
  } finally {
    engine.runKernel = run;
  }
  return found;
}

function badCount(tensor: tf.Tensor): number {
  if (tensor.dtype !== 'float32') return 0;
  let count = 0;
  for (const value of tensor.dataSync()) if (!Number.isFinite(value)) count++;
  return count;
}

function describe(tensor: tf.Tensor, bad: number): string {
  return `float32 [${tensor.shape}], where ${bad} of ${tensor.size} are NaN or infinite`;
}

const INNER_FRAMES = /tfjs|node:internal|\/loop\/(bad-tensor|gradient-step)\.[jt]s/;

/** The innermost frames that are the caller's. */
function callSite(): string {
  const frames = (new Error().stack ?? '').split('\n').slice(1);
  const own = frames.filter((frame) => !INNER_FRAMES.test(frame)).slice(0, 3);
  return own.length === 0 ? '' : `\n${own.join('\n')}`;
}
