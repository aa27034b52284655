import { readSafetensors, writeSafetensors, type Module } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import type { MonitorState } from '../loop/early-stopping.ts';
import { configDifference } from './config-difference.ts';
import type { StoredCheckpoint } from './checkpoint-store.ts';
import type { Files } from './manifest.ts';

/** Where a run stands, beside its tensors. All randomness follows from the seed (in `config`) and these counts. */
export interface Progress {
  readonly step: number;
  readonly epoch: number;
  /** Batches of the epoch that were used. */
  readonly batch: number;
  /** Batches used since the beginning: the number of the next draw. */
  readonly draws: number;
  /** The epoch's losses so far, summed with their weights. */
  readonly epochLoss: { readonly sum: number; readonly weight: number };
  readonly monitor: MonitorState | null;
}

const STATE = 'training.json';

/** Everything that a run needs to go on as if it had not stopped, as files. */
export async function checkpointFiles(
  modules: Readonly<Record<string, Module>>,
  progress: Progress,
  config: unknown,
): Promise<Files> {
  const files: Record<string, Uint8Array> = {};
  for (const [name, module] of Object.entries(modules)) {
    files[`${name}.safetensors`] = await writeSafetensors(module.stateDict(), { metadata: { format: 'pt' } });
  }
  files[STATE] = new TextEncoder().encode(JSON.stringify({ progress, config }, undefined, 2));
  return files;
}

/**
 * Puts a checkpoint's tensors into the modules.
 *
 * @throws if it is of another config, naming the field, or of another model; the modules are left as they were
 */
export function restoreCheckpoint(
  checkpoint: StoredCheckpoint,
  modules: Readonly<Record<string, Module>>,
  config: unknown,
): Progress {
  const { progress, config: saved } = JSON.parse(new TextDecoder().decode(checkpoint.files[STATE])) as {
    progress: Progress;
    config: unknown;
  };
  const difference = configDifference(saved, config);
  if (difference !== undefined) {
    throw new Error(`train: checkpoint ${checkpoint.name} must be of the same config: ${difference}`);
  }
  const loaded = Object.entries(modules).map(([name, module]) => {
    const file = checkpoint.files[`${name}.safetensors`];
    if (file === undefined)
      throw new Error(
        `train: checkpoint ${checkpoint.name} must have ${name}.safetensors, got ${Object.keys(checkpoint.files).join(', ')}`,
      );
    return { module, tensors: readSafetensors(file).tensors() };
  });
  try {
    for (const { module, tensors } of loaded) module.loadStateDict(tensors);
  } finally {
    for (const { tensors } of loaded) tf.dispose(tensors);
  }
  return progress;
}
