import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { expect, vi } from 'vitest';
import { allClose } from '@heed/testing';
import type { Module } from '../module/module.ts';
import { readSafetensors } from '../safetensors/read-safetensors.ts';

/** float32 against float64: a few roundings of sums of some tens of products of the order of 1. */
const TOLERANCE = { absolute: 1e-5, relative: 1e-5 };

export type Inputs = Record<string, tf.Tensor>;

/**
 * Asserts that a module with the weights of `src/<name>.golden.safetensors` (tooling/golden) gives its outputs, and that the gradients of
 * Σ output · cos(1.7 i) by all weights and inputs are the reference's, all to 1e-5. Nothing on the way may
 * read a value or be left behind.
 */
export function expectParity(
  name: string,
  module: Module,
  forward: (inputs: Inputs) => Record<string, tf.Tensor>,
): void {
  const golden = readGolden(name);
  module.loadStateDict(section(golden, 'weight.'));
  const inputs = Object.entries(section(golden, 'input.'));
  const given = Object.fromEntries(
    inputs.map(([key, value]) => [key, value.dtype === 'float32' ? tf.variable(value) : value]),
  );
  const variables: Record<string, tf.Variable> = {};
  for (const { name, variable } of module.trainableParameters()) variables[`weight.${name}`] = variable;
  for (const [key, value] of Object.entries(given)) {
    if (value instanceof tf.Variable) variables[`input.${key}`] = value;
  }

  const before = tf.memory().numTensors;
  const outputs = withoutReading(() => forward(given));
  expect(tf.memory().numTensors - before, 'tensors kept').toBe(Object.keys(outputs).length);
  const expected = section(golden, 'output.');
  expect(Object.keys(outputs).sort()).toEqual(Object.keys(expected).sort());
  expect(differences(outputs, expected)).toEqual([]);

  const objective = () => {
    const parts = Object.values(forward(given)).map((output) => tf.sum(tf.mul(output, uneven(output.shape))));
    return tf.addN(parts) as tf.Scalar;
  };
  const { grads } = withoutReading(() => tf.variableGrads(objective, Object.values(variables)));
  const gradients = Object.entries(variables).map(([key, { name }]) => [key, grads[name]]);
  expect(differences(Object.fromEntries(gradients), section(golden, 'gradient.'))).toEqual([]);
}

/** Runs `run` and fails where it reads a tensor's values: what is recorded once must not depend on them. */
function withoutReading<T>(run: () => T): T {
  const spies = (['data', 'dataSync', 'array', 'arraySync', 'buffer', 'bufferSync'] as const).map((method) =>
    vi.spyOn(tf.Tensor.prototype, method).mockImplementation(() => {
      throw new Error(`${method}() reads a value, so the structure cannot be recorded`);
    }),
  );
  try {
    return run();
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/** A line for each tensor that is not the expected one. */
function differences(got: Record<string, tf.Tensor>, expected: Record<string, tf.Tensor>): string[] {
  return Object.entries(got).flatMap(([key, value]) => {
    const { pass, message } = allClose(value, expected[key], TOLERANCE);
    return pass ? [] : [`${key}: ${message()}`];
  });
}

function readGolden(name: string): Record<string, tf.Tensor> {
  return readSafetensors(readFileSync(new URL(`../${name}.golden.safetensors`, import.meta.url))).tensors();
}

function section(tensors: Record<string, tf.Tensor>, prefix: string): Record<string, tf.Tensor> {
  return Object.fromEntries(
    Object.entries(tensors).flatMap(([key, value]) =>
      key.startsWith(prefix) ? [[key.slice(prefix.length), value]] : [],
    ),
  );
}

function uneven(shape: number[]): tf.Tensor {
  const values = Float32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => Math.cos(1.7 * i));
  return tf.tensor(values, shape);
}
