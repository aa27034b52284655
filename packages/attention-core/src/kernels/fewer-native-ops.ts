/** Kernels of tfjs-node that run an op of TensorFlow where none is needed. */
import * as tf from '@tensorflow/tfjs';
import { overrideKernel } from './register-kernel.ts';
import type { TensorflowBackend } from './tensorflow.ts';

interface ReshapeArguments {
  inputs: { x: tf.TensorInfo };
  backend: TensorflowBackend;
  attrs: { shape: number[] };
}

/** tfjs's gradients reshape most of what they give to the shape that it has. */
overrideKernel<ReshapeArguments>('Reshape', 'tensorflow', (stock) => (args) => {
  const { x } = args.inputs;
  if (!tf.util.arraysEqual(x.shape, args.attrs.shape)) return stock(args);
  args.backend.incRef(x.dataId);
  return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
});

interface MeanArguments {
  inputs: { x: tf.TensorInfo };
  backend: TensorflowBackend;
  attrs: { axis: number | number[]; keepDims: boolean };
}

/** Floats are cast to floats before. */
overrideKernel<MeanArguments>('Mean', 'tensorflow', (stock) => (args) => {
  const { inputs, backend, attrs } = args;
  if (inputs.x.dtype !== 'float32') return stock(args);
  const axes = tf.tensor1d(tf.util.parseAxisParam(attrs.axis, inputs.x.shape), 'int32');
  const { TF_ATTR_TYPE, TF_ATTR_BOOL, TF_FLOAT, TF_INT32 } = backend.binding;
  const [mean] = backend.binding.executeOp(
    'Mean',
    [
      { name: 'keep_dims', type: TF_ATTR_BOOL, value: attrs.keepDims },
      { name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT },
      { name: 'Tidx', type: TF_ATTR_TYPE, value: TF_INT32 },
    ],
    backend.getInputTensorIds([inputs.x, axes]),
    1,
  );
  axes.dispose();
  return backend.createOutputTensor(mean);
});
