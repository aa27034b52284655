import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { expectGradientsToMatchDifferences } from '@heed/testing';
import { Random, wholeRegion } from '../index.ts';
import { attention, type AttentionOptions } from './attention.ts';
import { biases, combiners, masks, normalisers, scores, SHAPE, withoutReading } from './every-step.test-support.ts';

const random = new Random(47);
const normal = (scale = 1) => tf.tensor4d(random.normals(48, 0, scale), [...SHAPE]);
const region = wholeRegion(4, 4);
const touch = (x: tf.Tensor) => tf.mul(tf.sum(x), 0); // connects inputs that a step does not ask

type Choice = Omit<AttentionOptions, 'query' | 'key' | 'value'>;
type Named<T> = [name: string, value: T];
const each = <T, U>(values: Record<string, T>, kind: string, make: (value: T) => U): Named<U>[] =>
  Object.entries(values).map(([name, value]) => [`${kind} ${name}`, make(value)]);

describe('every step makes one tensor, leaves no other and reads none', () => {
  const [query, key, given] = [normal(), normal(), tf.tensor4d(random.normals(64), [2, 2, 4, 4])];
  const visibility = { allowed: masks.causal.allowed(region), mayHideAll: true };
  const prepared = Object.fromEntries(Object.entries(scores).filter(([, score]) => score.prepareKeys !== undefined));
  const steps: Named<() => tf.Tensor>[] = [
    ...each(scores, 'score', (score) => () => score.scores(query, key)),
    ...each(prepared, 'keys prepared for', (score) => () => score.prepareKeys!(key)),
    ...each(masks, 'mask', (mask) => () => mask.allowed(region)),
    ...each(biases, 'bias', (bias) => () => bias.values(region)),
    ...each(normalisers, 'normaliser', (make) => () => make().weights(given, visibility)),
    ...each(normalisers, 'without a mask, normaliser', (make) => () => make().weights(given)),
    ...each(combiners, 'combiner', (combiner) => () => combiner.combine(given, key)),
  ];

  it.each(steps)('%s', (_name, step) => {
    tf.dispose(step()); // tables that are made once
    const before = tf.memory().numTensors;
    const result = withoutReading(step);
    expect(tf.memory().numTensors).toBe(before + 1);
    result.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('every choice', () => {
  const choices: Named<() => Choice>[] = [
    ...each(scores, 'score', (score) => () => ({ score })),
    ...each(masks, 'mask', (mask) => () => ({ mask })),
    ...each(biases, 'bias', (bias) => () => ({ bias })),
    ...each(normalisers, 'normaliser', (make) => () => ({ normaliser: make() })),
    ...each(combiners, 'combiner', (combiner) => () => ({ combiner })),
  ];

  it.each(choices)('is finite, with finite gradients, for tiny, ordinary and huge numbers: %s', (_name, choose) => {
    const { normaliser, combiner } = choose();
    const paths =
      (normaliser ?? combiner) === undefined ? (['auto', 'dense', 'blockwise'] as const) : (['dense'] as const);
    for (const path of paths) {
      for (const scale of [1e-20, 1, 1e15]) {
        tf.tidy(() => {
          const inputs = [normal(scale), normal(scale), normal()];
          const run = (query: tf.Tensor, key: tf.Tensor, value: tf.Tensor) =>
            attention({ query, key, value, mask: masks.padding, path, ...choose() });
          const output = run(inputs[0], inputs[1], inputs[2]);
          const gradients = tf.grads((q, k, v) => tf.add(tf.sum(run(q, k, v)), tf.add(touch(q), touch(k))))(inputs);
          const finite = [output, ...gradients].map((tensor) => tensor.dataSync().every(Number.isFinite));
          expect({ path, scale, finite }).toEqual({ path, scale, finite: [true, true, true, true] });
        });
      }
    }
  });

  it.each(each({ ...masks }, 'mask', (mask) => mask))('has the gradients of finite differences: %s', (_name, mask) => {
    expectGradientsToMatchDifferences(
      (query, key, value) => attention({ query, key, value, mask }),
      [normal(), normal(), normal()],
      { entries: 6 },
    );
  });

  it.each(Object.keys(normalisers))('gives hidden queries output and gradients of 0: normaliser %s', (name) => {
    const inputs = [normal(), normal(), normal()];
    const run = (query: tf.Tensor, key: tf.Tensor, value: tf.Tensor) =>
      attention({ query, key, value, mask: masks.padding, normaliser: normalisers[name]() });
    const hidden = (x: tf.Tensor) => tf.slice(x, [1, 0, 0, 0], [1, 2, 4, 3]);
    const gradients = tf.grads((q, k, v) => tf.add(tf.sum(run(q, k, v)), tf.add(touch(q), touch(k))))(inputs);
    for (const tensor of [run(inputs[0], inputs[1], inputs[2]), ...gradients]) {
      expect(hidden(tensor)).toBeAllClose(tf.zeros([1, 2, 4, 3]), { absolute: 0 });
    }
  });
});
