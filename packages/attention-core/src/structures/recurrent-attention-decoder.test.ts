import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { capture } from '../maps/capture.ts';
import { joinSteps } from '../maps/join-steps.ts';
import { padding } from '../masks/padding.ts';
import { Random } from '../random/random.ts';
import { expectParity } from './parity.test-support.ts';
import { RecurrentAttentionDecoder } from './recurrent-attention-decoder.ts';

const random = new Random(3);
const normal = (...shape: number[]) => tf.tensor(random.normals(tf.util.sizeFromShape(shape)), shape);
const widths = { inputs: 3, memoryWidth: 4, hiddenWidth: 5, random };
const kinds = [
  { cell: 'gru', asks: 'before' },
  { cell: 'lstm', asks: 'after' },
] as const;

describe('RecurrentAttentionDecoder', () => {
  for (const { cell, asks } of kinds) {
    it(`equals torch's ${cell} cell with the state ${asks} the step asking`, () => {
      const decoder = new RecurrentAttentionDecoder({ ...widths, cell, asks });
      expectParity(`structures/recurrent-decoder-${asks}-${cell}`, decoder, ({ x, memory, hidden, cell, lengths }) => {
        const state = { cell: cell === undefined ? [hidden] : [hidden, cell] };
        return tf.tidy(() => {
          const run = decoder.forward(x as tf.Tensor3D, { memory, state, mask: padding(lengths as tf.Tensor1D) });
          return { outputs: run.outputs, last: run.state.cell.at(-1)! };
        });
      });
    });

    it(`gives step by step what it gives at once (${cell}, ${asks})`, () => {
      const decoder = new RecurrentAttentionDecoder({ ...widths, cell, asks });
      const [x, memory] = [normal(2, 4, 3) as tf.Tensor3D, normal(2, 6, 4)];
      const mask = padding([6, 3]);
      const atOnce = decoder.forward(x, { memory, mask });
      expect(atOnce.outputs.shape).toEqual([2, 4, decoder.outputWidth]);
      const prepared = decoder.prepare(memory, mask);
      let state = decoder.begin(2);
      const outputs = tf.unstack(x, 1).map((input) => {
        const step = decoder.step(input, state, prepared);
        state = step.state;
        return step.output;
      });
      expect(tf.stack(outputs, 1)).toBeAllClose(atOnce.outputs);
      expect(state.cell[0]).toBeAllClose(atOnce.state.cell[0]);
    });
  }

  it('shows a map of each step, which join to one of all steps', () => {
    const decoder = new RecurrentAttentionDecoder({ ...widths, cell: 'gru', asks: 'before' });
    const inputs = { memory: normal(2, 6, 4), mask: padding([6, 3]) };
    const { maps } = capture(() => decoder.forward(normal(2, 3, 3) as tf.Tensor3D, inputs).outputs);
    expect(maps.map(({ name }) => name)).toEqual(['alignment', 'alignment#2', 'alignment#3']);
    const [joined, ...rest] = joinSteps(maps);
    expect(rest).toEqual([]);
    expect([joined.name, joined.weights.shape]).toEqual(['alignment', [2, 1, 3, 6]]);
    expect(tf.slice(joined.weights, [0, 0, 1, 0], [2, 1, 1, 6])).toBeAllClose(maps[1].weights, { absolute: 0 });
    expect(tf.slice(joined.weights, [1, 0, 0, 3], [1, 1, 3, 3])).toBeAllClose(tf.zeros([1, 1, 3, 3]), { absolute: 0 });
  });

  it('keeps nothing but its results', () => {
    const decoder = new RecurrentAttentionDecoder({ ...widths, cell: 'lstm', asks: 'after' });
    const [x, memory] = [normal(2, 3, 3) as tf.Tensor3D, normal(2, 6, 4)];
    const before = tf.memory().numTensors;
    const { outputs, state } = decoder.forward(x, { memory });
    tf.dispose([outputs, state]);
    expect(tf.memory().numTensors).toBe(before);
  });
});
