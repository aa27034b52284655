import * as tf from '@tensorflow/tfjs';

/**
 * Numbers on the host with a shape: what batches are made of. Unlike a tensor it needs no freeing, can be made in a worker and
 * waits in a queue at no cost; `train()` makes the tensors and frees them.
 */
export interface HostArray<Shape extends readonly number[] = readonly number[]> {
  /** Row-major. Float32Array is float32, Int32Array int32, Uint8Array bool. */
  readonly data: Float32Array | Int32Array | Uint8Array;
  readonly shape: Shape;
}

/** A host array with one axis: its tensor is a `Tensor1D`. */
export type HostVector = HostArray<readonly [number]>;
/** A host array with two axes: its tensor is a `Tensor2D`. */
export type HostMatrix = HostArray<readonly [number, number]>;

/** The arrays of one batch by name; the first axis of each usually counts the examples. */
export type Batch = Readonly<Record<string, HostArray>>;

/** The same batch as the loss function sees it; a shape of known rank gives a tensor of that rank. */
export type BatchTensors<B extends Batch> = { readonly [K in keyof B]: TensorOf<B[K]['shape']> };

type TensorOf<Shape extends readonly number[]> = number extends Shape['length']
  ? tf.Tensor
  : Shape['length'] extends keyof TensorByRank
    ? TensorByRank[Shape['length']]
    : tf.Tensor;

interface TensorByRank {
  readonly 0: tf.Scalar;
  readonly 1: tf.Tensor1D;
  readonly 2: tf.Tensor2D;
  readonly 3: tf.Tensor3D;
  readonly 4: tf.Tensor4D;
}

/**
 * One epoch's batches. Where a run is resumed inside an epoch, the batches already seen are taken from the iterable and dropped,
 * or skipped by `skip` where the iterable has it.
 */
export type Batches<B extends Batch> = (Iterable<B> | AsyncIterable<B>) & {
  /** How many there are, where that is known. */
  readonly length?: number;
  /** The same batches without the first `count`. */
  skip?(count: number): Iterable<B> | AsyncIterable<B>;
};

/**
 * A batch as tensors, which the caller disposes.
 *
 * @throws if an array's length does not fit its shape
 */
export function batchTensors<B extends Batch>(batch: B): BatchTensors<B> {
  for (const [name, array] of Object.entries(batch)) checkHostArray(name, array);
  return Object.fromEntries(Object.entries(batch).map(([name, array]) => [name, toTensor(array)])) as BatchTensors<B>;
}

function toTensor(array: HostArray): tf.Tensor {
  return tf.tensor(array.data, [...array.shape], dtypeOf(array.data));
}

function checkHostArray(name: string, { data, shape }: HostArray): void {
  if (!(data instanceof Float32Array || data instanceof Int32Array || data instanceof Uint8Array)) {
    throw new Error(
      `train: batch.${name}.data must be a Float32Array, Int32Array or Uint8Array, got ${describe(data)}`,
    );
  }
  const size = shape.reduce((product, length) => product * length, 1);
  if (size !== data.length) {
    throw new Error(
      `train: batch.${name} must hold as many numbers as its shape says, got ${data.length} for [${shape.join(', ')}]`,
    );
  }
}

function describe(value: unknown): string {
  if (value === null || typeof value !== 'object') return typeof value;
  return value.constructor?.name ?? 'object';
}

function dtypeOf(data: HostArray['data']): 'float32' | 'int32' | 'bool' {
  if (data instanceof Float32Array) return 'float32';
  return data instanceof Int32Array ? 'int32' : 'bool';
}
