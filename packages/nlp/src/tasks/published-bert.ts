import type { TaskFiles } from '@heed/tasks';
import { parseConfig, type NameMap } from '@heed/training';
import { z } from 'zod';
import { publishedBertConfig } from '../models/bert/bert.names.ts';
import { TOKENIZER_FILES, type BertEncoder } from '../models/bert-encoder/bert-encoder.ts';

/** What is read of a published `config.json` beside its BERT. */
const publishedSchema = z.object({
  id2label: z.record(z.string().regex(/^\d+$/), z.string()).optional(),
  num_labels: z.number().int().min(1).optional(),
  architectures: z.array(z.string()).nullish(),
  problem_type: z.literal('single_label_classification').nullish(),
  classifier_dropout: z.number().min(0).lt(1).nullish(),
});

/** What the last layer of published weights tells apart. */
export interface PublishedHead {
  readonly labels: readonly string[];
  /** Whether the files name the labels: transformers leave out the names of two. */
  readonly named: boolean;
}

/**
 * The last layer of published weights, or undefined where they have none of this kind.
 *
 * @param architecture the class of transformers that has it
 * @throws if it does not choose one of the labels
 */
export function publishedHead(
  owner: string,
  config: Readonly<Record<string, unknown>>,
  architecture: 'BertForSequenceClassification' | 'BertForTokenClassification',
): PublishedHead | undefined {
  const published = parseConfig(owner, publishedSchema, config);
  const { id2label, architectures, num_labels: count = 2 } = published;
  // a classifier of means is saved as a BertModel, which transformers have no other class for
  const isSequence = architecture === 'BertForSequenceClassification' && id2label !== undefined;
  if (!isSequence && !architectures?.includes(architecture)) return undefined;
  if (id2label !== undefined) {
    const inOrder = Object.entries(id2label).toSorted(([a], [b]) => Number(a) - Number(b));
    return { labels: inOrder.map(([, name]) => name), named: true };
  }
  return { labels: Array.from({ length: count }, (_, i) => `LABEL_${i}`), named: false };
}

/** The fraction of the hidden states that a published head drops in training. */
export function publishedDropout(owner: string, { config, bert }: BertEncoder): number {
  return parseConfig(owner, publishedSchema, config).classifier_dropout ?? bert.config.dropout;
}

/** What a `config.json` says of labels. */
export function labelFields(labels: readonly string[]): Record<'id2label' | 'label2id', object> {
  return {
    id2label: Object.fromEntries(labels.map((label, i) => [String(i), label])),
    label2id: Object.fromEntries(labels.map((label, i) => [label, i])),
  };
}

/** What a task on a BERT saves beside the weights, so that Hugging Face's libraries open it. @param own further fields of `config.json` */
export function publishedFiles(
  encoder: BertEncoder,
  names: NameMap,
  own: Readonly<Record<string, unknown>>,
): TaskFiles & Required<Pick<TaskFiles, 'files'>> {
  const files = Object.entries(encoder.files()).filter(([name]) => TOKENIZER_FILES.includes(name));
  return {
    names,
    published: { ...encoder.config, ...publishedBertConfig(encoder.bert.config), ...own },
    files: {
      ...Object.fromEntries(files),
      'sentence_bert_config.json': JSON.stringify({ max_seq_length: encoder.maximumTokens }),
    },
  };
}
