import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { compile } from './compile.ts';
import { countHandles } from './count-handles.test-support.ts';
import { type Attribute, nativeBackend, type TensorMetadata } from './native-backend.ts';

const native = tf.getBackend() === 'tensorflow';
if (!native) process.stdout.write('skipped: raw TensorFlow ops in compiled functions, tfjs-node is not the backend\n');

const uint64 = 23; // DT_UINT64, which tfjs does not know

/** Runs any op of TensorFlow as a custom kernel does: through the binding that the backend has at that moment. */
function execute(
  op: string,
  inputs: readonly (tf.Tensor | number)[],
  outputs: number,
  ...attributes: [string, number, Attribute['value']][]
): TensorMetadata[] {
  const backend = nativeBackend();
  const ids = inputs.map((input) => (typeof input === 'number' ? input : backend.getInputTensorIds([input])[0]!));
  const given = attributes.map(([name, type, value]) => ({ name, type, value }));
  return backend.binding.executeOp(op, given, ids, outputs);
}

const tensorOf = (metadata: TensorMetadata) => nativeBackend().createOutputTensor(metadata);

/** TensorFlow's Philox: the key is 64 bits, the counter 128, given as int32 halves. */
function draw(op: string, dtype: number, key: tf.Tensor, counter: tf.Tensor): tf.Tensor {
  const { binding } = nativeBackend();
  const asUint64 = (halves: tf.Tensor) =>
    execute('Bitcast', [halves], 1, ['type', binding.TF_ATTR_TYPE, uint64])[0]!.id;
  const [keyId, counterId] = [asUint64(key.reshape([1, 2])), asUint64(counter.reshape([2, 2]))];
  const [result] = execute(
    op,
    [tf.tensor1d([5], 'int32'), keyId, counterId, tf.scalar(1, 'int32')],
    1,
    ['dtype', binding.TF_ATTR_TYPE, dtype],
    ['Tshape', binding.TF_ATTR_TYPE, binding.TF_INT32],
  );
  for (const id of [keyId, counterId]) binding.deleteTensor(id);
  return tensorOf(result!);
}

describe.runIf(native)('in a compiled function', () => {
  let handles: number;
  beforeEach(() => {
    handles = countHandles();
    tf.engine().startScope('test');
  });
  afterEach(() => {
    tf.engine().endScope();
    const left = nativeBackend().binding.getNumOfTensors() - handles;
    if (left !== 0) throw new Error(`handles left behind: ${left}`);
  });

  // XLA makes other floats out of the same bits, so with XLA it is the bits that are compared.
  it.each([
    ['StatelessRandomUniformV2', 1, false],
    ['StatelessRandomNormalV2', 1, false],
    ['StatelessRandomUniformFullIntV2', 3, true],
  ])('%s has the same bits as eagerly, for every 64-bit key and counter', (op, dtype, xla) => {
    const f = (key: tf.Tensor, counter: tf.Tensor) => tf.tidy(() => draw(op, dtype, key, counter));
    const compiled = compile(f, { xla });
    const seen = new Set<string>();
    for (const halves of [
      [1, 2, 0, 0, 0, 0],
      [1, 2, 1, 0, 0, 0],
      [-7, 2, 0, 0, 3, 0],
    ]) {
      const key = tf.tensor1d(halves.slice(0, 2), 'int32');
      const counter = tf.tensor1d(halves.slice(2), 'int32');
      for (let i = 0; i < 3; i++) expect(compiled(key, counter).dataSync()).toEqual(f(key, counter).dataSync());
      seen.add(f(key, counter).dataSync().join());
    }
    expect(seen.size).toBe(3);
    compiled.dispose();
  });

  it('an op with several outputs gives each: the loss and its gradient of sparse cross-entropy', () => {
    const f = (logits: tf.Tensor, labels: tf.Tensor) =>
      execute('SparseSoftmaxCrossEntropyWithLogits', [logits, labels], 2).map(tensorOf);
    const compiled = compile(f);
    const logits = tf.tensor2d([
      [0, 0],
      [1, 3],
    ]);
    const labels = tf.tensor1d([0, 1], 'int32');
    for (let i = 0; i < 3; i++) {
      const [loss, gradient] = compiled(logits, labels).map((tensor) => [...tensor.dataSync()]);
      // −ln ½, ln(1 + e⁻²); softmax less one-hot. float32.
      [Math.LN2, Math.log1p(Math.exp(-2))].forEach((value, j) => expect(loss![j]).toBeCloseTo(value, 6));
      const p = 1 / (1 + Math.exp(2));
      [-0.5, 0.5, p, -p].forEach((value, j) => expect(gradient![j]).toBeCloseTo(value, 6));
    }
    compiled.dispose();
  });

  it('the block LSTM, with its seven outputs, gives what it gives eagerly', () => {
    const [steps, batch, width] = [4, 2, 3];
    const block = (x: tf.Tensor, w: tf.Tensor) => {
      const { binding } = nativeBackend();
      const zeros = (...shape: number[]) => tf.zeros(shape);
      const { id } = execute('Cast', [tf.scalar(steps, 'int32')], 1, [
        'DstT',
        binding.TF_ATTR_TYPE,
        binding.TF_INT64,
      ])[0]!;
      const inputs = [id, x, zeros(batch, width), zeros(batch, width), w, zeros(width), zeros(width), zeros(width)];
      const outputs = execute('BlockLSTMV2', [...inputs, zeros(4 * width)], 7).map(tensorOf);
      binding.deleteTensor(id);
      return outputs[6]!;
    };
    const compiled = compile((x: tf.Tensor, w: tf.Tensor) => tf.tidy(() => block(x, w)));
    for (let i = 0; i < 4; i++) {
      const x = tf.randomNormal([steps, batch, width], 0, 1, 'float32', i + 1);
      const w = tf.randomNormal([2 * width, 4 * width], 0, 1, 'float32', 9);
      expect(compiled(x, w).dataSync()).toEqual(tf.tidy(() => block(x, w)).dataSync());
    }
    compiled.dispose();
  });

  it('ops with lists of tensors and lists of numbers give what they give eagerly', () => {
    const f = (x: tf.Tensor3D, kernel: tf.Tensor4D) => {
      const [a, b] = tf.split(x, [1, 2], 2);
      const [c, d] = tf.unstack(tf.stack([a!, a!.neg()]));
      const image = tf.concat([b!, c!, d!], 2) as tf.Tensor3D;
      return tf.conv2d(image, kernel, [1, 2], 'same').transpose([2, 0, 1]).tile([1, 2, 1]).reverse([0, 2]);
    };
    const compiled = compile(f);
    for (let i = 0; i < 4; i++) {
      const x = tf.randomNormal<tf.Rank.R3>([4, 6, 3], 0, 1, 'float32', i + 1);
      const kernel = tf.randomNormal<tf.Rank.R4>([3, 3, 4, 2], 0, 1, 'float32', 7);
      expect(compiled(x, kernel).dataSync()).toEqual(f(x, kernel).dataSync());
    }
    compiled.dispose();
  });

  it('stateful ops run at every call, in the order they were written, wanted or not', () => {
    const folder = mkdtempSync(join(tmpdir(), 'heed-stateful-'));
    const file = join(folder, 'file');
    const path = tf.scalar(file);
    const compiled = compile((x: tf.Tensor, text: tf.Tensor) => {
      for (const last of ['first', 'second']) execute('WriteFile', [path, tf.scalar(last)], 0);
      execute('WriteFile', [path, text], 0);
      return x.add(1);
    });
    for (let i = 0; i < 6; i++) {
      writeFileSync(file, 'old');
      expect(compiled(tf.scalar(i), tf.scalar(`third ${i}`)).dataSync()[0]).toBe(i + 1);
      expect(readFileSync(file, 'utf8')).toBe(`third ${i}`);
    }
    compiled.dispose();
    rmSync(folder, { recursive: true });
  });

  it('TensorFlow’s own random ops draw anew at every call', () => {
    const { binding } = nativeBackend();
    const attributes: [string, number, Attribute['value']][] = [
      ['dtype', binding.TF_ATTR_TYPE, binding.TF_FLOAT],
      ['seed', binding.TF_ATTR_INT, 3],
    ];
    const draw = compile(() => tensorOf(execute('RandomUniform', [tf.tensor1d([8], 'int32')], 1, ...attributes)[0]!));
    for (let i = 0; i < 2; i++) draw(); // a recorded op and a replayed one each have a state of their own
    const seen = new Set(Array.from({ length: 6 }, () => draw().dataSync().join()));
    expect(seen.size).toBe(6);
    draw.dispose();
  });

  it('an op that TensorFlow does not have is refused by its name', () => {
    const compiled = compile((x: tf.Tensor) => tensorOf(execute('NoSuchOp', [x], 1)[0]!));
    expect(() => compiled(tf.scalar(1))).toThrow("compile: an op must be in TensorFlow's library, got NoSuchOp");
    compiled.dispose();
  });
});
