import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { expectVariableGradientsToMatchDifferences } from '@heed/testing';
import { attention } from '../attention/attention.ts';
import '../kernels/index.ts';
import { capture } from '../maps/capture.ts';
import { causal } from '../masks/causal.ts';
import { RandomStream } from '../random/random-stream.ts';
import { Random } from '../random/random.ts';
import { eluFeatures } from './feature-map.ts';
import golden from './linear-attention.golden.json' with { type: 'json' };
import { causalLinearAttention, linearAttention } from './linear-attention.ts';
import { Linformer } from './linformer.ts';
import { PerformerFeatures } from './performer.ts';
import { probSparseAttention } from './prob-sparse.ts';
import { recurrentLinearAttention } from './recurrent.ts';

const random = new Random(29);
const normal = (...shape: number[]) => tf.tensor(random.normals(tf.util.sizeFromShape(shape)), shape);
const tolerance = { absolute: 1e-5 };

type Tensors = Record<string, tf.Tensor>;
interface Golden {
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly output: readonly number[];
  readonly gradients: Readonly<Record<string, readonly number[]>>;
}

/** B = 2, H = 2, L = 4, S = 5 and D = 3, Dv = 2, as the script has them. */
const shapes: Readonly<Record<string, readonly number[]>> = {
  query: [2, 2, 4, 3],
  key: [2, 2, 5, 3],
  value: [2, 2, 5, 2],
  state: [2, 2, 3, 2],
  decay: [2, 2, 5, 3],
  beta: [2, 2, 5, 1],
  keyProjection: [6, 3],
  valueProjection: [6, 3],
};

/** Output and gradients of Σ output · cos(1.7 i) are those of the script. */
function expectParity(
  expected: Golden,
  f: (inputs: Tensors) => tf.Tensor,
  other: Readonly<Record<string, number[]>> = {},
) {
  const names = Object.keys(expected.inputs);
  const inputs = names.map((name) => tf.tensor([...expected.inputs[name]], [...(other[name] ?? shapes[name])]));
  const named = (tensors: tf.Tensor[]) => Object.fromEntries(names.map((name, i) => [name, tensors[i]]));
  expect(f(named(inputs)).dataSync()).toBeAllClose(expected.output, tolerance);
  const gradients = tf.grads((...tensors) => {
    const output = f(named(tensors));
    return tf.sum(tf.mul(output, tf.reshape(tf.cos(tf.mul(tf.range(0, output.size), 1.7)), output.shape)));
  })(inputs);
  gradients.forEach((gradient, i) => {
    const wanted = expected.gradients[names[i]];
    // float32 sums lose digits of their greatest terms
    const absolute = 1e-5 * Math.max(1, ...wanted.map(Math.abs));
    expect(gradient.dataSync()).toBeAllClose(wanted, { absolute });
  });
}

const triple = (inputs: Tensors) => ({ query: inputs.query, key: inputs.key, value: inputs.value });

describe('linearAttention', () => {
  it('equals the sum over pairs, values and gradients', () => {
    const lengths = tf.tensor1d(golden.bidirectional.lengths, 'int32');
    expectParity(golden.bidirectional, (inputs) => linearAttention({ ...triple(inputs), lengths }));
  });

  it('gives 0, with gradients of 0, to a sequence without keys', () => {
    const x = normal(2, 1, 3, 4);
    const run = (x: tf.Tensor) =>
      linearAttention({ query: x, key: x, value: x, lengths: tf.tensor1d([3, 0], 'int32') });
    const second = (tensor: tf.Tensor) => tf.slice(tensor, [1, 0, 0, 0], [1, 1, 3, 4]);
    expect(second(run(x))).toBeAllClose(tf.zeros([1, 1, 3, 4]), { absolute: 0 });
    const [gradient] = tf.grads((x) => tf.sum(tf.square(run(x))))([x]);
    expect(second(gradient)).toBeAllClose(tf.zeros([1, 1, 3, 4]), { absolute: 0 });
  });

  it('refuses shapes that do not agree', () => {
    const x = tf.zeros([1, 2, 3, 4]);
    expect(() => linearAttention({ query: x, key: tf.zeros([1, 1, 3, 4]), value: x })).toThrow(
      'linearAttention: shapes must be query [B, H, L, D]',
    );
  });
});

describe('causalLinearAttention', () => {
  it.each([0, -1, 1.5, NaN])('refuses chunks of %d', (chunk) => {
    const x = tf.ones([1, 1, 3, 2]);
    expect(() => causalLinearAttention({ query: x, key: x, value: x, chunk })).toThrow(
      `causalLinearAttention: chunk must be a positive integer, got ${chunk}`,
    );
  });

  it.each([1, 2, 3, 64])('equals the sum over earlier pairs, values and gradients, in chunks of %i', (chunk) => {
    expectParity(golden.causal, (inputs) => causalLinearAttention({ ...triple(inputs), chunk }).output, {
      query: [2, 2, 5, 3],
    });
  });

  it('goes on where its state left off', () => {
    const [query, key, value] = [normal(2, 2, 7, 3), normal(2, 2, 7, 3), normal(2, 2, 7, 4)];
    const part = (x: tf.Tensor, start: number, size: number) =>
      tf.slice(x, [0, 0, start, 0], [2, 2, size, x.shape[3]!]);
    const run = (start: number, size: number, state?: tf.Tensor) =>
      causalLinearAttention({
        query: part(query, start, size),
        key: part(key, start, size),
        value: part(value, start, size),
        chunk: 2,
        ...(state && { state }),
      });
    const whole = run(0, 7);
    const first = run(0, 4);
    const second = run(4, 2, first.state);
    const third = run(6, 1, second.state);
    expect(tf.concat([first.output, second.output, third.output], 2)).toBeAllClose(whole.output, tolerance);
    expect(third.state).toBeAllClose(whole.state, tolerance);
  });

  it('is the recurrent form with features and a column of ones', () => {
    const [query, key, value] = [normal(1, 2, 6, 3), normal(1, 2, 6, 3), normal(1, 2, 6, 2)];
    const { ofQueries, ofKeys } = eluFeatures();
    const { output } = recurrentLinearAttention({
      query: ofQueries(query),
      key: ofKeys(key),
      value: tf.concat([value, tf.ones([1, 2, 6, 1])], 3),
      scale: 1,
    });
    const [sums, weights] = tf.split(output, [2, 1], 3);
    expect(causalLinearAttention({ query, key, value, chunk: 4 }).output).toBeAllClose(
      tf.div(sums, weights),
      tolerance,
    );
  });
});

describe('recurrentLinearAttention', () => {
  it.each(['linear', 'gated', 'delta', 'gatedDelta'] as const)(
    'follows the rule %s, values, gradients and state',
    (rule) => {
      const gates = (inputs: Tensors) => ({
        ...(inputs.decay && { decay: tf.neg(tf.square(inputs.decay)) }),
        ...(inputs.beta && { beta: tf.sigmoid(inputs.beta) }),
        state: inputs.state,
      });
      const run = (inputs: Tensors) => recurrentLinearAttention({ ...triple(inputs), ...gates(inputs) });
      expectParity(golden[rule], (inputs) => run(inputs).output, { query: [2, 4, 5, 3] });
      const given: Record<string, number[]> = golden[rule].inputs;
      const inputs = Object.fromEntries(
        Object.entries(given).map(([name, values]) => [
          name,
          tf.tensor(values, name === 'query' ? [2, 4, 5, 3] : [...shapes[name]]),
        ]),
      );
      expect(run(inputs).state.dataSync()).toBeAllClose(golden[rule].state, tolerance);
    },
  );

  it('refuses shapes that do not agree, naming them', () => {
    const x = tf.zeros([1, 2, 3, 4]);
    expect(() => recurrentLinearAttention({ query: x, key: x, value: x, beta: tf.zeros([1, 2, 3]) })).toThrow(
      'got query=[1,2,3,4], key=[1,2,3,4], value=[1,2,3,4], beta=[1,2,3]',
    );
  });
});

describe('PerformerFeatures', () => {
  it('give the paper’s attention for given directions, values and gradients', () => {
    const features = new PerformerFeatures({ headWidth: 3, features: 6, random });
    features.projection.assign(tf.tensor2d(golden.performer.projection, [3, 6]));
    expectParity(golden.performer, (inputs) => linearAttention({ ...triple(inputs), features }));
  });

  it('come nearer to softmax attention with more features, causally too', () => {
    const [query, key] = [tf.mul(normal(1, 2, 6, 8), 0.5), tf.mul(normal(1, 2, 6, 8), 0.5)]; // the error grows with length
    const value = normal(1, 2, 6, 4);
    const error = (features: number, mask: boolean) => {
      const map = new PerformerFeatures({ headWidth: 8, features, random: new Random(3) });
      const approximate = mask
        ? causalLinearAttention({ query, key, value, features: map, chunk: 4 }).output
        : linearAttention({ query, key, value, features: map });
      const exact = attention({ query, key, value, mask: mask ? causal() : undefined });
      return tf.max(tf.abs(tf.sub(approximate, exact))).dataSync()[0];
    };
    for (const mask of [false, true]) {
      expect(error(4096, mask)).toBeLessThan(0.1); // the error falls with 1/√F
      expect(error(4096, mask)).toBeLessThan(error(32, mask) / 2);
    }
  });

  it('have orthogonal directions in blocks, which no optimizer changes', () => {
    const map = new PerformerFeatures({ headWidth: 4, features: 10, random });
    const block = tf.slice(map.projection, [0, 4], [4, 4]);
    const products = tf.matMul(block, block, true, false);
    expect(tf.mul(products, tf.sub(1, tf.eye(4)))).toBeAllClose(tf.zeros([4, 4]), { absolute: 1e-5 });
    expect(map.trainableParameters()).toEqual([]);
    expect(map.namedBuffers().map(({ name }) => name)).toEqual(['projection']);
    expect(map.parameterCount()).toBe(0);
  });

  it('stay finite for large inputs', () => {
    const x = tf.mul(normal(1, 1, 5, 4), 1e4);
    const features = new PerformerFeatures({ headWidth: 4, random });
    const output = linearAttention({ query: x, key: x, value: x, features });
    expect(tf.all(tf.isFinite(output)).dataSync()[0]).toBe(1);
  });
});

describe('Linformer', () => {
  it('equals the paper’s formula, values and gradients, with padding and a shorter memory', () => {
    expectParity(golden.linformer, (inputs) => {
      const layer = new Linformer({ maxLength: 6, projectedLength: 3, random });
      Object.assign(layer, { keyProjection: inputs.keyProjection, valueProjection: inputs.valueProjection });
      return layer.forward({ ...triple(inputs), lengths: tf.tensor1d(golden.linformer.lengths, 'int32') });
    });
  });

  it('shares one projection when asked to, and shows its map', () => {
    const layer = new Linformer({ maxLength: 6, projectedLength: 3, shared: true, name: 'short', random });
    expect(layer.namedParameters().map(({ name }) => name)).toEqual(['keyProjection']);
    const x = normal(1, 2, 6, 4);
    const { maps } = capture(() => layer.forward({ query: x, key: x, value: x }));
    expect(maps.map(({ name, weights }) => [name, weights.shape])).toEqual([['short', [1, 2, 6, 3]]]);
    expectVariableGradientsToMatchDifferences(
      () => layer.forward({ query: x, key: x, value: x }),
      layer.namedParameters(),
    );
    expect(() => layer.forward({ query: x, key: normal(1, 2, 7, 4), value: normal(1, 2, 7, 4) })).toThrow(
      'Linformer: keys must be at most maxLength=6, got key=[1,2,7,4]',
    );
  });
});

describe('probSparseAttention', () => {
  it.each(['probSparse', 'probSparseCausal'] as const)(
    'equals the authors’ program, values and gradients: %s',
    (name) => {
      expectParity(
        golden[name],
        (inputs) => probSparseAttention({ ...triple(inputs), factor: 1, causal: name === 'probSparseCausal' }),
        { query: [2, 2, 5, 3] },
      );
    },
  );

  it('is full attention where every query attends', () => {
    const [query, key, value] = [normal(2, 2, 5, 3), normal(2, 2, 5, 3), normal(2, 2, 5, 4)];
    expect(probSparseAttention({ query, key, value, factor: 5 })).toBeAllClose(
      attention({ query, key, value }),
      tolerance,
    );
    expect(probSparseAttention({ query, key, value, factor: 5, causal: true })).toBeAllClose(
      attention({ query, key, value, mask: causal() }),
      tolerance,
    );
  });

  it('has the map that makes its output', () => {
    const [query, key, value] = [normal(1, 2, 9, 3), normal(1, 2, 9, 3), normal(1, 2, 9, 4)];
    for (const causally of [false, true]) {
      const run = () =>
        probSparseAttention({ query, key, value, factor: 1, causal: causally, random: RandomStream.of(3, 1) });
      const { result, maps } = capture(run);
      expect(tf.matMul(maps[0].weights, value)).toBeAllClose(result, tolerance);
    }
  });

  it('measures on the same keys for the same seed and step', () => {
    const x = normal(1, 1, 30, 4);
    const run = (seed: number) =>
      probSparseAttention({ query: x, key: x, value: x, factor: 1, random: RandomStream.of(seed, 0) });
    expect(run(1)).toBeAllClose(run(1), { absolute: 0, relative: 0 });
    expect(run(1)).not.toBeAllClose(run(2));
  });
});
