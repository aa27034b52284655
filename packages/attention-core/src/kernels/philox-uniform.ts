/**
 * The `PhiloxUniform` kernel: uniforms in [0, 1) from a key and a counter held in tensors, so that a recorded step
 * draws anew at every replay. Natively it is TensorFlow's `StatelessRandomUniformV2`; elsewhere the same words are made here.
 */
import * as tf from '@tensorflow/tfjs';
import { philox, wordToUniform, type Counter, type Key } from '../random/philox.ts';
import { registerKernel } from './register-kernel.ts';
import { TF_UINT64, type TensorflowBackend } from './tensorflow.ts';

const PHILOX_UNIFORM = 'PhiloxUniform';

const PHILOX_ALGORITHM = 1;

interface PhiloxArguments {
  inputs: { key: tf.TensorInfo; counter: tf.TensorInfo };
  backend: unknown;
  attrs: { shape: number[] };
}

function onHost({ inputs, backend, attrs: { shape } }: PhiloxArguments): tf.TensorInfo {
  const host = backend as tf.KernelBackend;
  const key = Uint32Array.from(host.readSync(inputs.key.dataId) as Int32Array);
  const counter = Uint32Array.from(host.readSync(inputs.counter.dataId) as Int32Array);
  const words = philox(
    new Uint32Array(tf.util.sizeFromShape(shape)),
    [...key] as unknown as Key,
    [...counter] as unknown as Counter,
  );
  const dataId = host.write(Float32Array.from(words, wordToUniform), shape, 'float32');
  return { dataId, shape, dtype: 'float32' };
}

function onTensorflow({ inputs, backend, attrs: { shape } }: PhiloxArguments): tf.TensorInfo {
  const native = backend as TensorflowBackend;
  const { binding } = native;
  const type = (name: string, value: number) => ({ name, type: binding.TF_ATTR_TYPE, value });
  const asUint64 = (input: tf.TensorInfo) =>
    binding.executeOp(
      'Bitcast',
      [type('T', binding.TF_INT32), type('type', TF_UINT64)],
      native.getInputTensorIds([input]),
      1,
    )[0].id;
  const shapeTensor = tf.tensor1d(shape, 'int32');
  const algorithm = tf.scalar(PHILOX_ALGORITHM, 'int32');
  const key = asUint64(inputs.key);
  const counter = asUint64(inputs.counter);
  const [output] = binding.executeOp(
    'StatelessRandomUniformV2',
    [type('dtype', binding.TF_FLOAT), type('Tshape', binding.TF_INT32)],
    [native.getInputTensorIds([shapeTensor])[0], key, counter, native.getInputTensorIds([algorithm])[0]],
    1,
  );
  binding.deleteTensor(key);
  binding.deleteTensor(counter);
  shapeTensor.dispose();
  algorithm.dispose();
  return native.createOutputTensor(output);
}

for (const backendName of ['cpu', 'wasm', 'webgl']) registerKernel(PHILOX_UNIFORM, backendName, onHost);
registerKernel(PHILOX_UNIFORM, 'tensorflow', onTensorflow);

/**
 * Uniforms in [0, 1).
 *
 * @param key int32 [1, 2], the generator's key
 * @param counter int32 [2, 2], the counter's four words, lowest first
 */
export function philoxUniform(key: tf.Tensor2D, counter: tf.Tensor2D, shape: readonly number[]): tf.Tensor {
  return tf.engine().runKernel(PHILOX_UNIFORM, { key, counter }, { shape: [...shape] }) as tf.Tensor;
}
