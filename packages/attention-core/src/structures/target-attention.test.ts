import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { padding } from '../masks/padding.ts';
import { softmax } from '../normalisers/softmax.ts';
import { Random } from '../random/random.ts';
import { expectParity } from './parity.test-support.ts';
import { TargetAttention, type TargetAttentionConfig } from './target-attention.ts';

const random = new Random(3);
const normal = (...shape: number[]) => tf.tensor(random.normals(tf.util.sizeFromShape(shape)), shape);
const lengthsOf = (tensor: tf.Tensor) => padding(tensor as tf.Tensor1D);

describe('TargetAttention', () => {
  const parity = (name: string, config: Partial<TargetAttentionConfig>) => {
    const layer = new TargetAttention({ width: 4, hiddenWidths: [6, 5], ...config, random });
    expectParity(name, layer, ({ candidates, history, lengths }) => ({
      output: layer.forward(candidates, history, { mask: lengthsOf(lengths) }),
    }));
  };

  it('equals the activation unit in torch, weights not normalised', () => {
    expect(() => parity('structures/target-attention-sigmoid', {})).not.toThrow();
  });

  it('equals it with PReLU and a softmax', () => {
    expect(() =>
      parity('structures/target-attention-prelu', { activation: 'prelu', normaliser: softmax() }),
    ).not.toThrow();
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
