import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { padding } from '../masks/padding.ts';
import { Random } from '../random/random.ts';
import { RandomStream } from '../random/random-stream.ts';
import { AttentionReduction } from './attention-reduction.ts';
import { expectParity } from './parity.test-support.ts';

const random = new Random(3);
const normal = (...shape: number[]) => tf.tensor(random.normals(tf.util.sizeFromShape(shape)), shape);
const lengthsOf = (tensor: tf.Tensor) => padding(tensor as tf.Tensor1D);

describe('AttentionReduction', () => {
  it("equals MCAN's formula in torch", () => {
    const reduction = new AttentionReduction({ width: 6, hiddenWidth: 7, outputs: 5, random });
    expectParity('structures/attention-reduction', reduction, ({ x, lengths }) => ({
      output: reduction.forward(x, { mask: lengthsOf(lengths) }),
    }));
  });

  it('drops values in training only', () => {
    const reduction = new AttentionReduction({ width: 6, outputs: 5, dropout: 0.5, random });
    const x = normal(2, 4, 6);
    expect(reduction.forward(x, { random: RandomStream.of(1, 0) })).not.toBeAllClose(reduction.forward(x));
  });
});
