import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { attentionFlow } from './attention-flow.ts';
import type { AttentionMap } from '../capture.ts';
import { gradientAttention, relevance } from './gradient-attention.ts';
import { summariseHeads } from './head-summaries.ts';
import { rankCorrelation } from '../faithfulness/randomisation.ts';
import { rollout } from './rollout.ts';

interface Golden {
  readonly shape: [number, number, number, number];
  readonly maps: number[][];
  readonly gradients: number[][];
  readonly rollout: Record<'mean' | 'max' | 'min', number[]>;
  readonly rolloutWithoutResidual: number[];
  readonly flow: number[];
  readonly relevance: number[];
  readonly summaries: { entropy: number[]; distance: number[]; confidence: number[]; disagreement: number[][] };
  readonly spearman: { one: number[]; other: number[]; correlation: number };
}

/** From tooling/golden/attention-analysis.py: NumPy, networkx and scipy. */
const golden = JSON.parse(readFileSync(new URL('analysis.golden.json', import.meta.url), 'utf8')) as Golden;
const toMaps = (layers: readonly number[][]): AttentionMap[] =>
  layers.map((values, i) => ({ name: `layer ${i}`, weights: tf.keep(tf.tensor4d(values, golden.shape)) }));
const maps = toMaps(golden.maps);
const gradients = toMaps(golden.gradients);
const map = (...weights: number[][][]): AttentionMap => ({ name: 'm', weights: tf.tensor4d([weights]) });

describe('rollout', () => {
  it('multiplies the layers, residuals included, as NumPy does', () => {
    for (const fuse of ['mean', 'max', 'min'] as const) {
      const { weights } = rollout(maps, { fuse });
      expect(weights.shape).toEqual([2, 1, 4, 4]);
      expect(weights.dataSync()).toBeAllClose(golden.rollout[fuse]);
    }
    expect(rollout(maps, { residual: 0 }).weights.dataSync()).toBeAllClose(golden.rolloutWithoutResidual);
  });

  it('leaves a token that sees nothing with itself', () => {
    const blind = map([
      [0, 0],
      [0.5, 0.5],
    ]);
    expect(rollout([blind, blind]).weights).toBeAllClose([
      [
        [
          [1, 0],
          [0.4375, 0.5625], // A = [1/4, 3/4] in the second row; A² = [1/4 + 3/16, 9/16]
        ],
      ],
    ]);
  });

  it('rejects cross-attention, no map, and a residual share that leaves nothing', () => {
    const cross = { name: 'cross', weights: tf.zeros([1, 1, 2, 3]) as tf.Tensor4D };
    expect(() => rollout([cross])).toThrow('maps must all be self-attention [B, H, L, L], got cross [1,1,2,3]');
    expect(() => rollout([])).toThrow('rollout: at least one map is needed, got none');
    expect(() => rollout(maps, { residual: 1 })).toThrow('residual must be in [0, 1), got 1');
  });
});

describe('attentionFlow', () => {
  it('equals the maximum flows of networkx', () => {
    expect(attentionFlow(maps).weights.dataSync()).toBeAllClose(golden.flow);
  });

  it('is limited by the narrowest pipe of a path, where rollout multiplies', () => {
    // the last token reaches the first through the middle one alone, by pipes of 0.25 and 0.5 (residual 0.5)
    const lower = map([
      [1, 0, 0],
      [1, 0, 0],
      [0, 0, 1],
    ]);
    const upper = map([
      [1, 0, 0],
      [0, 1, 0],
      [0, 0.5, 0.5],
    ]);
    const last = (weights: tf.Tensor) => tf.slice(weights, [0, 0, 2, 0], [1, 1, 1, 3]);
    expect(last(rollout([lower, upper]).weights)).toBeAllClose([[[[0.125, 0.125, 0.75]]]]);
    // flows 0.25, 0.25 and 0.75, divided by their sum
    expect(last(attentionFlow([lower, upper]).weights)).toBeAllClose([[[[0.2, 0.2, 0.6]]]]);
  });
});

describe('gradientAttention and relevance', () => {
  it('follow the rule of Chefer et al. as NumPy does', () => {
    expect(relevance({ maps, gradients }).weights.dataSync()).toBeAllClose(golden.relevance);
  });

  it('average the heads, with or without what speaks against the objective', () => {
    const weights = map([[0.5, 0.5]], [[1, 0]]);
    const gradient = map([[2, -4]], [[3, 5]]);
    expect(gradientAttention(weights, gradient).weights).toBeAllClose([[[[2, 0]]]]);
    expect(gradientAttention(weights, gradient, { positive: false }).weights).toBeAllClose([[[[2, -1]]]]);
    expect(() => gradientAttention(weights, maps[0])).toThrow('must have one shape, got [1,2,1,2] and [2,2,4,4]');
  });
});

describe('summariseHeads', () => {
  it('gives entropy, distance, confidence and disagreement as scipy does', () => {
    const { entropy, distance, confidence, disagreement } = summariseHeads(maps[0]);
    expect(entropy).toBeAllClose(golden.summaries.entropy);
    expect(distance).toBeAllClose(golden.summaries.distance);
    expect(confidence).toBeAllClose(golden.summaries.confidence);
    expect(disagreement).toBeAllClose(golden.summaries.disagreement);
  });

  it('counts real queries only: not padding, not rows without weight', () => {
    const weights = tf.tensor4d([[[[1, 0], [0, 0], [0.5, 0.5]]]]); // prettier-ignore
    expect(summariseHeads({ name: 'm', weights }, { lengths: [2] }).entropy).toEqual([0]);
    expect(summariseHeads({ name: 'm', weights }).entropy).toBeAllClose([Math.LN2 / 2]);
  });

  it('takes weights that do not add up to 1 as shares', () => {
    const { confidence, entropy } = summariseHeads(map([[2, 2]]));
    expect([confidence[0], entropy[0]]).toBeAllClose([0.5, Math.LN2]);
  });

  it('rejects negative weights and lengths that do not fit', () => {
    expect(() => summariseHeads(map([[-1, 2]]))).toThrow('weights of map "m" must not be negative, got -1');
    expect(() => summariseHeads(map([[1]]), { lengths: [2] })).toThrow('lengths must be 1 numbers of at most 1');
  });
});

describe('rankCorrelation', () => {
  it("is scipy's, ties included", () => {
    const { one, other, correlation } = golden.spearman;
    expect([rankCorrelation(one, other)]).toBeAllClose([correlation], { relative: 1e-12 });
  });

  it('is 1 for any rising relation, −1 for a falling one and 0 against a constant', () => {
    expect(rankCorrelation([1, 2, 3], [1, 10, 100])).toBe(1);
    expect(rankCorrelation([1, 2, 3], [3, 2, 1])).toBe(-1);
    expect(rankCorrelation([1, 2, 3], [5, 5, 5])).toBe(0);
  });
});
