import { readFileSync } from 'node:fs';
import { readSafetensors, type Module } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import { expect } from 'vitest';

/** Tensors of a golden file, by the part before the last of their names. */
export function readGolden(url: URL): {
  all: Record<string, tf.Tensor>;
  under(part: string): Record<string, tf.Tensor>;
} {
  const all = readSafetensors(readFileSync(url)).tensors();
  const under = (part: string) =>
    Object.fromEntries(
      Object.entries(all).flatMap(([name, tensor]) =>
        name.startsWith(`${part}/`) ? [[name.slice(part.length + 1), tensor]] : [],
      ),
    );
  return { all, under };
}

/** Σ output · cos(1.7 i), whose gradients golden files have. */
export function unevenSum(output: tf.Tensor): tf.Scalar {
  return tf.sum(tf.mul(output, tf.reshape(tf.cos(tf.mul(tf.range(0, output.size), 1.7)), output.shape)));
}

/** Compares the gradients of a loss by all weights, those of a file in its own names. */
export function expectGradients(
  model: Module,
  loss: () => tf.Scalar,
  expected: Readonly<Record<string, tf.Tensor>>,
  tolerance: { readonly absolute: number; readonly relative: number },
): void {
  const parameters = model.trainableParameters();
  const { value, grads } = tf.variableGrads(
    loss,
    parameters.map(({ variable }) => variable),
  );
  expect(Object.keys(expected).toSorted()).toEqual(parameters.map(({ name }) => name).toSorted());
  for (const { name, variable } of parameters) expect(grads[variable.name]).toBeAllClose(expected[name], tolerance);
  tf.dispose([value, grads]);
}
