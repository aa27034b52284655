import { readFileSync } from 'node:fs';
import { readSafetensors } from '@heed/attention-core';
import type * as tf from '@tensorflow/tfjs';

/** Reference values of a file beside the test; the tensors are made anew at every call. */
export function goldenTensors(file: URL): {
  /** The tensors whose names begin so, without the beginning. */
  readonly under: (beginning: string) => Record<string, tf.Tensor>;
  readonly tensor: (name: string) => tf.Tensor;
} {
  const read = readSafetensors(readFileSync(file));
  return {
    under: (beginning) => {
      const names = [...read.entries.keys()].filter((name) => name.startsWith(beginning));
      return Object.fromEntries(names.map((name) => [name.slice(beginning.length), read.tensor(name)]));
    },
    tensor: (name) => read.tensor(name),
  };
}
