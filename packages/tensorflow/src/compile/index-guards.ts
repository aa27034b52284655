import * as tf from '@tensorflow/tfjs';

/** How an indexing kernel says how large the indices may be. */
type Limits = (inputs: tf.NamedTensorInfoMap, attributes: tf.NamedAttrMap) => readonly number[];

/** The kernels that look up or write by index; XLA clamps or drops an index out of range without a word. */
const limitsOf: Readonly<Record<string, Limits>> = {
  GatherV2: (inputs, attributes) => [inputs['x']!.shape[attributes['axis'] as number]!],
  GatherNd: (inputs) => inputs['params']!.shape.slice(0, inputs['indices']!.shape.at(-1)),
  ScatterNd: (inputs, attributes) => (attributes['shape'] as number[]).slice(0, inputs['indices']!.shape.at(-1)),
  TensorScatterUpdate: (inputs) => inputs['tensor']!.shape.slice(0, inputs['indices']!.shape.at(-1)),
};

/** The names of these kernels. */
export const indexingKernels = Object.keys(limitsOf);

/** What the indices given to a kernel must be less than: one number, or one for each coordinate. */
export function indexLimits(
  kernel: string,
  inputs: tf.NamedTensorInfoMap,
  attributes: tf.NamedAttrMap | undefined,
): readonly number[] {
  return limitsOf[kernel]!(inputs, attributes ?? {});
}

/** A boolean scalar: whether any index is negative or not less than its limit. */
export function anyOutOfRange(indices: tf.Tensor, limits: readonly number[]): tf.Tensor {
  return tf.tidy(() => {
    const limit = limits.length === 1 ? tf.scalar(limits[0]!, 'int32') : tf.tensor1d([...limits], 'int32');
    return tf.logicalOr(tf.less(indices, tf.scalar(0, 'int32')), tf.greaterEqual(indices, limit)).any();
  });
}
