import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { attention } from '../attention/attention.ts';
import { MultiHeadAttention } from '../attention/multi-head-attention.ts';
import { causal } from '../masks/causal.ts';
import { Random } from '../random/random.ts';
import { capture } from './capture.ts';
import { captureGradients } from './analysis/gradient-attention.ts';
import { intervene } from './intervene.ts';

const random = new Random(5);
const normal = (...shape: number[]) => tf.tensor(random.normals(tf.util.sizeFromShape(shape)), shape);

describe('intervene', () => {
  it('goes on with the weights that it is given, by the names of capture', () => {
    const value = tf.tensor3d([[[1], [10]]]);
    const query = tf.zeros([1, 1, 2]);
    const key = tf.zeros([1, 2, 2]);
    const run = () => [attention({ query, key, value, name: 'a' }), attention({ query, key, value, name: 'a' })];
    const names: string[] = [];
    const [first, second] = intervene(run, (name, weights) => {
      names.push(name);
      return name === 'a#2' ? tf.tensor4d([[[[1, 0]]]]) : weights;
    });
    expect(names).toEqual(['a', 'a#2']);
    expect(first).toBeAllClose([[[5.5]]]);
    expect(second).toBeAllClose([[[1]]]);
    expect(run()[1]).toBeAllClose([[[5.5]]]);
  });

  it('switches off a head: the rest is the sum of the other heads', () => {
    const layer = new MultiHeadAttention({ modelWidth: 6, heads: 3, random });
    const x = normal(1, 4, 6);
    const only = (head: number) =>
      intervene(
        () => layer.forward(x),
        (_, weights) =>
          tf.mul(weights, tf.reshape(tf.oneHot(tf.scalar(head, 'int32'), 3), [1, 3, 1, 1])) as tf.Tensor4D,
      );
    const bias = layer.output.bias!;
    const sum = [0, 1, 2].map((head) => tf.sub(only(head), bias)).reduce((a, b) => tf.add(a, b));
    expect(tf.add(sum, bias)).toBeAllClose(layer.forward(x), { absolute: 1e-5 });
  });

  it('rejects weights of another shape', () => {
    const x = tf.zeros([1, 2, 2]);
    expect(() =>
      intervene(
        () => attention({ query: x, key: x, value: x }),
        () => tf.zeros([1, 1, 2, 3]),
      ),
    ).toThrow('weights of attention must keep their shape [1,1,2,2], got [1,1,2,3]');
  });
});

describe('captureGradients', () => {
  const layers = [0, 1].map((i) => new MultiHeadAttention({ modelWidth: 4, heads: 2, random, name: `layer ${i}` }));
  const x = normal(2, 3, 4);
  const objective = () =>
    tf.sum(tf.sin(layers.reduce((y, layer) => tf.add(y, layer.forward(y, { mask: causal() })), x as tf.Tensor)));

  it('gives the derivative of the objective by each weight, as finite differences do', () => {
    const { maps, gradients } = captureGradients(objective);
    expect(gradients.map(({ name }) => name)).toEqual(['layer 0', 'layer 1']);
    const step = 1e-2;
    for (const { name, weights } of gradients) {
      const analytic = weights.dataSync();
      for (let i = 0; i < weights.size; i += 5) {
        const shifted = (by: number) => {
          const shift = tf.buffer(weights.shape);
          shift.values[i] = by;
          return intervene(objective, (at, w) => (at === name ? tf.add(w, shift.toTensor()) : w)).dataSync()[0];
        };
        const numeric = (shifted(step) - shifted(-step)) / (2 * step);
        expect(Math.abs(numeric - analytic[i]), `${name}, weight ${i}`).toBeLessThan(5e-3);
      }
    }
    expect(maps[1].weights).toBeAllClose(capture(objective).maps[1].weights);
  });

  it('keeps nothing but the maps and the gradients', () => {
    const before = tf.memory().numTensors;
    const { maps, gradients } = captureGradients(objective);
    expect(tf.memory().numTensors - before).toBe(4);
    tf.dispose([...maps, ...gradients].map(({ weights }) => weights));
    expect(tf.memory().numTensors).toBe(before);
  });
});
