/** Heed's `Translator`: from texts to texts. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Translator } from '@heed/nlp';

interface Case {
  /** Of the materials. */
  readonly folder: string;
  /** Texts translated in a run. */
  readonly count: number;
  readonly beams: number;
  /** Texts translated at once. */
  readonly batchSize: number;
}

export async function prepare({ folder, count, ...options }: Case): Promise<() => Promise<string[]>> {
  const translator = await Translator.load(join(folder, 'translator'));
  const sources = (JSON.parse(await readFile(join(folder, 'sources.json'), 'utf8')) as string[]).slice(0, count);
  return async () => (await translator.translate(sources, options)).map(({ text }) => text);
}
