import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import '../kernels/index.ts';
import { Random } from '../random/random.ts';
import { expectParity } from '../structures/parity.test-support.ts';
import { GruCell } from './gru-cell.ts';
import { LstmCell } from './lstm-cell.ts';
import type { RecurrentCell } from './recurrent-cell.ts';
import { BidirectionalLayer, RecurrentLayer, type RecurrentOutputs } from './recurrent-layer.ts';

const random = new Random(31);
const normal = (...shape: [number, number, number]) => tf.tensor3d(random.normals(tf.util.sizeFromShape(shape)), shape);
const config = { inputs: 3, hiddenWidth: 4, random };
const cells: Record<string, () => RecurrentCell> = {
  gru: () => new GruCell(config),
  lstm: () => new LstmCell(config),
};

const named = ({ outputs, state }: RecurrentOutputs) => ({
  outputs,
  ...Object.fromEntries(state.map((part, i) => [`state${i}`, part])),
});

describe.each(Object.entries(cells))('the recurrent cell %s', (name, cell) => {
  it('equals torch over a sequence from a given state, values and gradients', () => {
    const layer = new RecurrentLayer(cell());
    expectParity(`recurrent/${name}`, layer, ({ x, ...state }) =>
      named(layer.forward(x as tf.Tensor3D, { state: Object.values(state) })),
    );
  });

  it('equals torch in both directions over sequences of different lengths, values and gradients', () => {
    const layer = new BidirectionalLayer(cell(), cell());
    expectParity(`recurrent/${name}-bidirectional`, layer, ({ x, lengths }) =>
      named(layer.forward(x as tf.Tensor3D, { lengths: lengths as tf.Tensor1D })),
    );
  });

  it('goes on from the state that it gave', () => {
    const layer = new RecurrentLayer(cell());
    const x = normal(2, 5, 3);
    const whole = layer.forward(x);
    const first = layer.forward(tf.slice(x, [0, 0, 0], [2, 2, 3]));
    const second = layer.forward(tf.slice(x, [0, 2, 0], [2, 3, 3]), { state: first.state });
    expect(tf.concat([first.outputs, second.outputs], 1)).toBeAllClose(whole.outputs);
    second.state.forEach((part, i) => expect(part).toBeAllClose(whole.state[i]));
  });

  it('refuses a state that does not fit', () => {
    const layer = new RecurrentLayer(cell());
    expect(() => layer.forward(normal(2, 3, 3), { state: [tf.zeros([2, 5])] })).toThrow(
      `RecurrentLayer: state must be ${cell().stateSize} tensors [B, 4], got [[2,5]]`,
    );
  });
});

describe('a recurrent layer', () => {
  it.each(Object.entries(cells))('gives without a gradient what it gives with one (%s)', (_, cell) => {
    for (const direction of ['forward', 'backward'] as const) {
      const layer = new RecurrentLayer(cell(), { direction });
      const x = normal(3, 5, 3);
      const lengths = tf.tensor1d([5, 0, 2], 'int32');
      let trained: tf.Tensor[] = [];
      tf.variableGrads(
        () => {
          const { outputs, state } = layer.forward(x, { lengths });
          trained = [outputs, ...state].map((tensor) => tf.keep(tensor.clone()));
          return tf.sum(outputs) as tf.Scalar;
        },
        layer.namedParameters().map(({ variable }) => variable),
      );
      const { outputs, state } = layer.forward(x, { lengths });
      [outputs, ...state].forEach((tensor, i) => expect(tensor).toBeAllClose(trained[i]));
      tf.dispose(trained);
    }
  });
});
