import type * as tf from '@tensorflow/tfjs';

/** What this package uses of tfjs-backend-wasm's backend: tensors lie in one heap. */
export interface WasmBackend extends tf.KernelBackend {
  readonly wasm: {
    /** The emscripten module's exports; its memory is the heap. Absent if tfjs ever hides them. */
    readonly asm?: { readonly memory?: WebAssembly.Memory };
    readonly HEAPU8: Uint8Array;
  };
  readonly dataIdMap: { get(dataId: tf.DataId): { readonly memoryOffset: number } };
  makeOutput(shape: readonly number[], dtype: tf.DataType): tf.TensorInfo;
}

/** A tensor's numbers in the heap. The view is lost when the heap grows: make every output before taking views. */
export function heapFloats(backend: WasmBackend, tensor: tf.TensorInfo): Float32Array {
  return new Float32Array(backend.wasm.HEAPU8.buffer, address(backend, tensor), size(tensor.shape));
}

/** The same for int32 tensors. */
export function heapIntegers(backend: WasmBackend, tensor: tf.TensorInfo): Int32Array {
  return new Int32Array(backend.wasm.HEAPU8.buffer, address(backend, tensor), size(tensor.shape));
}

/** The same for booleans, one byte each; of any other tensor its raw bytes. */
export function heapBytes(backend: WasmBackend, tensor: tf.TensorInfo): Uint8Array {
  const width = tensor.dtype === 'bool' ? 1 : 4;
  return new Uint8Array(backend.wasm.HEAPU8.buffer, address(backend, tensor), size(tensor.shape) * width);
}

/** Where a tensor's numbers begin, in bytes. */
export function address(backend: WasmBackend, tensor: tf.TensorInfo): number {
  return backend.dataIdMap.get(tensor.dataId).memoryOffset;
}

function size(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}
