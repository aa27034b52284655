/** The `BlockLstm` kernel: TensorFlow's op for all steps of an LSTM. */
import * as tf from '@tensorflow/tfjs';
import { registerKernel } from './register-kernel.ts';
import type { TensorflowBackend } from './tensorflow.ts';

interface BlockLstmArguments {
  inputs: Record<'x' | 'hidden' | 'cell' | 'weight' | 'bias', tf.TensorInfo>;
  backend: TensorflowBackend;
}

registerKernel<BlockLstmArguments>('BlockLstm', 'tensorflow', ({ inputs, backend }) => {
  const { x, hidden, cell, weight, bias } = inputs;
  const { binding } = backend;
  const { TF_ATTR_TYPE, TF_ATTR_FLOAT, TF_ATTR_BOOL, TF_FLOAT, TF_INT32, TF_INT64 } = binding;
  return tf.tidy(() => {
    const steps = tf.scalar(x.shape[0], 'int32');
    const peepholes = tf.zeros([hidden.shape[1]]); // not used
    // tfjs has no int64
    const [length] = binding.executeOp(
      'Cast',
      [
        { name: 'SrcT', type: TF_ATTR_TYPE, value: TF_INT32 },
        { name: 'DstT', type: TF_ATTR_TYPE, value: TF_INT64 },
      ],
      backend.getInputTensorIds([steps]),
      1,
    );
    const given = [x, cell, hidden, weight, peepholes, peepholes, peepholes, bias];
    const outputs = binding.executeOp(
      'BlockLSTMV2',
      [
        { name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT },
        { name: 'cell_clip', type: TF_ATTR_FLOAT, value: 0 },
        { name: 'use_peephole', type: TF_ATTR_BOOL, value: false },
      ],
      [length.id, ...backend.getInputTensorIds(given)],
      7,
    );
    binding.deleteTensor(length.id);
    return outputs.map((output) => backend.createOutputTensor(output)) as tf.Tensor[];
  });
});

/**
 * An LSTM over a sequence, natively: the gates i, f, g, o lie side by side.
 *
 * @param x [T, B, inputs] @param hidden [B, H] @param cell [B, H] @param weight [inputs + H, 4H] @param bias [4H]
 * @returns i, c, f, o, g, tanh(c) and h after every step, each [T, B, H]
 */
export function blockLstm(
  x: tf.Tensor,
  hidden: tf.Tensor,
  cell: tf.Tensor,
  weight: tf.Tensor,
  bias: tf.Tensor,
): tf.Tensor[] {
  return tf.engine().runKernel('BlockLstm', { x, hidden, cell, weight, bias }) as unknown as tf.Tensor[];
}
