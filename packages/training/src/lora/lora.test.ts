import { Linear, Module, MultiHeadAttention, Random } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { Adam } from '../optimizers/adam.ts';
import { train } from '../loop/train.ts';
import { applyLora } from './lora.ts';

class Model extends Module {
  readonly layers: MultiHeadAttention[];
  readonly head: Linear;

  constructor() {
    super();
    const random = new Random(1);
    this.layers = [1, 2].map(() => new MultiHeadAttention({ modelWidth: 8, heads: 2, random }));
    this.head = new Linear({ inputs: 8, outputs: 1, random });
  }

  forward(x: tf.Tensor): tf.Tensor {
    return this.head.forward(this.layers.reduce((hidden, layer) => layer.forward(hidden), x));
  }
}

const random = new Random(3);
const x = { data: random.normals(2 * 4 * 8), shape: [2, 4, 8] };
const y = { data: random.normals(2 * 4), shape: [2, 4, 1] };
const input = () => tf.tensor(x.data, x.shape);

/** What the model makes of the input, as numbers: no tensors to count. */
const output = (model: Model) => tf.tidy(() => model.forward(input()).dataSync());

const options = { rank: 2, alpha: 6, targets: /query|value/, random: new Random(9) };

async function trained(model: Model): Promise<number[]> {
  const optimizer = new Adam(model.trainableParameters());
  const loss = (batch: { readonly x: tf.Tensor; readonly y: tf.Tensor }) =>
    tf.mean(tf.squaredDifference(model.forward(batch.x), batch.y));
  const losses: number[] = [];
  for await (const event of train({ model, optimizer, loss, data: () => [{ x, y }], learningRate: 0.02, steps: 60 })) {
    if (event.type === 'step') losses.push(event.loss);
  }
  optimizer.dispose();
  return losses;
}

describe('applyLora', () => {
  it('begins with the very same model, and trains only the additions', () => {
    const model = new Model();
    const before = output(model);
    const lora = applyLora(model, options);
    expect(output(model)).toBeAllClose(before);
    expect([...lora.layers.keys()]).toEqual(['layers.0.query', 'layers.0.value', 'layers.1.query', 'layers.1.value']);
    expect(
      model
        .trainableParameters()
        .map(({ name }) => name)
        .slice(0, 2),
    ).toEqual(['layers.0.query.down', 'layers.0.query.up']);
    const scalars = model.trainableParameters().reduce((sum, { variable }) => sum + variable.size, 0);
    expect(scalars).toBe(4 * 2 * (8 + 8)); // four layers, rank 2, from 8 to 8
  });

  it('learns, while the frozen weights stay', async () => {
    const model = new Model();
    const frozen = model.namedParameters().map(({ variable }) => variable);
    const before = frozen.map((variable) => Array.from(variable.dataSync()));
    const lora = applyLora(model, options);
    const losses = await trained(model);
    expect(losses[59]).toBeLessThan(losses[0] * 0.8);
    expect(frozen.map((variable) => Array.from(variable.dataSync()))).toEqual(before);
    expect(tf.max(tf.abs(lora.layers.get('layers.0.query')!.up)).dataSync()[0]).toBeGreaterThan(0);
  });

  it('has the gradients of the written formula', () => {
    const model = new Model();
    const layer = [...applyLora(model, options).layers.values()][0];
    layer.up.assign(tf.tensor2d(new Random(5).normals(16), [2, 8]));
    const composed = (given: tf.Tensor, down: tf.Tensor, up: tf.Tensor) => {
      const rows = tf.reshape(given, [-1, 8]) as tf.Tensor2D;
      const base = tf.add(tf.matMul(rows, layer.base.weight), layer.base.bias!);
      const addition = tf.mul(tf.matMul(tf.matMul(rows, down as tf.Tensor2D), up as tf.Tensor2D), 3); // α / r = 6 / 2
      return tf.sum(tf.sin(tf.add(base, addition))) as tf.Scalar;
    };
    const expected = tf.grads(composed)([input(), layer.down, layer.up]);
    const { grads } = tf.variableGrads(() => tf.sum(tf.sin(layer.forward(input()))), [layer.down, layer.up]);
    expect(grads[layer.down.name]).toBeAllClose(expected[1], { absolute: 1e-5 });
    expect(grads[layer.up.name]).toBeAllClose(expected[2], { absolute: 1e-5 });
    expect(tf.grad((given) => tf.sum(tf.sin(layer.forward(given))))(input())).toBeAllClose(expected[0], {
      absolute: 1e-5,
    });
  });

  it('merged weights compute what the adapters do, to 1e-5, and come apart again', async () => {
    const model = new Model();
    const names = model.namedParameters().map(({ name }) => name);
    const plain = model.layers[0].query.weight.dataSync();
    const lora = applyLora(model, options);
    await trained(model);
    const adapted = output(model);
    lora.merge();
    expect(output(model)).toBeAllClose(adapted, { absolute: 1e-5, relative: 0 });
    expect(model.namedParameters().map(({ name }) => name)).toEqual(names);
    lora.unmerge();
    expect(output(model)).toBeAllClose(adapted, { absolute: 1e-5, relative: 0 });
    expect(lora.layers.get('layers.0.query')!.base.weight.dataSync()).toBeAllClose(plain, { absolute: 1e-6 });
  });

  it('a layer that two paths lead to has one adapter, and computes the same when it is merged', async () => {
    class Shared extends Module {
      readonly first: Linear;
      readonly layers: readonly Linear[];
      readonly again: Linear;
      constructor() {
        super();
        const random = new Random(1);
        this.first = new Linear({ inputs: 8, outputs: 8, random });
        this.layers = [new Linear({ inputs: 8, outputs: 8, random }), this.first];
        this.again = this.first;
      }
      forward(x: tf.Tensor): tf.Tensor {
        return [this.first, ...this.layers, this.again].reduce((hidden, layer) => tf.tanh(layer.forward(hidden)), x);
      }
    }
    for (const targets of [/./, /^layers/]) {
      const model = new Shared();
      const result = () => tf.tidy(() => model.forward(input()).dataSync());
      const lora = applyLora(model, { ...options, targets });
      expect([...lora.layers.keys()]).toEqual(
        targets.source === '.' ? ['first', 'layers.0'] : ['layers.0', 'layers.1'],
      );
      expect(model.again).toBe(model.first);
      for (const { up } of lora.layers.values()) up.assign(tf.tensor2d(new Random(5).normals(16), [2, 8]));
      const adapted = result();
      lora.merge();
      expect(result()).toBeAllClose(adapted, { absolute: 1e-5, relative: 0 });
      lora.unmerge();
      expect(result()).toBeAllClose(adapted, { absolute: 1e-5, relative: 0 });
      lora.remove({ merge: true });
      expect(result()).toBeAllClose(adapted, { absolute: 1e-5, relative: 0 });
      expect(model.layers[1]).toBe(model.first);
    }
  });

  it('refuses a layer whose weight is that of another', () => {
    class Tied extends Module {
      readonly one = new Linear({ inputs: 8, outputs: 8, random: new Random(1) });
      readonly other = new Linear({ inputs: 8, outputs: 8, random: new Random(2) });
      constructor() {
        super();
        Reflect.set(this.other, 'weight', this.one.weight);
      }
    }
    expect(() => applyLora(new Tied(), { ...options, targets: /other/ })).toThrow(
      'applyLora: the weight of other must be of this layer alone, got it as one.weight too',
    );
  });

  it('can be saved apart, loaded into another copy of the model, and removed without a trace', async () => {
    const [model, other] = [new Model(), new Model()];
    const plain = output(other);
    const tensors = tf.memory().numTensors;
    const second = applyLora(other, { ...options, random: new Random(4) });
    const first = applyLora(model, options);
    await trained(model);
    second.loadStateDict(first.stateDict());
    expect(output(other)).toBeAllClose(output(model));
    second.remove({ merge: false });
    first.remove({ merge: true });
    expect(output(other)).toBeAllClose(plain);
    expect(other.trainableParameters().length).toBe(other.namedParameters().length);
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it('refuses what does not fit, naming it', () => {
    const model = new Model();
    expect(() => applyLora(model, { ...options, rank: 0 })).toThrow(
      'applyLora: rank must be a positive integer, got 0',
    );
    expect(() => applyLora(model, { ...options, targets: /nothing/ })).toThrow(
      'targets /nothing/ must fit a linear layer, got layers.0.query, layers.0.key',
    );
    const lora = applyLora(model, options);
    expect(() => applyLora(model, options)).toThrow('the model must have no adapters yet');
    expect(() => lora.loadStateDict({})).toThrow('names must match exactly, got differences at layers.0.query.down');
    const wrong = { ...lora.stateDict(), 'layers.1.value.up': tf.zeros([3, 8]) };
    expect(() => lora.loadStateDict(wrong)).toThrow('Lora.loadStateDict: layers.1.value.up must be [2,8], got [3,8]');
  });
});
