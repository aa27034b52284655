import { Random } from '@heed/attention-core';
import {
  addLowRank,
  classificationReport,
  disposeOnFailure,
  labelIndices,
  requireTexts,
  Task,
  textFingerprint,
  type FitHistory,
  type SavedFiles,
  type TaskParts,
} from '@heed/tasks';
import { crossEntropy, dataLoader, loadPretrained, openPretrained, type FileSource } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import type { LabelledText } from '../../datasets/labelled-text.ts';
import { BertEncoder, type BertText } from '../../models/bert-encoder/bert-encoder.ts';
import { bertBodyNames, bertClassifierNames } from '../../models/bert/bert.names.ts';
import { DocumentClassifier } from '../../models/document-classifier/document-classifier.ts';
import type { DocumentEncoder, ReadText } from '../../models/document-classifier/document-encoder.ts';
import { labelFields, publishedDropout, publishedFiles, publishedHead } from '../published-bert.ts';
import { learnEncoder, openEncoder } from './document-encoders.ts';
import {
  textClassifierRecipe,
  textClassifierSchema,
  type PredictedLabel,
  type PredictOptions,
  type PretrainedClassifierOptions,
  type TextClassifierConfig,
  type TextClassifierEvaluation,
  type TextClassifierFitOptions,
  type TextClassifierOptions,
  type Truncation,
} from './text-classifier-config.ts';

interface ClassifierParts extends TaskParts {
  readonly model: DocumentClassifier;
}

interface TextInput {
  readonly text: string;
  readonly read: ReadText;
}

/**
 * Classifies texts: on published weights, fine-tuned as a whole or by low-rank additions, or from scratch.
 *
 * `fit` uses AdamW with a learning rate of 0.001 (0.00005 for published weights that are trained as a whole), which rises over the first tenth of
 * the run and is then decayed linearly; 3 epochs, batches of 32, weight decay 0.01, gradients clipped to norm 1.
 *
 * @example
 * ```ts
 * import { TextClassifier } from '@heed/nlp';
 * const classifier = new TextClassifier({ architecture: 'bag-of-words', labels: ['question', 'answer'], seed: 7 });
 * const texts = [
 *   { text: 'Where is the cat?', label: 'question' },
 *   { text: 'What is it called?', label: 'question' },
 *   { text: 'The cat is on the mat.', label: 'answer' },
 *   { text: 'It is called Tom.', label: 'answer' },
 * ];
 * await classifier.fit(texts, { epochs: 40, learningRate: 0.05 });
 * const { label, probability } = await classifier.predict('Where is it?');
 * console.log(label); // question
 * ```
 */
export class TextClassifier extends Task<TextClassifierConfig, ClassifierParts> {
  static readonly kind = { name: 'TextClassifier', schema: textClassifierSchema };

  /** @throws if an option is unknown or out of range, naming it and its value */
  constructor(config: TextClassifierOptions) {
    super(TextClassifier.kind, config);
  }

  /**
   * A classifier on a published BERT: from a folder or a path (see `startBackend` of @heed/node), from what `fetchData` got, or by its id on the
   * Hugging Face hub. With `labels` it gets a new last layer, and `fit` is the next step; without, the weights must be those of a classifier. Where
   * those of a classifier do not name their labels, as transformers leave out the names of two, as many `labels` name them.
   *
   * Where the files say how sentences are pooled (`1_Pooling/config.json`: MiniLM and its like, trained with the mean), that is kept; a plain BERT
   * was trained with its pooler on the first token.
   *
   * @throws if a file is missing or damaged, the model is no BERT, there are no labels, or an option is out of range
   */
  static async fromPretrained(
    where: FileSource | string,
    options: PretrainedClassifierOptions = {},
  ): Promise<TextClassifier> {
    const owner = 'TextClassifier.fromPretrained';
    const { labels, pooling, maximumTokens, lora, seed = 1 } = options;
    const source = await openPretrained(where);
    const encoder = await BertEncoder.open(owner, source, { pooling, maximumTokens, otherwise: 'cls' });
    return disposeOnFailure(encoder, async () => {
      const published = publishedHead(owner, encoder.config, 'BertForSequenceClassification');
      // transformers leave out the names of two labels: those that are given then name them
      const keepsHead =
        labels === undefined || (published?.named === false && published.labels.length === labels.length);
      if (labels === undefined && published === undefined) {
        throw new Error(`${owner}: labels must be given where the files name none, got neither in ${source.label}`);
      }
      const config: TextClassifierConfig = {
        architecture: 'bert',
        labels: labels ?? published!.labels,
        pooling: encoder.pooling,
        maximumTokens: encoder.maximumTokens,
        dropout: publishedDropout(owner, encoder),
        seed,
      };
      const classifier = new TextClassifier(config as never); // users begin from scratch; only this begins from a BERT
      return classifier.adopt(classifier.withHead(encoder), async ({ model }) => {
        if (keepsHead) await loadPretrained(source, model, bertClassifierNames);
        else await loadPretrained(source, encoder.bert, bertBodyNames);
        return { model, lora: lora && addLowRank(encoder, lora, seed) };
      });
    });
  }

  /**
   * Trains on labelled texts; again on a trained classifier, it goes on with the same words.
   *
   * @throws if there are no texts, one is empty or too long, or a label is none of the config's; if a checkpoint is of another run
   */
  async fit(examples: readonly LabelledText[], options: TextClassifierFitOptions = {}): Promise<FitHistory> {
    const { truncation = 'error', validation, buckets = 4 } = options;
    if (examples.length === 0) throw new Error('TextClassifier.fit: at least one text is needed, got none');
    const all = examples.map(({ text }) => text);
    const labels = labelsOf('fit', this.config, examples);
    if (validation !== undefined) labelsOf('fit', this.config, validation);
    const published = this.config.architecture === 'bert' && this.lora === undefined;
    const defaults = { ...textClassifierRecipe, ...(published && { learningRate: 5e-5 }) };
    return this.train(
      options,
      defaults,
      () => this.withHead(learnEncoder(this.config, all)),
      ({ model, lora }, { batchSize }) => {
        const texts = this.read(examples, 'fit', truncation).map(({ read }) => read);
        if (validation !== undefined) this.read(validation, 'fit', truncation);
        return {
          loss: ({ labels: expected, ...batch }, { random }) =>
            crossEntropy(model.forward(batch, { random }), expected),
          data: dataLoader({
            examples: texts.map(({ size }) => size),
            batchSize,
            buckets,
            seed: this.config.seed,
            make: (members, { length }) => ({
              ...model.encoder.batch(
                members.map((index) => texts[index]),
                length,
              ),
              labels: { data: Int32Array.from(members, (index) => labels[index]), shape: [members.length] },
            }),
          }),
          identity: {
            lora: lora && { rank: lora.rank, alpha: lora.alpha },
            buckets,
            data: `${examples.length} texts, ${textFingerprint(examples.flatMap(({ text, label }) => [text, label]))}`,
          },
          evaluation: validation && {
            run: async () => {
              const { loss, accuracy } = await this.evaluate(validation, { truncation });
              return { loss, accuracy };
            },
            monitor: 'accuracy',
            goal: 'max',
          },
        };
      },
    );
  }

  /**
   * Classifies a text, or several.
   *
   * @throws if a text is empty, or too long and `truncation` is 'error'; if heads are asked for and the architecture has none
   */
  predict(text: string, options?: PredictOptions): Promise<PredictedLabel>;
  predict(texts: readonly string[], options?: PredictOptions): Promise<PredictedLabel[]>;
  async predict(
    input: string | readonly string[],
    options: PredictOptions = {},
  ): Promise<PredictedLabel | PredictedLabel[]> {
    if (!Array.isArray(input)) return (await this.predict([input as string], options))[0];
    const { attention = false, truncation = 'error', batchSize = 32, signal } = options;
    const { labels, architecture } = this.config;
    if (attention === 'heads' && architecture !== 'bert') {
      throw new Error(`TextClassifier.predict: attention 'heads' goes with architecture 'bert', got '${architecture}'`);
    }
    const { model } = this.require('predict');
    const { encoder } = model;
    const texts = this.read(
      input.map((text) => ({ text })),
      'predict',
      truncation,
    );
    return this.predictInBatches(
      'predict',
      texts,
      {
        size: ({ read }) => read.size,
        maximumSize: encoder.maximumTokens,
        batch: (chosen, size) =>
          encoder.batch(
            chosen.map(({ read }) => read),
            size,
          ),
        forward: (batch) => ({ probabilities: tf.softmax(model.forward(batch)) }), // [B, labels]
        result: ({ probabilities: { data } }, { text, read }, row, maps) => {
          const best = data.indexOf(Math.max(...data));
          return {
            text,
            label: labels[best],
            probability: data[best],
            probabilities: Object.fromEntries(labels.map((label, i) => [label, data[i]])),
            tokens: read.tokens,
            truncated: read.truncated,
            ...(attention !== false && { attention: encoder.label(maps, read, row) }),
            ...(attention === 'heads' &&
              encoder instanceof BertEncoder && { heads: encoder.labelHeads(maps, read as BertText, row) }),
          };
        },
      },
      { batchSize, signal, attention: attention !== false },
    );
  }

  /**
   * Accuracy, F1 and loss on labelled texts, with the predictions.
   *
   * @throws if there are no texts, one is empty or too long, or a label is none of the config's
   */
  async evaluate(
    examples: readonly LabelledText[],
    options: Omit<PredictOptions, 'attention'> = {},
  ): Promise<TextClassifierEvaluation> {
    labelsOf('evaluate', this.config, examples);
    const predictions = await this.predict(
      examples.map(({ text }) => text),
      options,
    );
    const expected = examples.map(({ label }) => label);
    const predicted = predictions.map(({ label }) => label);
    const losses = predictions.map(({ probabilities }, i) => -Math.log(Math.max(probabilities[expected[i]], 1e-38)));
    return {
      ...classificationReport(expected, predicted, this.config.labels),
      loss: losses.reduce((sum, value) => sum + value, 0) / examples.length,
      predictions,
    };
  }

  /** On published weights: as `BertForSequenceClassification` with pooling 'cls'; with 'mean', which transformers have no class for, as `BertModel`. */
  protected describe({ model: { encoder } }: ClassifierParts) {
    if (!(encoder instanceof BertEncoder)) return { files: encoder.files() };
    const classes = encoder.pooling === 'cls' ? 'BertForSequenceClassification' : 'BertModel';
    return publishedFiles(encoder, bertClassifierNames, {
      ...labelFields(this.config.labels),
      architectures: [classes],
      problem_type: 'single_label_classification',
      classifier_dropout: this.config.dropout,
      classifier_pooling: encoder.pooling, // as ModernBERT's config calls it
    });
  }

  protected async restore({ source, files }: SavedFiles): Promise<ClassifierParts> {
    return this.withHead(await openEncoder(this.config, source, files));
  }

  private withHead(encoder: DocumentEncoder): ClassifierParts {
    const { labels, dropout, seed } = this.config;
    const model = new DocumentClassifier(encoder, labels.length, dropout, new Random(seed).fork('head'));
    return { model };
  }

  private read(texts: readonly { readonly text: string }[], method: string, truncation: Truncation): TextInput[] {
    const { encoder } = this.require(method).model;
    requireTexts(
      `TextClassifier.${method}`,
      texts.map(({ text }) => text),
    );
    return texts.map(({ text }, i) => {
      const read = encoder.read(text, truncation === 'middle' ? 'middle' : 'end');
      const shown = JSON.stringify(text.slice(0, 40));
      if (read.content === 0)
        throw new Error(`TextClassifier.${method}: a text must not be empty, got ${shown} at ${i}`);
      if (read.truncated > 0 && truncation === 'error') {
        throw new Error(
          `TextClassifier.${method}: a text must have at most ${encoder.maximumTokens} tokens, or truncation be 'end' or 'middle', ` +
            `got ${read.tokens.length + read.truncated} in ${shown}… at ${i}`,
        );
      }
      return { text, read };
    });
  }
}

function labelsOf(method: string, { labels }: TextClassifierConfig, examples: readonly LabelledText[]): number[] {
  const given = examples.map(({ label }) => label);
  return labelIndices(`TextClassifier.${method}`, labels, given);
}
