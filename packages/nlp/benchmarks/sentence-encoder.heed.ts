/** Heed's `SentenceEncoder` on published weights: from sentences to embeddings. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SentenceEncoder } from '@heed/nlp';

interface Case {
  /** Of the materials. */
  readonly folder: string;
  /** Sentences encoded in a run. */
  readonly sentences: number;
  /** Sentences encoded at once; 1 is a call for each, in the order of the data. */
  readonly batchSize: number;
}

export async function prepare({ folder, sentences, batchSize }: Case): Promise<() => Promise<Float32Array[]>> {
  const encoder = await SentenceEncoder.fromPretrained(join(folder, 'minilm'));
  const texts = (JSON.parse(await readFile(join(folder, 'sentences.json'), 'utf8')) as string[]).slice(0, sentences);
  const encode = async (part: readonly string[]) =>
    (await encoder.encode(part, { batchSize })).map(({ embedding }) => embedding);
  if (batchSize > 1) return () => encode(texts);
  return async () => {
    const embeddings: Float32Array[] = [];
    for (const text of texts) embeddings.push(...(await encode([text])));
    return embeddings;
  };
}
