import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { capture } from '../maps/capture.ts';
import { padding } from '../masks/padding.ts';
import { Module } from '../module/module.ts';
import { softmax } from '../normalisers/softmax.ts';
import { Random } from '../random/random.ts';
import { RandomStream } from '../random/random-stream.ts';
import { AttentionPooling } from './attention-pooling.ts';
import { AttentionReduction } from './attention-reduction.ts';
import { HierarchicalAttention } from './hierarchical-attention.ts';
import { expectParity } from './parity.test-support.ts';
import { TargetAttention, type TargetAttentionConfig } from './target-attention.ts';

const random = new Random(3);
const normal = (...shape: number[]) => tf.tensor(random.normals(tf.util.sizeFromShape(shape)), shape);
const lengthsOf = (tensor: tf.Tensor) => padding(tensor as tf.Tensor1D);

describe('AttentionPooling', () => {
  it('weights positions by tanh(W·h + b)·context, as a hand calculation does', () => {
    const pooling = new AttentionPooling({ width: 1, random });
    // tanh(0) = 0 and tanh(x) = ln 3 at x = atanh(ln 3 / 2) for context 2: weights 1/4 and 3/4
    const x = Math.atanh(Math.log(3) / 2);
    pooling.loadStateDict({
      'hidden.weight': tf.ones([1, 1]),
      'hidden.bias': tf.zeros([1]),
      context: tf.tensor2d([[2]]),
    });
    expect(pooling.forward(tf.tensor3d([[[0], [x]]]))).toBeAllClose([[0.75 * x]]);
  });

  it('gives 0, and gradient 0, for a sequence without any visible position', () => {
    const pooling = new AttentionPooling({ width: 4, random });
    const run = (x: tf.Tensor) => pooling.forward(x, { mask: padding([2, 0]) });
    const x = normal(2, 3, 4);
    expect(tf.slice(run(x), [1, 0], [1, 4])).toBeAllClose(tf.zeros([1, 4]), { absolute: 0 });
    const gradient = tf.grad((x) => tf.sum(tf.square(run(x))))(x);
    expect(tf.slice(gradient, [1, 0, 0], [1, 3, 4])).toBeAllClose(tf.zeros([1, 3, 4]), { absolute: 0 });
  });
});

class WithMixing extends Module {
  readonly layer = new HierarchicalAttention({ wordWidth: 5, sentenceWidth: 6, hiddenWidth: 4, random });
}

describe('HierarchicalAttention', () => {
  const { layer } = new WithMixing();

  it('pools words to sentences and sentences to a document, as loops in torch do', () => {
    expectParity('hierarchical-attention', layer, ({ words, mixing, lengths }) => {
      const encodeSentences = (sentences: tf.Tensor) =>
        tf.tanh(tf.reshape(tf.matMul(tf.reshape(sentences, [-1, 5]), mixing as tf.Tensor2D), [2, 3, 6]));
      return { ...layer.forward(words as tf.Tensor4D, { lengths: lengths as tf.Tensor2D, encodeSentences }) };
    });
  });

  it('shows words by sentence and sentences by document', () => {
    const lengths = tf.tensor2d([[2, 1, 0]], [1, 3], 'int32');
    const plain = new HierarchicalAttention({ wordWidth: 5, random });
    const { maps } = capture(() => plain.forward(normal(1, 3, 2, 5) as tf.Tensor4D, { lengths }).document);
    expect(maps.map(({ name, weights }) => [name, weights.shape])).toEqual([
      ['words', [1, 3, 1, 2]],
      ['sentences', [1, 1, 1, 3]],
    ]);
    expect(tf.sum(maps[0].weights, -1)).toBeAllClose([[[1], [1], [0]]]);
    expect(tf.slice(maps[0].weights, [0, 1, 0, 1], [1, 1, 1, 1])).toBeAllClose([[[[0]]]], { absolute: 0 });
    expect(tf.slice(maps[1].weights, [0, 0, 0, 2], [1, 1, 1, 1])).toBeAllClose([[[[0]]]], { absolute: 0 });
  });

  it('tells the encoder how many sentences are real', () => {
    const plain = new HierarchicalAttention({ wordWidth: 5, random });
    let counts: tf.Tensor1D | undefined;
    const encodeSentences = (sentences: tf.Tensor3D, lengths: tf.Tensor1D) => {
      counts = tf.keep(tf.clone(lengths));
      return sentences;
    };
    const lengths = tf.tensor2d([[3, 2, 0], [1, 1, 1]], [2, 3], 'int32'); // prettier-ignore
    plain.forward(normal(2, 3, 4, 5) as tf.Tensor4D, { lengths, encodeSentences });
    expect(counts!).toBeAllClose([2, 3]);
  });
});

describe('AttentionReduction', () => {
  it("equals MCAN's formula in torch", () => {
    const reduction = new AttentionReduction({ width: 6, hiddenWidth: 7, outputs: 5, random });
    expectParity('attention-reduction', reduction, ({ x, lengths }) => ({
      output: reduction.forward(x, { mask: lengthsOf(lengths) }),
    }));
  });

  it('drops values in training only', () => {
    const reduction = new AttentionReduction({ width: 6, outputs: 5, dropout: 0.5, random });
    const x = normal(2, 4, 6);
    expect(reduction.forward(x, { random: RandomStream.of(1, 0) })).not.toBeAllClose(reduction.forward(x));
  });
});

describe('TargetAttention', () => {
  const parity = (name: string, config: Partial<TargetAttentionConfig>) => {
    const layer = new TargetAttention({ width: 4, hiddenWidths: [6, 5], ...config, random });
    expectParity(name, layer, ({ candidates, history, lengths }) => ({
      output: layer.forward(candidates, history, { mask: lengthsOf(lengths) }),
    }));
  };

  it('equals the activation unit in torch, weights not normalised', () => {
    expect(() => parity('target-attention-sigmoid', {})).not.toThrow();
  });

  it('equals it with PReLU and a softmax', () => {
    expect(() => parity('target-attention-prelu', { activation: 'prelu', normaliser: softmax() })).not.toThrow();
  });

  it('takes one candidate or several, each by itself', () => {
    const layer = new TargetAttention({ width: 4, random });
    const [candidates, history] = [normal(2, 3, 4), normal(2, 5, 4)];
    const second = tf.reshape(tf.slice(candidates, [0, 1, 0], [2, 1, 4]), [2, 4]);
    const several = layer.forward(candidates, history);
    expect(layer.forward(second, history)).toBeAllClose(tf.reshape(tf.slice(several, [0, 1, 0], [2, 1, 4]), [2, 4]));
  });

  it('gives no interest to an empty history', () => {
    const layer = new TargetAttention({ width: 4, random });
    const interest = layer.forward(normal(2, 4), normal(2, 5, 4), { mask: padding([5, 0]) });
    expect(tf.slice(interest, [1, 0], [1, 4])).toBeAllClose(tf.zeros([1, 4]), { absolute: 0 });
  });
});
