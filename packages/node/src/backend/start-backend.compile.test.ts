import * as core from '@heed/attention-core';
import { compile } from '@heed/tensorflow';
import { Adam } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';

const native = tf.getBackend() === 'tensorflow';
const random = new core.Random(3);
const normal = (...shape: number[]) => tf.tensor(random.normals(tf.util.sizeFromShape(shape)), shape);
const [BATCH, LENGTH, WIDTH] = [2, 5, 8];
const sizes = { modelWidth: WIDTH, heads: 2, dropout: 0.2, random };
const mask = () => core.padding(tf.tensor1d([5, 3], 'int32'));

type Forward = (x: tf.Tensor, random: core.RandomStream) => tf.Tensor;
const structures: Record<string, readonly [core.Module, Forward]> = {};
function add<M extends core.Module>(model: M, forward: (model: M, ...args: Parameters<Forward>) => tf.Tensor): void {
  structures[model.constructor.name] = [model, (x, random) => forward(model, x, random)];
}
const image = (x: tf.Tensor) => tf.reshape(x, [BATCH, LENGTH, 1, WIDTH]);
const both = (x: tf.Tensor) => ({ words: x, regions: x, wordMask: mask() });

add(new core.EncoderBlock(sizes), (m, x, random) => m.forward(x, { random, mask: mask() }));
add(new core.DecoderBlock(sizes), (m, x, random) => m.forward(x, { memory: x, random }));
add(new core.CrossAttentionBlock(sizes), (m, x, random) => m.forward(x, { memory: x, random }));
add(new core.GuidedAttention({ ...sizes, layers: 1 }), (m, x, random) => m.forward({ guide: x, x, random }).x);
add(new core.Perceiver({ ...sizes, latents: 3, layers: 1 }), (m, x, random) => m.forward(x, { random }));
add(new core.DenseCoAttention({ width: WIDTH, heads: 2, random }), (m, x) => m.forward(both(x)).words);
add(new core.PairwiseCoAttention({ wordWidth: WIDTH, random }), (m, x) => m.forward(both(x)).words);
add(new core.ParallelCoAttention({ wordWidth: WIDTH, random }), (m, x) => m.forward(both(x)).words);
add(new core.AlternatingCoAttention({ wordWidth: WIDTH, random }), (m, x) => m.forward(both(x)).words);
add(new core.AttentionPooling({ width: WIDTH, random }), (m, x) => m.forward(x, { mask: mask() }));
add(new core.AttentionReduction({ width: WIDTH, outputs: 4, dropout: 0.2, random }), (m, x, random) =>
  m.forward(x, { mask: mask(), random }),
);
add(new core.TargetAttention({ width: WIDTH, activation: 'prelu', random }), (m, x) =>
  m.forward(x, x, { mask: mask() }),
);
add(new core.HierarchicalAttention({ wordWidth: WIDTH, random }), (m, x) => {
  const lengths = tf.tensor2d([[5], [3]], [BATCH, 1], 'int32');
  return m.forward(tf.expandDims(x, 1), { lengths }).document;
});
add(new core.SqueezeExcitation({ channels: WIDTH, random }), (m, x) => m.forward(image(x) as tf.Tensor4D));
add(new core.ConvolutionalBlockAttention({ channels: WIDTH, random }), (m, x) => m.forward(image(x) as tf.Tensor4D));
const kernel = { kernelSize: 3, padding: 'same', random } as const;
add(new core.Conv1d({ inputs: WIDTH, outputs: 3, ...kernel, dilation: 2 }), (m, x) => m.forward(x));
add(new core.Conv2d({ inputs: WIDTH, outputs: 3, ...kernel }), (m, x) => m.forward(image(x)));
add(new core.DepthwiseConv1d({ channels: WIDTH, ...kernel }), (m, x) => m.forward(x));
add(new core.DepthwiseConv2d({ channels: WIDTH, ...kernel }), (m, x) => m.forward(image(x)));
add(new core.GroupNorm({ channels: WIDTH, groups: 2 }), (m, x) => m.forward(image(x)));
add(
  new core.RecurrentAttentionDecoder({
    inputs: WIDTH,
    memoryWidth: WIDTH,
    hiddenWidth: 6,
    cell: 'lstm',
    asks: 'after',
    random,
  }),
  (m, x) => m.forward(x as tf.Tensor3D, { memory: x, mask: mask() }).outputs,
);

/** The same operations in another order of sums. */
const ROUNDING = { absolute: 1e-5, relative: 1e-4 };

describe.runIf(native)('structures of attention-core, recorded', () => {
  for (const [name, [model, forward]] of Object.entries(structures)) {
    it(`replay the training step of ${name} with new randomness each time`, () => {
      const variables = model.trainableParameters().map(({ variable }) => variable);
      const key = core.seedKey(1);
      const step = (x: tf.Tensor, number: tf.Tensor): tf.Tensor[] => {
        const loss = () => tf.sum(tf.square(forward(x, new core.RandomStream(key, number as tf.Scalar)))) as tf.Scalar;
        const { value, grads } = tf.variableGrads(loss, variables);
        return [value, ...variables.flatMap((variable) => grads[variable.name] ?? [])];
      };
      const recorded = compile(step);
      const x = normal(BATCH, LENGTH, WIDTH);
      for (let number = 0; number < 3; number++) {
        const [got, want] = [recorded, step].map((run) => run(x, tf.scalar(number, 'int32')));
        expect(got.length).toBe(want.length);
        got.forEach((tensor, i) => expect(tensor).toBeAllClose(want[i], ROUNDING));
      }
      recorded.dispose();
    });
  }

  it('move the running statistics of BatchNorm at every call, and stop where it no longer trains', () => {
    const [plain, replayed] = [new core.BatchNorm({ channels: WIDTH }), new core.BatchNorm({ channels: WIDTH })];
    const train = (norm: core.BatchNorm) => (x: tf.Tensor) => {
      const variables = norm.trainableParameters().map(({ variable }) => variable);
      const { value, grads } = tf.variableGrads(
        () => tf.sum(tf.square(norm.forward(x, { training: true }))) as tf.Scalar,
        variables,
      );
      return [value, ...variables.map(({ name }) => grads[name])];
    };
    const [step, recorded] = [train(plain), compile(train(replayed))];
    const evaluate = compile((x: tf.Tensor) => replayed.forward(x));
    for (let i = 0; i < 5; i++) {
      const x = normal(BATCH, LENGTH, WIDTH);
      const [got, want] = [recorded(x), step(x)];
      got.forEach((tensor, j) => expect(tensor).toBeAllClose(want[j], ROUNDING));
      expect(evaluate(x)).toBeAllClose(plain.forward(x), ROUNDING);
      for (const name of ['runningMean', 'runningVariance'] as const) {
        expect(replayed[name]).toBeAllClose(plain[name], ROUNDING);
      }
    }
    expect(replayed.runningMean).not.toBeAllClose(tf.zeros([WIDTH]), { absolute: 1e-2 });
    for (const { dispose } of [recorded, evaluate]) dispose();
  });

  const caches: Record<string, (layer: core.MultiHeadAttention) => core.KeyValueCache> = {
    static: ({ cacheShape }) => new core.StaticCache({ batch: BATCH, length: 12, ...cacheShape }),
    sliding: ({ cacheShape }) => new core.SlidingCache({ batch: BATCH, window: 5, ...cacheShape }),
  };
  for (const [name, make] of Object.entries(caches)) {
    it(`replay steps with a ${name} cache, which remembers between them`, () => {
      const positions = new core.RotaryPositions({ headWidth: 4 });
      const block = new core.EncoderBlock({ ...sizes, positions });
      const [plain, replayed] = [make(block.attention), make(block.attention)];
      const recorded = compile((x: tf.Tensor) => block.forward(x, { cache: replayed }));
      for (let i = 0; i < 9; i++) {
        const x = normal(BATCH, 1, WIDTH);
        expect(recorded(x)).toBeAllClose(block.forward(x, { cache: plain }), ROUNDING);
      }
      recorded.dispose();
    });
  }

  it('refuse positions that a static cache has no room for, and leave it as it was', () => {
    const block = new core.EncoderBlock(sizes);
    const cache = new core.StaticCache({ batch: BATCH, length: 5, ...block.attention.cacheShape });
    const recorded = compile((x: tf.Tensor) => block.forward(x, { cache }));
    const x = normal(BATCH, 1, WIDTH);
    for (let i = 0; i < 5; i++) recorded(x);
    const before = cache.start().dataSync()[0];
    for (let i = 0; i < 2; i++)
      expect(() => recorded(x)).toThrow(/must run, got .*indices\[0\] = 5 is not in \[0, 5\)/);
    expect([before, cache.start().dataSync()[0]]).toEqual([5, 5]);
    cache.reset();
    expect(recorded(x).shape).toEqual([BATCH, 1, WIDTH]);
    recorded.dispose();
  });
});

describe.runIf(native)('an update by Adam, compiled by XLA, which does not know the op of its kernel,', () => {
  it('gives the weights of an eager one', () => {
    const linear = () => new core.Linear({ inputs: WIDTH, outputs: 3, random: new core.Random(5) });
    const [eager, compiled] = [linear(), linear()].map((model, i) => {
      const optimizer = new Adam(model.trainableParameters());
      const [gradient, rate] = [tf.ones<tf.Rank.R1>([WIDTH * 3 + 3]), tf.scalar(0.1)];
      const update = (gradient: tf.Tensor1D, rate: tf.Scalar) => optimizer.apply([gradient], rate);
      const run = i === 0 ? update : compile(update, { xla: true });
      for (let step = 0; step < 3; step++) run(gradient, rate);
      return model.weight.dataSync();
    });
    expect(compiled).toBeAllClose(eager, { absolute: 1e-5 }); // weights of some 0.3; XLA has a tanh of its own
  });
});
