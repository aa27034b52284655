import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { capture } from '../maps/capture.ts';
import { Random } from '../random/random.ts';
import { HierarchicalAttention } from './hierarchical-attention.ts';
import { expectParity } from './parity.test-support.ts';

const random = new Random(3);
const normal = (...shape: number[]) => tf.tensor(random.normals(tf.util.sizeFromShape(shape)), shape);

describe('HierarchicalAttention', () => {
  const layer = new HierarchicalAttention({ wordWidth: 5, sentenceWidth: 6, hiddenWidth: 4, random });

  it('pools words to sentences and sentences to a document, as loops in torch do', () => {
    expectParity('structures/hierarchical-attention', layer, ({ words, mixing, lengths }) => {
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
