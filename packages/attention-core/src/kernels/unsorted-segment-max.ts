/**
 * The `UnsortedSegmentMax` kernel, which tfjs has on no backend: the greatest row of each segment, column by column. A stable
 * softmax over the edges of a graph needs it. Natively it is TensorFlow's own op.
 */
import * as tf from '@tensorflow/tfjs';
import { requireSegments } from './indices-in-range.ts';
import { registerKernel } from './register-kernel.ts';
import type { TensorflowBackend } from './tensorflow.ts';

const UNSORTED_SEGMENT_MAX = 'UnsortedSegmentMax';

/** What a segment without rows gets: the least float32. */
export const EMPTY_SEGMENT = -3.4028234663852886e38;

interface SegmentMaxArguments {
  inputs: { x: tf.TensorInfo; segmentIds: tf.TensorInfo };
  backend: tf.KernelBackend;
  attrs: { numSegments: number };
}

function onHost({ inputs: { x, segmentIds }, backend, attrs: { numSegments } }: SegmentMaxArguments): tf.TensorInfo {
  const shape = [numSegments, ...x.shape.slice(1)];
  const width = tf.util.sizeFromShape(x.shape.slice(1));
  const greatest = new Float32Array(numSegments * width).fill(EMPTY_SEGMENT);
  const rows = backend.readSync(x.dataId) as Float32Array;
  const ids = backend.readSync(segmentIds.dataId) as Int32Array;
  requireSegments('unsortedSegmentMax', ids, numSegments);
  for (let row = 0; row < ids.length; row++) {
    const segment = ids[row];
    if (segment < 0) continue;
    for (let column = 0; column < width; column++) {
      const to = segment * width + column;
      greatest[to] = Math.max(greatest[to], rows[row * width + column]);
    }
  }
  return { dataId: backend.write(greatest, shape, 'float32'), shape, dtype: 'float32' };
}

function onTensorflow({
  inputs: { x, segmentIds },
  backend,
  attrs: { numSegments },
}: SegmentMaxArguments): tf.TensorInfo {
  const native = backend as TensorflowBackend;
  const { binding } = native;
  const type = (name: string, value: number) => ({ name, type: binding.TF_ATTR_TYPE, value });
  const segments = tf.scalar(numSegments, 'int32');
  const [output] = binding.executeOp(
    UNSORTED_SEGMENT_MAX,
    [type('T', binding.TF_FLOAT), type('Tindices', binding.TF_INT32), type('Tnumsegments', binding.TF_INT32)],
    native.getInputTensorIds([x, segmentIds, segments]),
    1,
  );
  segments.dispose();
  return native.createOutputTensor(output);
}

for (const backendName of ['cpu', 'wasm', 'webgl']) registerKernel(UNSORTED_SEGMENT_MAX, backendName, onHost);
registerKernel(UNSORTED_SEGMENT_MAX, 'tensorflow', onTensorflow);

/**
 * The greatest value of each segment and column, without a gradient.
 *
 * @param x float32 [E, ...]
 * @param segmentIds int32 [E]; ids outside [0, numSegments) are skipped
 * @returns [numSegments, ...], `EMPTY_SEGMENT` where a segment has no row
 */
export function unsortedSegmentMax(x: tf.Tensor, segmentIds: tf.Tensor1D, numSegments: number): tf.Tensor {
  return tf.engine().runKernel(UNSORTED_SEGMENT_MAX, { x, segmentIds }, { numSegments }) as tf.Tensor;
}
