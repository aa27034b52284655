/** The `AdamUpdate` kernel: TensorFlow's op reads and writes every number once, where tfjs's ops make thirteen passes. */
import * as tf from '@tensorflow/tfjs';
import { registerKernel } from './register-kernel.ts';
import type { TensorflowBackend } from './tensorflow.ts';

const ADAM_UPDATE = 'AdamUpdate';

/** Of Adam; all vectors are float32 [P], all scalars tensors, for they change from step to step. */
export interface AdamUpdate {
  readonly weights: tf.Tensor;
  /** The running mean of gradients. */
  readonly first: tf.Tensor;
  /** The running mean of squared gradients. */
  readonly second: tf.Tensor;
  readonly gradient: tf.Tensor;
  readonly learningRate: tf.Tensor;
  readonly epsilon: tf.Tensor;
}

interface AdamUpdateArguments {
  inputs: Record<keyof AdamUpdate, tf.TensorInfo>;
  backend: TensorflowBackend;
  attrs: { beta1: number; beta2: number };
}

/**
 * The op changes variables of TensorFlow's, which live here for as long as it takes. What they are given belongs to others too, so that
 * TensorFlow copies it before the first change: three copies and one pass.
 */
registerKernel<AdamUpdateArguments>(ADAM_UPDATE, 'tensorflow', ({ inputs, backend, attrs: { beta1, beta2 } }) => {
  const { binding } = backend;
  const { weights, first, second, gradient, learningRate, epsilon } = inputs;
  const float = (name: string) => ({ name, type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT });
  const shape = { name: 'shape', type: binding.TF_ATTR_SHAPE, value: weights.shape };
  return tf.tidy(() => {
    const variables = [weights, first, second].map((value, i) => {
      const name = { name: 'shared_name', type: binding.TF_ATTR_STRING, value: `heed adam ${i}` };
      const [{ id }] = binding.executeOp('VarHandleOp', [float('dtype'), shape, name], [], 1);
      binding.executeOp('AssignVariableOp', [float('dtype')], [id, ...backend.getInputTensorIds([value])], 0);
      return id;
    });
    const noCorrection = tf.scalar(0); // the caller's learning rate has it
    const scalars = [noCorrection, noCorrection, learningRate, tf.scalar(beta1), tf.scalar(beta2), epsilon];
    const given = backend.getInputTensorIds([...scalars, gradient]);
    binding.executeOp('ResourceApplyAdam', [float('T')], [...variables, ...given], 0);
    return variables.map((id) => {
      const [value] = binding.executeOp('ReadVariableOp', [float('dtype')], [id], 1);
      binding.executeOp('DestroyResourceOp', [], [id], 0);
      binding.deleteTensor(id);
      return backend.createOutputTensor(value) as tf.Tensor;
    });
  });
});

/**
 * A step of Adam without the correction of its moments: m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², θ ← θ − η · m / (√v + ε).
 *
 * @returns the new weights, first and second moments, each [P]
 */
export function adamUpdate(
  given: AdamUpdate,
  { beta1, beta2 }: { readonly beta1: number; readonly beta2: number },
): [weights: tf.Tensor, first: tf.Tensor, second: tf.Tensor] {
  // XLA does not know the op: while a function is recorded for it, the kernel is not there.
  if (tf.getKernel(ADAM_UPDATE, tf.getBackend()) !== undefined) {
    const inputs = given as unknown as tf.NamedTensorMap;
    return tf.engine().runKernel(ADAM_UPDATE, inputs, { beta1, beta2 }) as unknown as ReturnType<typeof adamUpdate>;
  }
  return tf.tidy(() => {
    const { weights, gradient, learningRate, epsilon } = given;
    const first = tf.add(tf.mul(given.first, beta1), tf.mul(gradient, 1 - beta1));
    const second = tf.add(tf.mul(given.second, beta2), tf.mul(tf.square(gradient), 1 - beta2));
    const change = tf.mul(tf.div(first, tf.add(tf.sqrt(second), epsilon)), learningRate);
    return [tf.sub(weights, change), first, second];
  });
}
