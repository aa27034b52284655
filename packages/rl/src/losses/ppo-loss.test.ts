import { readFileSync } from 'node:fs';
import { RandomStream } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { actionDistribution, actionKindOf, maskLogits } from '../distributions/action-distribution.ts';
import { advantages, type Steps } from '../rollouts/advantages.ts';
import { dict } from '../spaces/space.ts';
import { ppoLoss, type PpoLossInputs } from './ppo-loss.ts';

type Numbers = Readonly<Record<string, number[]>>;
interface Distribution {
  readonly parameters: number[][];
  readonly actions: number[][];
  readonly logProbabilities: number[];
  readonly entropies: number[];
}

// made by tooling/golden/rl-ppo.py with torch 2.15.0
const golden = JSON.parse(readFileSync(new URL('ppo.golden.json', import.meta.url), 'utf8')) as {
  readonly losses: readonly {
    readonly clipValues: boolean;
    readonly normaliseAdvantages: boolean;
    readonly inputs: Numbers;
    readonly gradients: Numbers;
    readonly [part: string]: unknown;
  }[];
  readonly distributions: Readonly<Record<'categorical' | 'gaussian', Distribution>>;
  readonly advantages: Omit<Steps, 'truncated' | 'finalValues'> & { readonly advantages: number[] };
};

describe('ppoLoss', () => {
  it.each(golden.losses)(
    "equals CleanRL's in torch, clipped values $clipValues, scaled advantages $normaliseAdvantages: parts and gradients",
    ({ clipValues, normaliseAdvantages, inputs, gradients, ...parts }) => {
      const names = Object.keys(inputs);
      const given = names.map((name) => tf.tensor1d(inputs[name]));
      const options = { clip: 0.2, clipValues, valueWeight: 0.5, normaliseAdvantages };
      const result = (...tensors: tf.Tensor[]) => {
        const named = Object.fromEntries(names.map((name, i) => [name, tensors[i]]));
        return ppoLoss({ ...named, entropyWeight: tf.tensor1d([0.01]) } as unknown as PpoLossInputs, options);
      };
      const { entropy: _, ...found } = result(...given);
      for (const [name, value] of Object.entries(found)) {
        expect(value.dataSync()[0]).toBeCloseTo(parts[name] as number, 5);
      }
      const learned = Object.keys(gradients);
      const rest = (name: string) => given[names.indexOf(name)];
      const loss = (...tensors: tf.Tensor[]) =>
        result(...names.map((name) => (learned.includes(name) ? tensors[learned.indexOf(name)] : rest(name)))).loss;
      for (const [i, gradient] of tf.grads(loss)(learned.map(rest)).entries()) {
        const expected = Float32Array.from(gradients[learned[i]]);
        expect(gradient).toBeAllClose(expected, { absolute: 1e-6, relative: 1e-5 });
      }
    },
  );
});

describe('actionDistribution', () => {
  it.each(['categorical', 'gaussian'] as const)("equals torch's: %s", (kind) => {
    const { parameters, actions, logProbabilities, entropies } = golden.distributions[kind];
    const distribution = actionDistribution({ kind, size: kind === 'categorical' ? 4 : 2 });
    const given = tf.tensor2d(parameters);
    expect(distribution.logProbability(given, tf.tensor2d(actions))).toBeAllClose(Float32Array.from(logProbabilities));
    expect(distribution.entropy(given)).toBeAllClose(Float32Array.from(entropies));
  });

  it('draws choices as often as they are likely, and never one that is masked', () => {
    const count = 4000;
    const logits = tf.tile(tf.tensor2d([[0, Math.log(3), 5]]), [count, 1]) as tf.Tensor2D;
    const mask = tf.tile(tf.tensor2d([[1, 1, 0]]), [count, 1]) as tf.Tensor2D;
    const stream = RandomStream.of(3, 0);
    const drawn = actionDistribution({ kind: 'categorical', size: 3 }).draw(maskLogits(logits, mask), stream);
    const choices = [...drawn.dataSync()];
    expect(choices.filter((choice) => choice === 2)).toEqual([]);
    const share = choices.filter((choice) => choice === 1).length / count;
    expect(Math.abs(share - 0.75)).toBeLessThan(4 * Math.sqrt((0.75 * 0.25) / count)); // four deviations
  });

  it('gives masked choices no entropy and no gradient', () => {
    const logits = tf.tensor2d([[0.3, -0.2, 4]]);
    const distribution = actionDistribution({ kind: 'categorical', size: 3 });
    const of = (x: tf.Tensor) => maskLogits(x as tf.Tensor2D, tf.tensor2d([[1, 1, 0]]));
    const two = actionDistribution({ kind: 'categorical', size: 2 });
    expect(distribution.entropy(of(logits))).toBeAllClose(two.entropy(tf.tensor2d([[0.3, -0.2]])));
    const sum = (x: tf.Tensor) =>
      tf.add(tf.sum(distribution.entropy(of(x))), tf.sum(distribution.logProbability(of(x), tf.tensor2d([[1]]))));
    const gradient = [...tf.grad(sum)(logits).dataSync()];
    expect(gradient[2]).toBe(0);
    expect(gradient.every(Number.isFinite)).toBe(true);
  });

  it('draws normal numbers of the mean and deviation that it was given', () => {
    const count = 4000;
    const parameters = tf.tile(tf.tensor2d([[2, Math.log(0.5)]]), [count, 1]) as tf.Tensor2D;
    const distribution = actionDistribution({ kind: 'gaussian', size: 1 });
    const drawn = distribution.draw(parameters, RandomStream.of(3, 1));
    const { mean, variance } = tf.moments(drawn);
    expect(Math.abs(mean.dataSync()[0] - 2)).toBeLessThan((4 * 0.5) / Math.sqrt(count));
    expect(variance.dataSync()[0]).toBeCloseTo(0.25, 1);
    expect([...distribution.mode(parameters).dataSync()].slice(0, 2)).toEqual([2, 2]);
  });

  it('refuses actions that it cannot draw, naming them', () => {
    expect(() => actionKindOf('Agent', dict({}))).toThrow('Agent: actions must be discrete or a box, got dict {  }');
  });
});

describe('advantages', () => {
  const { advantages: expected, ...steps } = golden.advantages;
  const none = { truncated: Array<number>(10).fill(0), finalValues: Array<number>(10).fill(0) };

  it("equal CleanRL's where nothing is cut", () => {
    expect(advantages({ ...steps, ...none }, 0.99, 0.95)).toBeAllClose(Float32Array.from(expected));
  });

  it('take the value of the final observation for what a cut took away, and nothing after an end', () => {
    // Two steps, the first of which ends its episode. By hand with γ = .5, λ = 1:
    const base = { rewards: [1, 1], values: [10, 20], nextValue: 40, finalValues: [6, 0] };
    // 1 + .5 · 6 − 10 where it was cut; 1 − 10 where it was over; the other is 1 + .5 · 40 − 20
    const cut = advantages({ ...base, terminated: [0, 0], truncated: [1, 0] }, 0.5, 1);
    expect([...cut]).toEqual([-6, 1]);
    const over = advantages({ ...base, terminated: [1, 0], truncated: [0, 0] }, 0.5, 1);
    expect([...over]).toEqual([-9, 1]);
    // and where both are said, the task is over
    expect([...advantages({ ...base, terminated: [1, 0], truncated: [1, 0] }, 0.5, 1)]).toEqual([-9, 1]);
  });
});
