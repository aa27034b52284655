/** transformers.js: from sentences to embeddings. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type * as Transformers from '@huggingface/transformers';

interface Case {
  /** Of the materials. */
  readonly folder: string;
  /** Sentences encoded in a run. */
  readonly sentences: number;
  /** Sentences encoded at once, those of similar length together; 1 is a call for each, in the order of the data. */
  readonly batchSize: number;
}

type Run = () => Promise<Float32Array[]>;

/** @param options where it computes */
export async function prepareSentenceEncoder(
  transformers: typeof Transformers,
  { folder, sentences, batchSize }: Case,
  options: Pick<Transformers.PretrainedModelOptions, 'device' | 'session_options'>,
): Promise<Run> {
  const { env, pipeline } = transformers;
  env.allowRemoteModels = false;
  env.localModelPath = folder;
  const extract = await pipeline('feature-extraction', 'minilm', { dtype: 'fp32', ...options });
  const texts = (JSON.parse(await readFile(join(folder, 'sentences.json'), 'utf8')) as string[]).slice(0, sentences);
  if (batchSize > 1) return () => encodeSorted(transformers, extract, texts, batchSize);
  return async () => {
    const embeddings: Float32Array[] = [];
    for (const text of texts) {
      embeddings.push((await extract(text, { pooling: 'mean', normalize: true })).data as Float32Array);
    }
    return embeddings;
  };
}

/** What the pipeline does, which does not sort: one of its batches after the other, each text tokenized once. */
async function encodeSorted(
  { Tensor, mean_pooling: meanPooling }: typeof Transformers,
  { tokenizer, model }: Transformers.FeatureExtractionPipeline,
  texts: readonly string[],
  batchSize: number,
): Promise<Float32Array[]> {
  const tokens = texts.map((text) => tokenizer.encode(text));
  const order = [...texts.keys()].sort((a, b) => tokens[a].length - tokens[b].length);
  const embeddings: Float32Array[] = [];
  for (let start = 0; start < order.length; start += batchSize) {
    const members = order.slice(start, start + batchSize);
    const shape = [members.length, tokens[members.at(-1)!].length];
    const [ids, real] = [0, 1].map(() => new BigInt64Array(shape[0] * shape[1]));
    for (const [row, index] of members.entries()) {
      ids.set(tokens[index].map(BigInt), row * shape[1]);
      real.fill(1n, row * shape[1], row * shape[1] + tokens[index].length);
    }
    const mask = new Tensor('int64', real, shape);
    const { last_hidden_state: hidden } = (await model({
      input_ids: new Tensor('int64', ids, shape),
      attention_mask: mask,
      token_type_ids: new Tensor('int64', new BigInt64Array(ids.length), shape),
    })) as { last_hidden_state: Transformers.Tensor };
    const { data, dims } = meanPooling(hidden, mask).normalize(2, -1);
    for (const [row, index] of members.entries()) {
      embeddings[index] = (data as Float32Array).slice(row * dims[1], (row + 1) * dims[1]);
    }
  }
  return embeddings;
}
