import { readFileSync } from 'node:fs';
import { capture, causal, fromTensor, Random, readSafetensors } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { GatedTransformer } from './gated-transformer.ts';

const create = () => new GatedTransformer({ inputs: 3, modelWidth: 8, heads: 2, layers: 2, random: new Random(1) });

describe('GatedTransformer', () => {
  it("equals DI-engine's GTrXL over two segments: values, memory, gradients of every weight", () => {
    // made by tooling/golden/rl-gtrxl.py
    const golden = readSafetensors(
      readFileSync(new URL('gated-transformer.golden.safetensors', import.meta.url)),
    ).tensors() as Record<string, tf.Tensor3D>;
    const under = (part: string) =>
      Object.fromEntries(
        Object.entries(golden)
          .filter(([name]) => name.startsWith(`${part}/`))
          .map(([name, tensor]) => [name.slice(part.length + 1), tensor]),
      );
    const model = create();
    model.loadStateDict(under('weights'));
    const mask = causal(); // queries are the last of the steps: all of the memory is before them
    const remembered = (memory: tf.Tensor4D, entered: tf.Tensor4D) =>
      tf.slice(tf.concat([memory, entered], 2), [0, 0, entered.shape[2], 0]);
    const memory = golden.memory as tf.Tensor as tf.Tensor4D;
    const first = model.forward({ x: golden.first, memory, mask });
    const between = remembered(memory, first.entered);
    const second = model.forward({ x: golden.second, memory: between, mask });
    const within = { absolute: 1e-5, relative: 1e-5 };
    expect(first.outputs).toBeAllClose(golden['outputs first'], within);
    expect(second.outputs).toBeAllClose(golden['outputs second'], within);
    expect(remembered(between, second.entered)).toBeAllClose(golden['memory after'], within);

    const parameters = model.namedParameters();
    const loss = () =>
      tf.sum(
        tf.mul(
          tf.add(
            model.forward({ x: golden.first, memory, mask }).outputs,
            model.forward({ x: golden.second, memory: between, mask }).outputs,
          ),
          golden.cosines,
        ),
      ) as tf.Scalar;
    const variables = parameters.map(({ variable }) => variable);
    const { grads } = tf.variableGrads(loss, variables);
    const expected = under('gradients');
    // there u and v are shared by all layers: their gradient is the sum over ours
    const shared = (name: string) =>
      tf.addN(
        parameters.filter((other) => other.name.endsWith(name.slice(-12))).map(({ variable }) => grads[variable.name]),
      );
    expect(Object.keys(expected).toSorted()).toEqual(parameters.map(({ name }) => name).toSorted());
    for (const { name, variable } of parameters) {
      const found = /(content|position)Bias$/.test(name) ? shared(name) : grads[variable.name];
      expect(found).toBeAllClose(expected[name], { absolute: 1e-5, relative: 1e-4 });
    }
    model.dispose();
  });

  it('never looks at what the mask hides, whatever is remembered there', () => {
    const model = create();
    const x = tf.randomNormal([1, 1, 3], 0, 1, 'float32', 1) as tf.Tensor3D;
    const memory = (value: number) => tf.add(tf.zeros([1, 2, 3, 8]), value) as tf.Tensor4D;
    const mask = fromTensor(tf.tensor3d([0, 0, 0, 1], [1, 1, 4], 'bool'));
    const alone = model.forward({ x, mask: causal() }).outputs;
    for (const value of [1, Number.NaN]) {
      const { result, maps } = capture(() => model.forward({ x, memory: memory(value), mask }).outputs);
      expect([...maps[0].weights.dataSync()]).toEqual([0, 0, 0, 1, 0, 0, 0, 1]);
      expect(result).toBeAllClose(alone, { absolute: 1e-6, relative: 1e-6 });
    }
    model.dispose();
  });

  it('refuses widths that do not fit, naming them', () => {
    const refused = () =>
      new GatedTransformer({ inputs: 3, modelWidth: 9, heads: 3, layers: 1, random: new Random(1) });
    expect(refused).toThrow('modelWidth must be even and a multiple of heads, got modelWidth=9, heads=3');
  });
});
