import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { runCase } from './onnx-adapter.test-support.ts';
import { caseFolders, readCases, toleranceOf, toTensor } from './onnx-case.test-support.ts';

const cases = readCases(caseFolders());

/** −∞ as a finite number: both sides write it where a key is hidden, and it equals itself. */
const finite = (tensor: tf.Tensor) => tf.maximum(tf.cast(tensor, 'float32'), -1e38);

describe('the ONNX standard', () => {
  it('has its cases here, or says where they are not', (context) => {
    if (cases.length === 0) {
      const reason = 'ONNX conformance: skipped, HEED_DATA has no onnx-attention and HEED_ONNX_CASES names no folder';
      process.stdout.write(`${reason}\n`);
      context.skip(reason);
    }
    expect(cases.length).toBeGreaterThan(0);
  });

  it.each(cases.map((example) => [example.name, example] as const))('%s', (_name, example) => {
    for (const path of ['dense', 'blockwise'] as const) {
      const outputs = runCase(example, path);
      for (const [name, expected] of Object.entries(example.outputs)) {
        expect(finite(outputs[name])).toBeAllClose(finite(toTensor(expected)), toleranceOf(expected));
      }
    }
  });
});
