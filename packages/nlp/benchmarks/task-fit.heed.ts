/** Heed's `fit`, from the weights of the materials. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TextGenerator, Translator } from '@heed/nlp';

interface Case {
  /** Of the materials. */
  readonly folder: string;
  readonly model: 'gpt' | 'transformer';
  readonly steps: number;
  readonly batchSize: number;
}

/** The run gives the mean losses of the first and last third of its steps. */
export async function prepare({ folder, model, ...options }: Case): Promise<() => Promise<Float32Array>> {
  const read = (name: string) => readFile(join(folder, name), 'utf8');
  const fit = async () => {
    if (model === 'gpt') return (await TextGenerator.load(join(folder, 'gpt'))).fit(await read('text.txt'), options);
    const pairs = (JSON.parse(await read('pairs.json')) as [string, string][]).map(([source, target]) => ({
      source,
      target,
    }));
    return (await Translator.load(join(folder, 'translator'))).fit(pairs, options);
  };
  return async () => {
    const losses = (await fit()).losses.map(({ loss }) => loss);
    const third = Math.max(1, Math.floor(losses.length / 3));
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    return Float32Array.of(mean(losses.slice(0, third)), mean(losses.slice(-third)));
  };
}
