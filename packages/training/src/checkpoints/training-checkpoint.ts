import type { Module } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import type { MonitorState } from '../loop/early-stopping.ts';
import { WeightFiles, writeWeightFiles } from '../pretrained/weight-files.ts';
import type { StoredCheckpoint } from './checkpoint-store.ts';
import { configDifference } from './config-difference.ts';
import type { NamedFile } from './folder.ts';

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

/** What a checkpoint consists of. */
export interface CheckpointContent {
  /** Whose tensors are saved, as `<name>.safetensors`. */
  readonly modules: Readonly<Record<string, Module>>;
  /** What the run is; one under another config refuses the checkpoint. */
  readonly config: unknown;
  /** Further files, texts or bytes by name. */
  readonly files: Readonly<Record<string, string | Uint8Array>>;
}

const STATE = 'training.json';

/** Everything that a run needs to go on as if it had not stopped, file by file. */
export async function* checkpointFiles(
  { modules, config, files }: CheckpointContent,
  progress: Progress,
): AsyncGenerator<NamedFile, void, undefined> {
  for (const [name, module] of Object.entries(modules)) yield* writeWeightFiles(name, module.stateDict());
  for (const [name, content] of Object.entries(files)) yield [name, asBytes(content)];
  yield [STATE, asBytes(JSON.stringify({ progress, config }, undefined, 2))];
}

/**
 * Puts a checkpoint's tensors into the modules.
 *
 * @throws if it is of another config, naming the field, or of another model; the modules are left as they were
 */
export async function restoreCheckpoint(
  checkpoint: StoredCheckpoint,
  { modules, config }: CheckpointContent,
): Promise<Progress> {
  const state = new TextDecoder().decode(await checkpoint.files.read(STATE));
  const { progress, config: saved } = JSON.parse(state) as { progress: Progress; config: unknown };
  const difference = configDifference(saved, config);
  if (difference !== undefined) {
    throw new Error(`train: checkpoint ${checkpoint.name} must be of the same config: ${difference}`);
  }
  const loaded: Array<readonly [Module, Record<string, tf.Tensor>]> = [];
  try {
    for (const [name, module] of Object.entries(modules)) loaded.push([module, await readTensors(checkpoint, name)]);
    for (const [module, tensors] of loaded) module.loadStateDict(tensors);
  } finally {
    tf.dispose(loaded.map(([, tensors]) => tensors));
  }
  return progress;
}

async function readTensors(checkpoint: StoredCheckpoint, stem: string): Promise<Record<string, tf.Tensor>> {
  const files = await WeightFiles.open(checkpoint.files, stem);
  const tensors: Record<string, tf.Tensor> = {};
  for (const name of files.entries.keys()) tensors[name] = await files.tensor(name);
  return tensors;
}

function asBytes(content: string | Uint8Array): Uint8Array {
  return typeof content === 'string' ? new TextEncoder().encode(content) : content;
}
