import type { Module } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';

/** Where memory goes, in bytes of tensor data. */
export interface MemoryReport {
  /** The model's weights. */
  readonly weights: number;
  /** Of these, what is trained; gradients take as much again during a step. */
  readonly trained: number;
  /** What other modules (optimizer, average) keep, by name. */
  readonly kept: Readonly<Record<string, number>>;
  /** All tensors that exist, those above included. */
  readonly all: number;
  /** How many tensors exist; a number that grows from step to step is a leak. */
  readonly tensors: number;
}

/**
 * How much memory a model and what trains it take.
 *
 * @param kept modules beside the model, e.g. `{ optimizer }`
 *
 * @example
 * ```ts
 * import { Linear, Random } from '@heed/attention-core';
 * import { Adam, memoryReport } from '@heed/training';
 * const model = new Linear({ inputs: 4, outputs: 2, random: new Random(1) });
 * const optimizer = new Adam(model.trainableParameters());
 * const { weights, kept } = memoryReport(model, { optimizer });
 * console.log(weights, kept.optimizer); // 40 and 84: two numbers for each weight, and the count of steps
 * ```
 */
export function memoryReport(model: Module, kept: Readonly<Record<string, Module>> = {}): MemoryReport {
  const { numBytes, numTensors } = tf.memory();
  return {
    weights: bytesOf(model.namedParameters()),
    trained: bytesOf(model.trainableParameters()),
    kept: Object.fromEntries(Object.entries(kept).map(([name, module]) => [name, bytesOf(module.namedParameters())])),
    all: numBytes,
    tensors: numTensors,
  };
}

function bytesOf(parameters: ReturnType<Module['namedParameters']>): number {
  return parameters.reduce((sum, { variable }) => sum + variable.size * (variable.dtype === 'bool' ? 1 : 4), 0);
}
