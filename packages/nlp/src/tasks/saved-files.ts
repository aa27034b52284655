import { readSafetensors, writeSafetensors, type Module } from '@heed/attention-core';
import type { FileSource, Folder } from '@heed/training';
import * as tf from '@tensorflow/tfjs';

/** What a task's `save` writes beside what is its own. */
export const CONFIG_FILE = 'config.json';
const WEIGHTS_FILE = 'model.safetensors';

export async function writeJson(folder: Folder, name: string, value: unknown): Promise<void> {
  await folder.write(name, new TextEncoder().encode(JSON.stringify(value, undefined, 2)));
}

/** @throws if there is no such file, or it is not JSON */
export async function readJson(owner: string, folder: FileSource, name: string): Promise<unknown> {
  const text = new TextDecoder().decode(await folder.read(name));
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${owner}: ${name} of ${folder.label} must be JSON`, { cause: error });
  }
}

export async function writeWeights(folder: Folder, model: Module): Promise<void> {
  await folder.write(WEIGHTS_FILE, await writeSafetensors(model.stateDict()));
}

/** @throws if the file is missing or damaged, or of another model; the model is left as it was */
export async function readWeights(owner: string, folder: Folder, model: Module): Promise<void> {
  const weights = readSafetensors(await folder.read(WEIGHTS_FILE)).tensors();
  try {
    model.loadStateDict(weights);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${owner}: ${WEIGHTS_FILE} of ${folder.label} must be of the model in ${CONFIG_FILE}: ${reason}`, {
      cause: error,
    });
  } finally {
    tf.dispose(weights);
  }
}
