import type { Module } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import type { PartState, StatefulPart } from '../checkpoints/stateful-part.ts';
import { batchTensors, type HostArray } from './batch.ts';

/** A copy of a model's weights and buffers as they were at the best evaluation: on the host, so that it takes no room on the device. */
export class BestWeights implements StatefulPart {
  private kept: Readonly<Record<string, HostArray>> = {};

  constructor(private readonly model: Module) {}

  /** Copies the weights of now. */
  async keep(): Promise<void> {
    const entries = Object.entries(this.model.stateDict()).map(async ([name, tensor]) => {
      const data = (await tensor.data()).slice() as HostArray['data'];
      return [name, { data, shape: tensor.shape }] as const;
    });
    this.kept = Object.fromEntries(await Promise.all(entries));
  }

  /** Puts the copy into the model, where there is one. */
  putBack(): void {
    if (Object.keys(this.kept).length === 0) return;
    const tensors = batchTensors(this.kept);
    try {
      this.model.loadStateDict(tensors);
    } finally {
      tf.dispose(tensors);
    }
  }

  save(): PartState {
    return { arrays: this.kept };
  }

  load({ arrays = {} }: PartState): void {
    this.kept = arrays;
  }
}
