import { readSafetensors, writeSafetensors, type Module } from '@heed/attention-core';
import { type Folder, openFolder, parseConfig } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import type { z } from 'zod';

/** Writes `config.json` and `model.safetensors`. */
export async function saveTask(folder: Folder | string, description: object, model: Module): Promise<void> {
  const where = openFolder(folder);
  await where.write('model.safetensors', await writeSafetensors(model.stateDict()));
  await where.write('config.json', new TextEncoder().encode(`${JSON.stringify(description, null, 2)}\n`));
}

/** @throws if `config.json` is not what the schema says */
export async function readTaskConfig<Config>(
  owner: string,
  folder: Folder | string,
  schema: z.ZodType<Config>,
): Promise<Readonly<Config>> {
  const where = openFolder(folder);
  const text = new TextDecoder().decode(await where.read('config.json'));
  return parseConfig(`${owner}.load: config.json in ${where.label}`, schema, JSON.parse(text));
}

/** @throws if the weights are not those of the model */
export async function readTaskWeights(folder: Folder | string, model: Module): Promise<void> {
  const weights = readSafetensors(await openFolder(folder).read('model.safetensors')).tensors();
  try {
    model.loadStateDict(weights);
  } finally {
    tf.dispose(weights);
  }
}
