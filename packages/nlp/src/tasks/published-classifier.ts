import type { Module } from '@heed/attention-core';
import type { TaskFiles } from '@heed/tasks';
import { linearRules, parseConfig, savePretrained, type Folder, type NameMap } from '@heed/training';
import { z } from 'zod';
import { bertNames, bertRulesUnder, publishedBertConfig } from '../models/bert/bert.names.ts';
import { TOKENIZER_FILES, type BertEncoder } from './bert-encoder.ts';

/** What is read of a published classifier's `config.json` beside its BERT. */
const publishedSchema = z.object({
  id2label: z.record(z.string().regex(/^\d+$/), z.string()).optional(),
  problem_type: z.literal('single_label_classification').nullish(),
});

/** How Hugging Face's `BertForSequenceClassification` calls a `ClassifierModel`'s weights, and `BertForTokenClassification` a `BertTagger`'s. */
export const classifierNames: NameMap = {
  ...bertNames,
  rules: [...bertRulesUnder('encoder.bert'), ...linearRules('head', 'classifier')],
  prefixes: [],
  ignored: [/^bert\.embeddings\.position_ids$/, /^cls\./],
};

/** A published body whose own head, if it has one, is left out. */
export const bodyNames: NameMap = { ...bertNames, ignored: [...bertNames.ignored!, /^(?:classifier|qa_outputs)\./] };

/** The labels that a published classifier was trained for. @throws if there are none, or it does not choose one of them */
export function publishedLabels(owner: string, config: Readonly<Record<string, unknown>>, label: string): string[] {
  const { id2label } = parseConfig(owner, publishedSchema, config);
  if (id2label === undefined) {
    throw new Error(`${owner}: labels must be given where the config names none (id2label), got neither in ${label}`);
  }
  return Object.entries(id2label)
    .toSorted(([a], [b]) => Number(a) - Number(b))
    .map(([, name]) => name);
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
): TaskFiles {
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

/** Saves a model on a BERT as Hugging Face's transformers open it. @param own further fields of `config.json` */
export async function savePublished(
  folder: Folder,
  model: Module,
  names: NameMap,
  encoder: BertEncoder,
  own: Readonly<Record<string, unknown>>,
): Promise<void> {
  const files = Object.entries(encoder.files()).filter(([name]) => TOKENIZER_FILES.includes(name));
  await savePretrained(folder, {
    model,
    names,
    config: { ...encoder.config, ...publishedBertConfig(encoder.bert.config), ...own },
    files: {
      ...Object.fromEntries(files),
      'sentence_bert_config.json': JSON.stringify({ max_seq_length: encoder.maximumTokens }),
    },
  });
}
