import type { Module } from '@heed/attention-core';
import type * as tf from '@tensorflow/tfjs';

/** Runs `run` with tensors in the place of a module's weights, by name, so that it can be differentiated by them. */
export function withParameters<T>(module: Module, tensors: Readonly<Record<string, tf.Tensor>>, run: () => T): T {
  const replaced = Object.entries(tensors).map(([name, tensor]) => {
    const path = name.split('.');
    const field = path.pop()!;
    const owner = path.reduce((part, key) => Reflect.get(part, key) as object, module as object);
    const variable: unknown = Reflect.get(owner, field);
    Reflect.set(owner, field, tensor);
    return () => Reflect.set(owner, field, variable);
  });
  try {
    return run();
  } finally {
    for (const restore of replaced) restore();
  }
}
