import type { Module } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import type { NamedFile } from '../folders/folder.ts';
import { batchTensors, type HostArray } from '../loop/batch.ts';
import { WeightFiles, writeWeightFiles } from '../weights/weight-files.ts';
import type { StoredCheckpoint } from './checkpoint-store.ts';
import { configDifferences } from './config-differences.ts';
import { stringifyHistory } from './history-file.ts';
import { OWN_FILES } from './own-files.ts';
import type { PartState, StatefulPart } from './stateful-part.ts';
import type { Progress, SavedRun } from './saved-run.ts';
import { parseTrainingState, type TrainingState } from './training-state.ts';

/** What a checkpoint consists of. */
export interface CheckpointContent {
  /** Whose tensors are saved, as `<name>.safetensors`. */
  readonly modules: Readonly<Record<string, Module>>;
  /** What else is saved: arrays as `<name>.safetensors`, JSON in `training.json`. */
  readonly parts: Readonly<Record<string, StatefulPart>>;
  /** What the run is; one under another config refuses the checkpoint. */
  readonly config: unknown;
  /** The most batches of an update. */
  readonly accumulate: number;
  /** Further files, texts or bytes by name. */
  readonly files: Readonly<Record<string, string | Uint8Array>>;
}

interface State {
  readonly progress: Progress;
  readonly parts: Readonly<Record<string, { readonly hasArrays: boolean; readonly json?: unknown }>>;
  readonly config?: unknown;
}

/** Everything that a run needs to go on as if it had not stopped, file by file. */
export async function* checkpointFiles(
  { modules, parts, config, files }: CheckpointContent,
  { progress, history }: SavedRun,
): AsyncGenerator<NamedFile, void, undefined> {
  for (const [name, module] of Object.entries(modules)) yield* writeWeightFiles(name, module.stateDict());
  const described: Record<string, State['parts'][string]> = {};
  for (const [name, part] of Object.entries(parts)) {
    const { arrays = {}, json } = await part.save();
    const hasArrays = Object.keys(arrays).length > 0;
    described[name] = { hasArrays, json };
    if (hasArrays) yield* writeArrays(name, arrays);
  }
  for (const [name, content] of Object.entries(files)) yield [name, asBytes(content)];
  yield [OWN_FILES.history, asBytes(stringifyHistory(history))];
  yield [
    OWN_FILES.state,
    asBytes(JSON.stringify({ progress, parts: described, config } satisfies State, undefined, 2)),
  ];
}

/**
 * Puts a checkpoint's tensors into the modules, and its states into the parts.
 *
 * @throws if it is of another config, naming every field that differs, or of another model; the modules are left as they were
 */
export async function restoreCheckpoint(
  checkpoint: StoredCheckpoint,
  { modules, parts, config, accumulate }: CheckpointContent,
): Promise<SavedRun> {
  const text = async (name: string) => new TextDecoder().decode(await checkpoint.files.read(name));
  const owner = `train: checkpoint ${checkpoint.name}`;
  const state = parseTrainingState(owner, checkpoint.step, await text(OWN_FILES.state), await text(OWN_FILES.history));
  const differences = configDifferences(state.config, config);
  if (differences.length > 0) throw new Error(`${owner} must be of the same config: ${differences.join('; ')}`);
  if (state.progress.draws > state.progress.step * accumulate) {
    throw new Error(
      `${owner} must have at most ${accumulate} draws for each of ${state.progress.step} steps, got ${state.progress.draws}`,
    );
  }
  const states = new Map<string, PartState>();
  for (const name of Object.keys(parts)) states.set(name, await readPart(checkpoint, name, state));
  const loaded: Array<readonly [Module, Record<string, tf.Tensor>]> = [];
  const before: Array<readonly [Module, Record<string, tf.Tensor>]> = [];
  try {
    for (const [name, module] of Object.entries(modules)) loaded.push([module, await readTensors(checkpoint, name)]);
    for (const [module] of loaded) before.push([module, clones(module.stateDict())]); // shares the numbers until they are replaced
    try {
      for (const [module, tensors] of loaded) module.loadStateDict(tensors);
      for (const [name, part] of Object.entries(parts)) await part.load(states.get(name)!);
    } catch (error) {
      for (const [module, tensors] of before) module.loadStateDict(tensors);
      throw error;
    }
  } finally {
    for (const [, tensors] of [...loaded, ...before]) tf.dispose(Object.values(tensors));
  }
  return { progress: state.progress, history: state.history };
}

function clones(tensors: Readonly<Record<string, tf.Tensor>>): Record<string, tf.Tensor> {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, tf.clone(tensor)]));
}

async function* writeArrays(
  name: string,
  arrays: Readonly<Record<string, HostArray>>,
): AsyncGenerator<NamedFile, void, undefined> {
  const tensors = batchTensors(arrays);
  try {
    yield* writeWeightFiles(name, tensors);
  } finally {
    tf.dispose(tensors);
  }
}

async function readPart(checkpoint: StoredCheckpoint, name: string, { parts }: TrainingState): Promise<PartState> {
  const part = parts.get(name);
  if (part === undefined)
    throw new Error(`train: checkpoint ${checkpoint.name} must have the state of ${name}, got none`);
  const { hasArrays, json } = part;
  return { ...(json !== undefined && { json }), arrays: hasArrays ? await readArrays(checkpoint, name) : {} };
}

async function readArrays(checkpoint: StoredCheckpoint, name: string): Promise<Record<string, HostArray>> {
  const arrays: Record<string, HostArray> = Object.create(null);
  const tensors = await readTensors(checkpoint, name);
  try {
    for (const [key, tensor] of Object.entries(tensors)) {
      arrays[key] = { data: (await tensor.data()).slice() as HostArray['data'], shape: tensor.shape };
    }
  } finally {
    tf.dispose(tensors);
  }
  return arrays;
}

async function readTensors(checkpoint: StoredCheckpoint, stem: string): Promise<Record<string, tf.Tensor>> {
  const files = await WeightFiles.open(checkpoint.files, stem);
  const tensors: Record<string, tf.Tensor> = Object.create(null); // a file names the keys
  try {
    for (const name of files.entries.keys()) tensors[name] = await files.tensor(name);
    return tensors;
  } catch (error) {
    tf.dispose(Object.values(tensors));
    throw error;
  }
}

function asBytes(content: string | Uint8Array): Uint8Array {
  return typeof content === 'string' ? new TextEncoder().encode(content) : content;
}
