import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { capture } from '../../maps/capture.ts';
import { padding } from '../../masks/padding.ts';
import { Module } from '../../module/module.ts';
import { Random } from '../../random/random.ts';
import { RandomStream } from '../../random/random-stream.ts';
import { expectParity, type Inputs } from '../parity.test-support.ts';
import { AlternatingCoAttention } from './alternating-co-attention.ts';
import { DenseCoAttention } from './dense-co-attention.ts';
import { PairwiseCoAttention } from './pairwise-co-attention.ts';
import { ParallelCoAttention } from './parallel-co-attention.ts';
import type { TwoSequences, WordsAndRegions } from './two-sequences.ts';

const random = new Random(3);
const normal = (...shape: number[]) => tf.tensor(random.normals(tf.util.sizeFromShape(shape)), shape);
const toSequences = ({ words, regions, wordLengths, regionLengths }: Inputs): TwoSequences => ({
  words,
  regions,
  wordMask: padding(wordLengths as tf.Tensor1D),
  regionMask: padding(regionLengths as tf.Tensor1D),
});
const outputs = ({ words, regions }: WordsAndRegions) => ({ words, regions });
const widths = { wordWidth: 5, regionWidth: 6, hiddenWidth: 7, random };
const shapes = (run: () => WordsAndRegions) =>
  capture(() => outputs(run())).maps.map(({ name, weights }) => [name, weights.shape]);
const someInputs = () => ({ words: normal(2, 4, 5), regions: normal(2, 3, 6) });

describe('ParallelCoAttention', () => {
  it('equals the formulas of Lu et al. in torch, hidden positions left out', () => {
    const layer = new ParallelCoAttention(widths);
    expectParity('structures/co-attention/parallel-co-attention', layer, (inputs) =>
      outputs(layer.forward(toSequences(inputs))),
    );
  });

  it('shows one map for each side', () => {
    expect(shapes(() => new ParallelCoAttention(widths).forward(someInputs()))).toEqual([
      ['words', [2, 1, 1, 4]],
      ['regions', [2, 1, 1, 3]],
    ]);
  });
});

describe('AlternatingCoAttention', () => {
  for (const passes of [2, 3] as const) {
    it(`equals the formulas of Lu et al. in torch with ${passes} passes`, () => {
      const layer = new AlternatingCoAttention({ ...widths, passes });
      expectParity(`structures/co-attention/alternating-co-attention-${passes}`, layer, (inputs) =>
        outputs(layer.forward(toSequences(inputs))),
      );
    });
  }

  it('shows a map for each pass, in their order', () => {
    expect(shapes(() => new AlternatingCoAttention(widths).forward(someInputs()))).toEqual([
      ['words', [2, 1, 1, 4]],
      ['regions', [2, 1, 1, 3]],
      ['words#2', [2, 1, 1, 4]],
    ]);
  });

  it('rejects other numbers of passes', () => {
    expect(() => new AlternatingCoAttention({ ...widths, passes: 4 as 3 })).toThrow('passes must be 2 or 3, got 4');
  });
});

describe('PairwiseCoAttention', () => {
  it('equals its formulas in torch', () => {
    const layer = new PairwiseCoAttention(widths);
    expectParity('structures/co-attention/pairwise-co-attention', layer, (inputs) =>
      outputs(layer.forward(toSequences(inputs))),
    );
  });

  it('shows regions for each word and words for each region, in every stacked layer', () => {
    const layers = [0, 1].map(() => new PairwiseCoAttention(widths));
    const run = () => layers.reduce<WordsAndRegions>((both, layer) => layer.forward(both), someInputs());
    expect(shapes(run)).toEqual([
      ['words', [2, 1, 4, 3]],
      ['regions', [2, 1, 3, 4]],
      ['words#2', [2, 1, 4, 3]],
      ['regions#2', [2, 1, 3, 4]],
    ]);
    const { maps } = capture(() => outputs(run()));
    for (const { weights } of maps) expect(tf.sum(weights, -1)).toBeAllClose(tf.ones(weights.shape.slice(0, 3)));
  });
});

class Stack extends Module {
  readonly layers = [0, 1].map(() => new DenseCoAttention({ width: 6, heads: 2, nones: 2, random }));
}

describe('DenseCoAttention', () => {
  it('equals the formulas of Nguyen & Okatani in torch, two layers deep', () => {
    const stack = new Stack();
    expectParity('structures/co-attention/dense-co-attention', stack, (inputs) =>
      tf.tidy(() =>
        outputs(stack.layers.reduce((both, layer) => ({ ...both, ...layer.forward(both) }), toSequences(inputs))),
      ),
    );
  });

  it('shows the nones as first columns and sums to 1 with them, also where everything else is hidden', () => {
    const layer = new DenseCoAttention({ width: 6, heads: 3, nones: 2, random });
    const inputs = { words: normal(1, 4, 6), regions: normal(1, 3, 6), regionMask: padding([0]) };
    const { maps } = capture(() => outputs(layer.forward(inputs)));
    expect(maps.map(({ weights }) => weights.shape)).toEqual([
      [1, 3, 4, 5],
      [1, 3, 3, 6],
    ]);
    expect(tf.sum(tf.slice(maps[0].weights, [0, 0, 0, 0], [1, 3, 4, 2]), -1)).toBeAllClose(tf.ones([1, 3, 4]));
  });

  it('is not changed by hidden words and regions', () => {
    const layer = new DenseCoAttention({ width: 6, heads: 2, random });
    const masks = { wordMask: padding([2]), regionMask: padding([3]) };
    const [words, regions] = [normal(1, 4, 6), normal(1, 5, 6)];
    const change = (x: tf.Tensor, from: number) =>
      tf.concat([tf.slice(x, [0, 0, 0], [1, from, 6]), normal(1, x.shape[1]! - from, 6)], 1);
    const before = layer.forward({ words, regions, ...masks });
    const after = layer.forward({ words: change(words, 2), regions: change(regions, 3), ...masks });
    const visible = (x: tf.Tensor, count: number) => tf.slice(x, [0, 0, 0], [1, count, 6]);
    expect(visible(after.words, 2)).toBeAllClose(visible(before.words, 2));
    expect(visible(after.regions, 3)).toBeAllClose(visible(before.regions, 3));
  });

  it('drops values in training only, and rejects widths that heads do not divide', () => {
    const layer = new DenseCoAttention({ width: 6, heads: 2, dropout: 0.5, random });
    const inputs = { words: normal(1, 4, 6), regions: normal(1, 5, 6) };
    const train = layer.forward({ ...inputs, random: RandomStream.of(1, 0) });
    expect(train.words).not.toBeAllClose(layer.forward(inputs).words);
    expect(() => new DenseCoAttention({ width: 6, heads: 4, random })).toThrow(
      'DenseCoAttention: width must be a multiple of heads, got width=6, heads=4',
    );
  });
});
