import { z } from 'zod';

/** How a text's hidden states become one vector: BERT's pooler on the first token, or the mean over all tokens. */
export type BertPooling = 'cls' | 'mean';

/** What sentence-transformers keep beside a BERT: how its sentences are pooled, and the longest one that is read. */
export const SENTENCE_FILES = ['modules.json', 'sentence_bert_config.json', '1_Pooling/config.json'];

type Files = Readonly<Record<string, Uint8Array>>;

const modules = z.array(z.object({ type: z.string(), path: z.string() }));
/** What an embedding of unit length, the mean of a BERT's hidden states, is made by. */
const KNOWN_MODULE = /\.(?:Transformer|Pooling|Normalize)$/;

/** How the files say that sentences are pooled, or undefined where they say nothing. @throws if it is another way than the mean */
export function publishedPooling(
  owner: string,
  config: Readonly<Record<string, unknown>>,
  files: Files,
  label: string,
): BertPooling | undefined {
  if (config.classifier_pooling === 'cls' || config.classifier_pooling === 'mean') return config.classifier_pooling;
  const content = files['1_Pooling/config.json'];
  if (content === undefined) return undefined;
  const asked = Object.entries(readJson(content) as Record<string, unknown>)
    .filter(([name, value]) => name.startsWith('pooling_mode') && value !== false)
    .map(([name, value]) => (value === true ? name : `${name} ${JSON.stringify(value)}`));
  if (asked.length === 1 && /^pooling_mode_mean_tokens$|^pooling_mode "mean"$/.test(asked[0])) return 'mean';
  throw new Error(
    `${owner}: the pooling in ${label} must be the mean of all tokens, got ${asked.join(', ') || 'none'}`,
  );
}

/** The longest text that the files allow, in tokens. @param positions of the model */
export function publishedMaximum(files: Files, positions: number): number {
  const content = files['sentence_bert_config.json'];
  const maximum = content === undefined ? undefined : (readJson(content) as Record<string, unknown>).max_seq_length;
  return typeof maximum === 'number' ? Math.min(maximum, positions) : positions;
}

/** @throws if `modules.json` has something after the pooling that changes embeddings, such as a `2_Dense` */
export function requireKnownModules(owner: string, files: Files, label: string): void {
  const content = files['modules.json'];
  const other = content && modules.parse(readJson(content)).find(({ type }) => !KNOWN_MODULE.test(type));
  if (other) {
    throw new Error(
      `${owner}: the modules in ${label} must be a Transformer, Pooling and Normalize, got ${other.path} of type ${other.type}`,
    );
  }
}

function readJson(content: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(content));
}
