import type { NamedParameter } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { clipToNorm, globalNorm } from '../loop/gradient-step.ts';
import { Adam } from './adam.ts';
import { AdamW } from './adamw.ts';
import { type Optimizer } from './optimizer.ts';
import golden from './optimizer.golden.json' with { type: 'json' };
import { Sgd } from './sgd.ts';

type ByName = Record<string, number[]>;

const shapes = golden.shapes as Record<string, number[]>;

function parameters(): NamedParameter[] {
  return Object.entries(golden.initial as ByName).map(([name, values]) => ({
    name,
    variable: tf.variable(tf.tensor(values, shapes[name])),
  }));
}

/** Applies the six gradients of the golden file, whose size grows from 1e-3 to 1e2, and gives all weights in order. */
function weightsAfter(rate: number, make: (own: readonly NamedParameter[]) => Optimizer): number[] {
  const own = parameters();
  const optimizer = make(own);
  const learningRate = tf.scalar(rate);
  for (const step of golden.gradients as ByName[]) {
    const gradients = optimizer.parameters.map(({ name }) => tf.tensor(step[name], shapes[name]));
    optimizer.apply(optimizer.flatten(gradients), learningRate);
  }
  return own.flatMap(({ variable }) => Array.from(variable.dataSync()));
}

const torch = (name: keyof typeof golden.results) => Object.values(golden.results[name] as ByName).flat();

// Six float32 updates in another order of operations: an error of some units in the seventh digit.
const close = { absolute: 2e-6, relative: 2e-6 };

describe('optimizers', () => {
  it('plain gradient descent agrees with torch.optim.SGD', () => {
    expect(weightsAfter(0.1, (own) => new Sgd(own))).toBeAllClose(torch('sgd'), close);
  });

  it('momentum agrees with torch.optim.SGD', () => {
    expect(weightsAfter(0.1, (own) => new Sgd(own, { momentum: 0.9 }))).toBeAllClose(torch('sgd momentum'), close);
  });

  it('Nesterov momentum with weight decay agrees with torch.optim.SGD', () => {
    const options = { momentum: 0.8, nesterov: true, weightDecay: 0.05 };
    expect(weightsAfter(0.1, (own) => new Sgd(own, options))).toBeAllClose(
      torch('sgd nesterov with weight decay'),
      close,
    );
  });

  it('Adam agrees with torch.optim.Adam, from the first step on', () => {
    expect(weightsAfter(0.01, (own) => new Adam(own))).toBeAllClose(torch('adam'), close);
  });

  it('Adam with other options agrees with torch.optim.Adam', () => {
    const options = { beta1: 0.8, beta2: 0.98, epsilon: 1e-6, weightDecay: 0.1 };
    expect(weightsAfter(0.01, (own) => new Adam(own, options))).toBeAllClose(torch('adam with weight decay'), close);
  });

  it('Adam with β₁ = 0 agrees with torch.optim.Adam', () => {
    expect(weightsAfter(0.01, (own) => new Adam(own, { beta1: 0 }))).toBeAllClose(
      torch('adam of the last gradient'),
      close,
    );
  });

  it('AdamW decays by 0.01 unless told otherwise, as torch.optim.AdamW does', () => {
    expect(weightsAfter(0.01, (own) => new AdamW(own))).toBeAllClose(torch('adamw'), close);
  });

  it('AdamW with other options agrees with torch.optim.AdamW', () => {
    const options = { beta2: 0.95, weightDecay: 0.2 };
    expect(weightsAfter(0.05, (own) => new AdamW(own, options))).toBeAllClose(torch('adamw with weight decay'), close);
  });

  it('a variable under two names gets one full update', () => {
    for (const make of [Sgd, Adam, AdamW]) {
      const twice = (own: readonly NamedParameter[]) =>
        new make([...own, ...own.map(({ name, variable }) => ({ name: `tied.${name}`, variable }))]);
      expect(weightsAfter(0.01, twice)).toEqual(weightsAfter(0.01, (own) => new make(own)));
      const optimizer = twice(parameters());
      expect(optimizer.parameters.map(({ name }) => name)).toEqual(Object.keys(golden.initial));
    }
  });

  it('groups have their own weight decay and learning rate, as in torch', () => {
    const groups = [{ match: /bias/, weightDecay: 0, learningRateScale: 0.5 }];
    expect(weightsAfter(0.01, (own) => new AdamW(own, { weightDecay: 0.1, groups }))).toBeAllClose(
      torch('adamw with groups'),
      close,
    );
  });

  it('remembers its slots in variables that can be saved, and goes on from them', () => {
    const [own, others] = [parameters(), parameters()];
    const [first, second] = [new Adam(own), new Adam(others)];
    const gradient = first.flatten(own.map(({ variable }) => tf.onesLike(variable)));
    first.apply(gradient, tf.scalar(0.1));
    second.loadStateDict(first.stateDict());
    expect(Object.keys(first.stateDict())).toEqual(['moments.steps', 'moments.first.0', 'moments.second.0']);
    expect(first.stateDict()['moments.steps'].dataSync()[0]).toBe(1);
    expect(second.stateDict()['moments.first.0']).toBeAllClose(first.stateDict()['moments.first.0'], {
      absolute: 0,
      relative: 0,
    });
  });

  it('a parameter without gradient is left alone by gradient descent', () => {
    const own = parameters();
    const optimizer = new Sgd(own);
    optimizer.apply(optimizer.flatten([null, null, tf.scalar(1)]), tf.scalar(1));
    expect(own[0].variable).toBeAllClose(tf.tensor(golden.initial['layer.weight'], [3, 2]), {
      absolute: 0,
      relative: 0,
    });
    expect(own[2].variable.dataSync()[0]).toBeCloseTo(golden.initial.scale[0] - 1, 6);
  });

  it('an update leaves no tensors behind, and dispose frees the slots', () => {
    const own = parameters();
    const before = tf.memory().numTensors;
    const optimizer = new AdamW(own, { groups: [{ match: /bias/, weightDecay: 0 }] });
    const made = tf.memory().numTensors;
    tf.tidy(() => optimizer.apply(optimizer.flatten([]), tf.scalar(0.1)));
    expect(tf.memory().numTensors).toBe(made);
    optimizer.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('updates all weights of a group in a dozen operations, and three more for each weight', () => {
    const variables = Array.from({ length: 40 }, (_, i) => ({ name: `w${i}`, variable: tf.variable(tf.ones([3, 2])) }));
    const optimizer = new Adam(variables);
    const engine = tf.engine();
    const run = engine.runKernel;
    let kernels = 0;
    engine.runKernel = (...given: Parameters<typeof run>) => {
      kernels++;
      return run.apply(engine, given) as never;
    };
    tf.tidy(() =>
      optimizer.apply(optimizer.flatten(variables.map(({ variable }) => tf.zerosLike(variable))), tf.scalar(0.1)),
    );
    Reflect.deleteProperty(engine, 'runKernel');
    expect(kernels).toBeLessThan(40 * 4 + 40); // zerosLike is counted too
  });

  it('refuses options out of range, naming option and value', () => {
    expect(() => new Sgd(parameters(), { momentum: 1 })).toThrow('Sgd: momentum must be in [0, 1), got 1');
    expect(() => new Adam(parameters(), { beta2: 1 })).toThrow('Adam: beta2 must be in [0, 1), got 1');
    expect(() => new AdamW(parameters(), { weightDecay: -1 })).toThrow(
      'AdamW: weightDecay must be in [0, Infinity), got -1',
    );
    expect(() => new Adam([])).toThrow('there must be a parameter to train');
    expect(() => new Adam(parameters()).flatten([tf.zeros([2, 3])])).toThrow(
      'layer.weight must have its shape [3,2], got [2,3]',
    );
    expect(() => new Adam(parameters(), { groups: [{ match: /nothing/ }] })).toThrow(
      'group /nothing/ must match a parameter',
    );
  });
});

describe('clipping', () => {
  const gradients = () => Object.values(golden.gradients[3] as ByName).map((values) => tf.tensor1d(values));

  it('scales gradients to the global norm, as torch.nn.utils.clip_grad_norm_ does', () => {
    const norm = globalNorm(gradients());
    expect(norm.dataSync()[0]).toBeCloseTo(golden.clipping.norm, 5);
    for (const [i, clipped] of clipToNorm(gradients(), norm, golden.clipping.limit).entries()) {
      expect(clipped).toBeAllClose(golden.clipping.clipped[i]);
    }
  });

  it('leaves gradients below the limit as they are', () => {
    const [clipped] = clipToNorm([tf.tensor1d([3, 4])], tf.scalar(5), 6);
    expect(clipped).toBeAllClose([3, 4], { absolute: 0, relative: 0 });
  });

  it.each([-1, 0, NaN])('refuses the limit %d', (limit) => {
    expect(() => clipToNorm([tf.tensor1d([3, 4])], tf.scalar(5), limit)).toThrow(
      `clipToNorm: limit must be positive, got ${limit}`,
    );
  });
});
