import type { TaskFiles } from '@heed/tasks';
import { parseConfig, readConfig, type FileSource } from '@heed/training';
import { z } from 'zod';
import { publishedVitConfig, vitConfigFrom, vitNames } from '../../models/vit/vit.names.ts';
import type { Vit, VitConfig } from '../../models/vit/vit.ts';
import { publishedReading, readingFrom, type ImageReading } from '../../preprocessing/image-reader.ts';

const READING_FILE = 'preprocessor_config.json';

const schema = z.object({
  id2label: z.record(z.string().regex(/^\d+$/), z.string()).optional(),
  architectures: z.array(z.string()).nullish(),
  problem_type: z.literal('single_label_classification').nullish(),
});

/** What a published folder says of its ViT. */
export interface PublishedVit {
  readonly model: VitConfig;
  readonly reading: ImageReading;
  /** What its last layer tells apart; undefined where it has none. */
  readonly labels: readonly string[] | undefined;
}

/** @throws if a file is missing, or says what is not done here, naming the field */
export async function readPublishedVit(owner: string, source: FileSource): Promise<PublishedVit> {
  const published = await readConfig(source);
  const { id2label, architectures } = parseConfig(owner, schema, published);
  const isClassifier = architectures?.includes('ViTForImageClassification') === true;
  const named = Object.entries(id2label ?? { 0: 'LABEL_0', 1: 'LABEL_1' }).toSorted(
    ([a], [b]) => Number(a) - Number(b),
  );
  const labels = isClassifier ? named.map(([, name]) => name) : undefined;
  const reading: unknown = JSON.parse(new TextDecoder().decode(await source.read(READING_FILE)));
  return { model: vitConfigFrom(published, labels?.length ?? 2), reading: readingFrom(owner, reading), labels };
}

/** What a classifier on a ViT saves beside the weights, so that Hugging Face's libraries open it. */
export function publishedVitFiles(model: Vit, labels: readonly string[], reading: ImageReading): TaskFiles {
  return {
    names: vitNames,
    published: {
      ...publishedVitConfig(model.config),
      id2label: Object.fromEntries(labels.map((label, i) => [String(i), label])),
      label2id: Object.fromEntries(labels.map((label, i) => [label, i])),
      problem_type: 'single_label_classification',
    },
    files: { [READING_FILE]: JSON.stringify(publishedReading(reading)) },
  };
}
