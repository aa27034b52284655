import { Random } from '@heed/attention-core';
import { expectGradientsToMatchDifferences } from '@heed/testing';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { bestPath } from '../decoding/best-path.ts';
import { LinearChainCrf, type ChainScores } from './linear-chain-crf.ts';

const LABELS = 3;
const random = new Random(5);
const emissions = Array.from({ length: 4 }, () => Array.from(random.normals(LABELS, 0, 2)));
const crf = new LinearChainCrf({ labels: LABELS, random: new Random(7) });
crf.transitions.assign(tf.tensor2d(random.normals(LABELS * LABELS, 0, 2), [LABELS, LABELS]));

const everyPath = (length: number): number[][] =>
  length === 0 ? [[]] : everyPath(length - 1).flatMap((path) => [0, 1, 2].map((label) => [...path, label]));

/** By the formula. */
const scoreOf = (path: readonly number[], { transitions, starts, ends }: ChainScores) =>
  path.reduce(
    (sum, label, t) => sum + emissions[t][label] + (t === 0 ? 0 : transitions[path[t - 1]][label]),
    starts[path[0]] + ends[path.at(-1)!],
  );

describe('LinearChainCrf', () => {
  it.each([1, 2, 4])('gives every sequence of %i labels its share of all of them', (length) => {
    const scores = crf.scores();
    const paths = everyPath(length);
    const total = Math.log(paths.reduce((sum, path) => sum + Math.exp(scoreOf(path, scores)), 0));
    const losses = crf.negativeLogLikelihood(
      tf.tensor3d(paths.map(() => emissions)), // four steps, of which `length` are real
      tf.tensor2d(
        paths.map((path) => [...path, 0, 0, 0, 0].slice(0, 4)),
        [paths.length, 4],
        'int32',
      ),
      tf.tensor1d(
        paths.map(() => length),
        'int32',
      ),
    );
    expect(losses).toBeAllClose(
      paths.map((path) => total - scoreOf(path, scores)),
      { absolute: 1e-5 },
    );
  });

  it('has the gradients of finite differences', () => {
    const labels = tf.tensor2d([[0, 2, 1, 1]], [1, 4], 'int32');
    const lengths = tf.tensor1d([3], 'int32');
    expectGradientsToMatchDifferences(
      (given) => crf.negativeLogLikelihood(given as tf.Tensor3D, labels, lengths),
      [tf.tensor3d([emissions])],
    );
  });

  it('stays finite where one label is far likelier than the others', () => {
    const far = tf.tensor3d([1e4, -1e4, 0, -1e4, 1e4, 0], [1, 2, 3]);
    const likely = tf.tensor2d([[0, 1]], [1, 2], 'int32');
    const loss = crf.negativeLogLikelihood(far, likely, tf.tensor1d([2], 'int32'));
    expect(loss).toBeAllClose([0], { absolute: 8e-3 }); // four roundings of float32 at 20,000
  });
});

describe('bestPath', () => {
  it('finds the likeliest of all sequences', () => {
    const scores = crf.scores();
    const best = everyPath(4).sort((a, b) => scoreOf(b, scores) - scoreOf(a, scores))[0];
    expect(bestPath(emissions, scores)).toEqual(best);
  });

  it('finds the likeliest of the allowed ones', () => {
    const scores = crf.scores();
    const allowed = (from: number | undefined, to: number) => (from === undefined ? to === 1 : to !== from);
    const possible = everyPath(4).filter((path) => path.every((label, t) => allowed(path[t - 1], label)));
    const best = possible.sort((a, b) => scoreOf(b, scores) - scoreOf(a, scores))[0];
    expect(bestPath(emissions, scores, allowed)).toEqual(best);
    expect(bestPath([], scores)).toEqual([]);
  });

  it('refuses rules that allow nothing', () => {
    expect(() => bestPath(emissions, crf.scores(), () => false)).toThrow(
      'bestPath: a sequence of 4 labels must be allowed, got none that is',
    );
  });
});
