import * as core from '@heed/attention-core';
import { compile } from '@heed/tensorflow';
import { Adam, crossEntropy } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';

const native = tf.getBackend() === 'tensorflow';
if (!native) process.stdout.write('skipped: training with compiled steps of Heed, tfjs-node is not the backend\n');

const [B, L, M, V] = [4, 6, 8, 11];
const integers = (shape: number[], below: number, seed: number) => {
  const values = new core.Random(seed).uniforms(tf.util.sizeFromShape(shape), 0, below);
  return tf.tensor(Int32Array.from(values, Math.floor), shape, 'int32');
};

interface Example {
  readonly model: core.Module;
  loss(batch: readonly tf.Tensor[], random: core.RandomStream): tf.Scalar;
  batch(step: number, length?: number): tf.Tensor[];
}

/** Reads letters and names each: embedding, two blocks, dropout wherever a block has it. */
function transformer(): Example {
  const random = new core.Random(1);
  class Model extends core.Module {
    readonly tokens = new core.Embedding({ size: V, width: M, random });
    readonly blocks = (['pre', 'post'] as const).map(
      (placement) =>
        new core.EncoderBlock({ modelWidth: M, heads: 2, activation: 'gelu-tanh', placement, dropout: 0.1, random }),
    );
    readonly head = new core.Linear({ inputs: M, outputs: V, random });
  }
  const model = new Model();
  return {
    model,
    loss([letters, names], random) {
      let x = model.tokens.forward(letters!);
      for (const block of model.blocks) x = block.forward(x, { mask: core.causal(), random });
      return crossEntropy(model.head.forward(x), names!);
    },
    batch: (step, length = L) => [integers([B, length], V, 2 * step + 1), integers([B, length], V, 2 * step + 2)],
  };
}

/** Two convolutions with biases, pooling, dropout, a linear layer. */
function convolutions(): Example {
  const random = new core.Random(2);
  const weight = (...shape: number[]) =>
    tf.tidy(() => tf.variable(tf.tensor(random.normals(tf.util.sizeFromShape(shape), 0, 0.3), shape)));
  class Model extends core.Module {
    readonly first = weight(3, 3, 1, 4) as tf.Variable<tf.Rank.R4>;
    readonly firstBias = weight(4);
    readonly second = weight(3, 3, 4, 8) as tf.Variable<tf.Rank.R4>;
    readonly secondBias = weight(8);
    readonly head = new core.Linear({ inputs: 32, outputs: V, random });
  }
  const model = new Model();
  const layer = (x: tf.Tensor, filter: tf.Tensor4D, bias: tf.Tensor) => {
    const y = tf.relu(tf.add(tf.conv2d(x as tf.Tensor4D, filter, 1, 'same'), bias));
    return tf.maxPool(y as tf.Tensor4D, 2, 2, 'valid');
  };
  return {
    model,
    loss([images, names], random) {
      const x = layer(layer(images!, model.first, model.firstBias), model.second, model.secondBias); // [B, 2, 2, 8]
      return crossEntropy(model.head.forward(core.dropout(tf.reshape(x, [B, -1]), 0.2, random)), names!);
    },
    batch: (step) => [tf.tensor(new core.Random(step).normals(B * 64), [B, 8, 8, 1]), integers([B], V, step + 1)],
  };
}

/** A GRU below an LSTM in both directions, over sequences of different lengths. */
function recurrent(): Example {
  const random = new core.Random(3);
  class Model extends core.Module {
    readonly tokens = new core.Embedding({ size: V, width: M, random });
    readonly lower = new core.RecurrentLayer(new core.GruCell({ inputs: M, hiddenWidth: M, random }));
    readonly upper = new core.BidirectionalLayer(
      new core.LstmCell({ inputs: M, hiddenWidth: M, random }),
      new core.LstmCell({ inputs: M, hiddenWidth: M, random }),
    );
    readonly head = new core.Linear({ inputs: 2 * M, outputs: V, random });
  }
  const model = new Model();
  return {
    model,
    loss([letters, lengths, names], random) {
      const given = { lengths: lengths as tf.Tensor1D };
      const { outputs } = model.lower.forward(model.tokens.forward(letters!) as tf.Tensor3D, given);
      const { state } = model.upper.forward(core.dropout(outputs, 0.2, random) as tf.Tensor3D, given);
      return crossEntropy(model.head.forward(state[0]!), names!);
    },
    batch: (step) => [
      integers([B, L], V, 2 * step + 1),
      tf.tensor1d([L, 1 + (step % L), 3, 2], 'int32'),
      integers([B], V, 2 * step + 2),
    ],
  };
}

type Step = (batch: readonly tf.Tensor[], draw: tf.Scalar) => tf.Scalar;

function stepOf({ model, loss }: Example): { step: Step; optimizer: Adam } {
  const optimizer = new Adam(model.trainableParameters());
  const variables = optimizer.parameters.map(({ variable }) => variable);
  const key = core.seedKey(7);
  const rate = tf.scalar(1e-3);
  const step: Step = (batch, draw) =>
    tf.tidy(() => {
      const forward = () => loss(batch, new core.RandomStream(key, draw));
      const { value, grads } = tf.engine().gradients(forward, variables, undefined, true);
      optimizer.apply(optimizer.flatten(grads), rate);
      return value as tf.Scalar;
    });
  return { step, optimizer };
}

/** The losses of 100 steps from the initial weights, and the weights after them. */
function train(build: () => Example, mode: 'eager' | 'compiled') {
  const example = build();
  const { step } = stepOf(example);
  const run = mode === 'eager' ? step : compile(step as (...given: never[]) => tf.Scalar);
  const losses = Array.from({ length: 100 }, (_, i) =>
    tf.tidy(() => (run as Step)(example.batch(i), tf.scalar(i, 'int32')).dataSync()[0]!),
  );
  // A key's bias adds the same to all scores of a query, so its gradient is 0 but for rounding, which Adam makes as large as any.
  const compared = example.model.namedParameters().filter(({ name }) => !name.endsWith('key.bias'));
  return { losses, weights: compared.map(({ variable }) => variable.dataSync() as Float32Array) };
}

describe.runIf(native)('100 compiled steps of Adam, dropout on,', () => {
  // Both run the same kernels; TensorFlow fuses some of the graph, which costs a rounding here and there.
  it.each([
    ['a Transformer', transformer],
    ['a convolutional network', convolutions],
    ['recurrent layers', recurrent],
  ])('train %s to the weights of 100 eager steps, within 1e-6', (_, build) => {
    const [eager, compiled] = [train(build, 'eager'), train(build, 'compiled')];
    expect(eager.losses.at(-1)).not.toBe(eager.losses[0]);
    expect(compiled.losses).toBeAllClose(eager.losses, { absolute: 1e-5 });
    eager.weights.forEach((weights, i) =>
      expect(compiled.weights[i]!).toBeAllClose(weights, { absolute: 1e-6, relative: 0 }),
    );
  });
});

describe.runIf(native)('1,000 compiled steps of a Transformer over 5 shapes', () => {
  it('leave tensors, native handles and resident memory as they were after the last recording', () => {
    const example = transformer();
    const { step } = stepOf(example);
    const compiled = compile(step as (...given: never[]) => tf.Scalar);
    const batches = [4, 5, 6, 7, 8].map((length) => example.batch(length, length));
    const run = (steps: number) => {
      for (let i = 0; i < steps; i++) {
        const draw = tf.scalar(i, 'int32');
        tf.dispose([(compiled as unknown as Step)(batches[i % 5]!, draw), draw]);
      }
    };
    const { binding } = tf.backend() as unknown as { binding: { getNumOfTensors(): number } };
    const counts = () => [tf.memory().numTensors, binding.getNumOfTensors(), compiled.recordings];
    run(200); // recordings, and the memory that the allocators keep
    const before = counts();
    const memory = process.memoryUsage().rss;
    run(1000);
    expect(counts()).toEqual(before);
    expect(compiled.recordings).toBe(5);
    // A leak of one example's hidden states (1 KB) a layer and step would be some 20 MB; the bound leaves room for the garbage collector.
    expect(process.memoryUsage().rss - memory).toBeLessThan(12e6);
  });
});
