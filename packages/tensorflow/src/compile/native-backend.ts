import * as tf from '@tensorflow/tfjs';

import { mendingCommand } from '../status.ts';

/** A tensor as the binding gives it: the handle's number, its shape, and TensorFlow's number for its dtype. */
export interface TensorMetadata {
  id: number;
  shape: number[];
  dtype: number;
}

type AttributeValue = boolean | number | string | readonly number[] | readonly boolean[] | object;

/** An attribute as kernels pass it to the binding; `type` is one of the binding's `TF_ATTR_…` numbers. */
export interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly value: AttributeValue;
}

/** The values of a tensor: numbers, or the bytes of each string. */
export type TensorValues = Float32Array | Int32Array | Uint8Array | Uint8Array[];

/** tfjs-node's native addon with Heed's additions. */
export interface Binding {
  createTensor(shape: number[], dtype: number, values: TensorValues): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): TensorValues;
  executeOp(op: string, attributes: readonly Attribute[], inputs: number[], outputs: number): TensorMetadata[];
  getNumOfTensors(): number;
  addFunctionDef(bytes: Uint8Array): void;
  removeFunction(name: string): void;
  getAllOpList(): Uint8Array;
  readonly TF_FLOAT: number;
  readonly TF_INT32: number;
  readonly TF_INT64: number;
  readonly TF_BOOL: number;
  readonly TF_STRING: number;
  readonly TF_UINT8: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_STRING: number;
}

/** The parts of tfjs-node's backend that a recorder needs; most are private there, and all are stable since 2019. */
export interface NativeBackend {
  binding: Binding;
  readonly tensorMap: { get(dataId: object): { id: number; dtype: number; values: unknown } };
  getInputTensorIds(tensors: readonly tf.TensorInfo[]): number[];
  createOutputTensor(metadata: TensorMetadata): tf.Tensor;
  refCount(dataId: object): number;
  readSync(dataId: object): TensorValues;
  write(values: TensorValues, shape: number[], dtype: tf.DataType): object;
}

/**
 * Whether `compile()` works now: the backend is tfjs-node's, and its binding has functions.
 *
 * @example
 * ```ts
 * import { canCompile, compile, loadTensorflow } from '@heed/tensorflow';
 * import type { Tensor } from '@tensorflow/tfjs';
 *
 * await loadTensorflow();
 * const square = (x: Tensor) => x.square();
 * const run = canCompile() ? compile(square) : square;
 * ```
 */
export function canCompile(): boolean {
  return tf.getBackend() === 'tensorflow' && 'addFunctionDef' in currentBackend().binding;
}

/** tfjs-node's backend. Throws where it is not the one in use, or where its binding has no functions. */
export function nativeBackend(): NativeBackend {
  const name = tf.getBackend();
  if (name !== 'tensorflow') {
    throw new Error(`compile: the backend must be tensorflow (await loadTensorflow()), got ${name}`);
  }
  const backend = currentBackend();
  if (!('addFunctionDef' in backend.binding)) {
    throw new Error(`compile: the binding of tfjs-node must have functions, got upstream's; run: ${mendingCommand}`);
  }
  return backend;
}

/**
 * Makes a handle of our own with the same value as another. It shares the memory, except for strings: the binding frees the
 * strings themselves together with any handle of them.
 */
export function copyHandle(binding: Binding, { id, dtype, shape }: TensorMetadata): number {
  if (dtype === binding.TF_STRING) return binding.createTensor(shape, dtype, binding.tensorDataSync(id));
  return binding.executeOp('Identity', [], [id], 1)[0]!.id;
}

function currentBackend(): NativeBackend {
  return tf.backend() as unknown as NativeBackend;
}
