import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { capture } from '../maps/capture.ts';
import { padding } from '../masks/padding.ts';
import { Random } from '../random/random.ts';
import { RandomStream } from '../random/random-stream.ts';
import { GuidedAttention } from './guided-attention.ts';
import { expectParity } from './parity.test-support.ts';

const random = new Random(3);
const normal = (...shape: number[]) => tf.tensor(random.normals(tf.util.sizeFromShape(shape)), shape);
const lengthsOf = (tensor: tf.Tensor) => padding(tensor as tf.Tensor1D);

describe('GuidedAttention', () => {
  const config = { modelWidth: 4, heads: 2, layers: 2, hiddenWidth: 6, random };

  it("equals MCAN's encoder and decoder in torch", () => {
    const layer = new GuidedAttention(config);
    expectParity('structures/guided-attention', layer, ({ guide, x, guideLengths, lengths }) =>
      layer.forward({ guide, x, guideMask: lengthsOf(guideLengths), mask: lengthsOf(lengths) }),
    );
  });

  it('shows every map by its name, and drops values in training only', () => {
    const layer = new GuidedAttention({ ...config, dropout: 0.5 });
    const inputs = { guide: normal(1, 3, 4), x: normal(1, 5, 4) };
    const { maps, result } = capture(() => layer.forward(inputs));
    expect(maps.map(({ name }) => name)).toEqual([
      'guide 0',
      'guide 1',
      'guided 0.self',
      'guided 0.cross',
      'guided 1.self',
      'guided 1.cross',
    ]);
    expect(layer.forward({ ...inputs, random: RandomStream.of(1, 0) }).x).not.toBeAllClose(result.x);
  });
});
