import type * as tf from '@tensorflow/tfjs';

export interface OpAttribute {
  name: string;
  type: number;
  value: unknown;
}

interface OutputMetadata {
  id: number;
  shape: number[];
  dtype: number;
}

/** What this package uses of tfjs-node's backend: its binding runs any TensorFlow op by name. */
export interface TensorflowBackend extends tf.KernelBackend {
  readonly binding: {
    executeOp(name: string, attributes: OpAttribute[], inputIds: number[], outputs: number): OutputMetadata[];
    deleteTensor(id: number): void;
    readonly TF_ATTR_TYPE: number;
    readonly TF_ATTR_BOOL: number;
    readonly TF_FLOAT: number;
    readonly TF_INT32: number;
  };
  incRef(dataId: object): void;
  getInputTensorIds(tensors: readonly tf.TensorInfo[]): number[];
  createOutputTensor(metadata: OutputMetadata): tf.TensorInfo;
}

/** TensorFlow's number for uint64, a type that tfjs does not know. */
export const TF_UINT64 = 23;
