import { capture, Random, type AttentionMap, type LabelledMap } from '@heed/attention-core';
import {
  applyLora,
  batchTensors,
  freeze,
  loadPretrained,
  openFolder,
  openPretrained,
  parseConfig,
  type FileSource,
  type Folder,
  type Lora,
} from '@heed/training';
import { classificationReport, Vocabulary, type ClassificationReport } from '@heed/tasks';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { LabelledText } from '../datasets/labelled-text.ts';
import { hashOf } from '../preprocessing/hash-of.ts';
import { BagOfWordsEncoder } from './bag-of-words-encoder.ts';
import { BertEncoder, type BertText } from './bert-encoder.ts';
import { ClassifierModel } from './classifier-model.ts';
import { VOCABULARY_FILE, type DocumentEncoder, type ReadText } from './document-encoder.ts';
import type { FitHistory } from './fit-model.ts';
import { fitTextClassifier, type TextClassifierFitOptions } from './fit-text-classifier.ts';
import { bodyNames, classifierNames, labelFields, publishedLabels, savePublished } from './published-classifier.ts';
import { HanEncoder } from './han-encoder.ts';
import { CONFIG_FILE, readJson, readWeights, writeJson, writeWeights } from './saved-files.ts';
import {
  savedClassifierSchema,
  textClassifierDefaults,
  textClassifierSchema,
  type PretrainedClassifierOptions,
  type TextClassifierConfig,
} from './text-classifier-config.ts';

export interface PredictOptions {
  /** Whether to give the attention maps; 'heads' gives those of every head too, of architecture 'bert'. Default false. */
  readonly attention?: boolean | 'heads';
  /** What becomes of a text of more than `maximumTokens` tokens: 'error' refuses it, 'end' leaves out its end, 'middle' its middle. Default 'error'. */
  readonly truncation?: 'error' | 'end' | 'middle';
  /** Texts that are read at once, those of similar length together. Default 32. */
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
}

export interface PredictedLabel {
  readonly text: string;
  /** The likeliest label. */
  readonly label: string;
  readonly probability: number;
  /** Of every label. */
  readonly probabilities: Readonly<Record<string, number>>;
  /** What was read, special tokens included. */
  readonly tokens: readonly string[];
  /** Tokens that truncation left out. */
  readonly truncated: number;
  /** What each token (row) looked at (column), layer by layer; where it was asked for. */
  readonly attention?: readonly LabelledMap[];
  /** The same of every head, layer by layer, for `renderHeads`; where they were asked for. */
  readonly heads?: readonly (readonly LabelledMap[])[];
}

export interface TextClassifierEvaluation extends ClassificationReport {
  /** The mean of −log p(label), in nats. */
  readonly loss: number;
  readonly predictions: readonly PredictedLabel[];
}

/**
 * Tells texts apart: on published weights, fine-tuned as a whole or by low-rank additions, or from scratch.
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
export class TextClassifier {
  readonly config: Readonly<TextClassifierConfig>;
  private model: ClassifierModel | undefined;
  private adapters: Lora | undefined;

  /** @throws if an option is unknown or out of range, naming it and its value */
  constructor(config: Pick<TextClassifierConfig, 'architecture' | 'labels'> & Partial<TextClassifierConfig>) {
    this.config = parseConfig('TextClassifier', textClassifierSchema, { ...textClassifierDefaults, ...config });
  }

  /**
   * A classifier on a published BERT: from a folder or a path (see `startBackend` of @heed/node), from what `fetchData` got, or by its id on the
   * Hugging Face hub. With `labels` it gets a new last layer, and `fit` is the next step; without, the weights must be those of a classifier.
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
    let model: ClassifierModel | undefined;
    try {
      const classifier = new TextClassifier({
        architecture: 'bert',
        labels: labels ?? publishedLabels(owner, encoder.config, source.label),
        pooling: encoder.pooling,
        maximumTokens: encoder.maximumTokens,
        dropout: encoder.bert.config.dropout,
        seed,
      });
      model = classifier.createModel(encoder);
      if (labels === undefined) await loadPretrained(source, model, classifierNames);
      else await loadPretrained(source, encoder.bert, bodyNames);
      // the mean leaves it out, and weight decay alone would change it
      if (encoder.pooling === 'mean') freeze(encoder.bert.pooler, /./);
      if (lora !== undefined) {
        const { rank = 8, alpha, targets = /query|value/ } = lora;
        const random = new Random(seed).fork('lora');
        classifier.adapters = applyLora(encoder, { rank, ...(alpha === undefined ? {} : { alpha }), targets, random });
      }
      classifier.model = model;
      return classifier;
    } catch (error) {
      (model ?? encoder).dispose();
      throw error;
    }
  }

  /** Numbers in the weights, additions included. @throws before `fit`, `load` or `fromPretrained` */
  get parameterCount(): number {
    return this.require('parameterCount').parameterCount();
  }

  /** Numbers that `fit` changes. @throws before `fit`, `load` or `fromPretrained` */
  get trainableParameterCount(): number {
    const parameters = this.require('trainableParameterCount').trainableParameters();
    return parameters.reduce((sum, { variable }) => sum + variable.size, 0);
  }

  /** The low-rank additions, where `fromPretrained` was asked for them: to be merged, saved apart, or removed. */
  get lora(): Lora | undefined {
    return this.adapters;
  }

  /**
   * Trains on labelled texts; again on an already trained classifier, it goes on with the same words.
   *
   * @throws if there are no texts, one is empty or too long, or a label is none of the config's; if a checkpoint is of another config or other data
   */
  async fit(examples: readonly LabelledText[], options: TextClassifierFitOptions = {}): Promise<FitHistory> {
    const { truncation = 'error', validation } = options;
    if (examples.length === 0) throw new Error('TextClassifier.fit: at least one text is needed, got none');
    const labels = this.indexLabels(examples, 'fit');
    if (validation !== undefined) this.indexLabels(validation, 'fit');
    const given = examples.map(({ text }) => text);
    this.model ??= this.createModel(this.learnEncoder(given));
    const { config, model } = this;
    const adapters = this.adapters && { rank: this.adapters.rank, alpha: this.adapters.alpha };
    return fitTextClassifier(
      {
        model,
        texts: this.read(given, 'fit', truncation),
        labels,
        seed: config.seed,
        begins: config.architecture === 'bert' && adapters === undefined ? 'published' : 'anew',
        config: {
          classifier: config,
          lora: adapters,
          data: `${examples.length} texts, ${hashOf(numbersOf(examples))}`,
        },
        validate: validation && (() => this.evaluate(validation, { truncation })),
      },
      options,
    );
  }

  /**
   * Tells what a text is, or several.
   *
   * @throws if a text is empty, or too long and `truncation` is 'error'; if heads are asked for and the architecture has none
   */
  predict(text: string, options?: PredictOptions): Promise<PredictedLabel>;
  predict(texts: readonly string[], options?: PredictOptions): Promise<PredictedLabel[]>;
  async predict(
    given: string | readonly string[],
    options: PredictOptions = {},
  ): Promise<PredictedLabel | PredictedLabel[]> {
    const { attention = false, truncation = 'error', batchSize = 32, signal } = options;
    if (!Number.isInteger(batchSize) || batchSize < 1) {
      throw new Error(`TextClassifier.predict: batchSize must be a positive integer, got ${batchSize}`);
    }
    if (attention === 'heads' && this.config.architecture !== 'bert') {
      throw new Error(
        `TextClassifier.predict: attention 'heads' goes with architecture 'bert', got '${this.config.architecture}'`,
      );
    }
    const asked = typeof given === 'string' ? [given] : given;
    const texts = this.read(asked, 'predict', truncation);
    const order = [...texts.keys()].toSorted((a, b) => texts[a].size - texts[b].size);
    const predictions = new Map<number, PredictedLabel>();
    for (let start = 0; start < order.length; start += batchSize) {
      signal?.throwIfAborted();
      const members = order.slice(start, start + batchSize);
      const told = await this.classify(
        members.map((index) => texts[index]),
        attention,
      );
      for (const [i, index] of members.entries()) {
        const { tokens, truncated } = texts[index];
        predictions.set(index, { text: asked[index], tokens, truncated, ...told[i] });
      }
    }
    return typeof given === 'string' ? predictions.get(0)! : asked.map((_, index) => predictions.get(index)!);
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
    this.indexLabels(examples, 'evaluate');
    const predictions = await this.predict(
      examples.map(({ text }) => text),
      options,
    );
    const expected = examples.map(({ label }) => label);
    const told = predictions.map(({ label }) => label);
    const surprise = predictions.map(({ probabilities }, i) => -Math.log(Math.max(probabilities[expected[i]], 1e-38)));
    return {
      ...classificationReport(expected, told, this.config.labels),
      loss: surprise.reduce((sum, value) => sum + value, 0) / examples.length,
      predictions,
    };
  }

  /**
   * Saves the classifier, with low-rank additions merged into its weights. One on published weights is saved as Hugging Face's transformers open
   * it: as `BertForSequenceClassification` with pooling 'cls'; with 'mean', which transformers have no class for, its body as `BertModel`.
   *
   * @param folder a path (see `startBackend` of @heed/node) or a folder
   */
  async save(folder: Folder | string): Promise<void> {
    const model = this.require('save');
    const { encoder } = model;
    const target = openFolder(folder);
    const apart = this.adapters?.merged === false;
    if (apart) this.adapters!.merge();
    try {
      if (encoder instanceof BertEncoder) {
        const { labels, pooling } = this.config;
        await savePublished(target, model, classifierNames, encoder, {
          ...labelFields(labels),
          architectures: [pooling === 'cls' ? 'BertForSequenceClassification' : 'BertModel'],
          problem_type: 'single_label_classification',
          classifier_pooling: pooling, // as ModernBERT's config calls it
        });
      } else {
        await writeWeights(target, model);
        for (const [name, content] of Object.entries(encoder.files())) {
          await target.write(name, typeof content === 'string' ? new TextEncoder().encode(content) : content);
        }
        await writeJson(target, CONFIG_FILE, { format: 'heed-text-classifier', version: 1, config: this.config });
      }
    } finally {
      if (apart) this.adapters!.unmerge();
    }
  }

  /**
   * Reads what `save` wrote.
   *
   * @throws if a file is missing or damaged, or the weights are of another config
   */
  static async load(folder: Folder | string): Promise<TextClassifier> {
    const owner = 'TextClassifier.load';
    const source = openFolder(folder);
    const saved = (await readJson(owner, source, CONFIG_FILE)) as Record<string, unknown> | null;
    if (saved?.format === undefined) return TextClassifier.fromPretrained(source);
    const { config } = parseConfig(`${owner}: ${CONFIG_FILE} of ${source.label}`, savedClassifierSchema, saved);
    const classifier = new TextClassifier(config);
    const symbols = parseConfig(owner, z.array(z.string()).min(1), await readJson(owner, source, VOCABULARY_FILE));
    const model = classifier.createModel(classifier.createEncoder(new Vocabulary(symbols)));
    try {
      await readWeights(owner, source, model);
    } catch (error) {
      model.dispose();
      throw error;
    }
    classifier.model = model;
    return classifier;
  }

  /** Frees the weights. */
  dispose(): void {
    this.model?.dispose();
    this.model = undefined;
    this.adapters = undefined;
  }

  /** What an architecture that begins from scratch learns of its texts before it is trained. */
  private learnEncoder(texts: readonly string[]): DocumentEncoder {
    const { architecture } = this.config;
    if (architecture === 'bag-of-words') return BagOfWordsEncoder.learn(texts, this.config);
    if (architecture !== 'bert') return this.createEncoder(HanEncoder.vocabulary(texts, this.config));
    throw new Error(
      `TextClassifier.fit: architecture '${architecture}' begins from published weights, got none: open it by TextClassifier.fromPretrained`,
    );
  }

  /** What an architecture that begins from scratch is, untrained. */
  private createEncoder(vocabulary: Vocabulary): DocumentEncoder {
    const { architecture } = this.config;
    if (architecture === 'bag-of-words') return new BagOfWordsEncoder(vocabulary, this.config);
    const pooling = architecture === 'mean' ? 'mean' : 'attention';
    return new HanEncoder(vocabulary, { ...this.config, pooling });
  }

  private createModel(encoder: DocumentEncoder): ClassifierModel {
    const { labels, dropout, seed } = this.config;
    return new ClassifierModel(encoder, labels.length, dropout, new Random(seed).fork('head'));
  }

  private require(method: string): ClassifierModel {
    if (this.model === undefined) {
      throw new Error(
        `TextClassifier.${method}: the classifier must be trained, got one that saw neither fit() nor load()`,
      );
    }
    return this.model;
  }

  private indexLabels(examples: readonly LabelledText[], method: string): number[] {
    const { labels } = this.config;
    return examples.map(({ label }, i) => {
      const index = labels.indexOf(label);
      if (index >= 0) return index;
      throw new Error(
        `TextClassifier.${method}: a label must be one of ${JSON.stringify(labels)}, got ${JSON.stringify(label)} at ${i}`,
      );
    });
  }

  private read(texts: readonly string[], method: string, truncation: 'error' | 'end' | 'middle'): ReadText[] {
    const { encoder } = this.require(method);
    return texts.map((text, i) => {
      const read = encoder.read(text, truncation === 'middle' ? 'middle' : 'end');
      if (read.content === 0) {
        throw new Error(
          `TextClassifier.${method}: a text must not be empty, got ${JSON.stringify(text.slice(0, 40))} at ${i}`,
        );
      }
      if (read.truncated > 0 && truncation === 'error') {
        throw new Error(
          `TextClassifier.${method}: a text must be of at most ${encoder.maximumTokens} tokens, or truncation be 'end' or 'middle', ` +
            `got ${read.tokens.length + read.truncated} in ${JSON.stringify(text.slice(0, 40))}… at ${i}`,
        );
      }
      return read;
    });
  }

  private async classify(
    texts: readonly ReadText[],
    attention: boolean | 'heads',
  ): Promise<Omit<PredictedLabel, 'text' | 'tokens' | 'truncated'>[]> {
    const model = this.require('predict');
    const { encoder } = model;
    const { labels } = this.config;
    const batch = batchTensors(encoder.batch(texts, Math.max(...texts.map(({ size }) => size))));
    let maps: readonly AttentionMap[] = [];
    let told: tf.Tensor2D | undefined;
    try {
      const forward = () => tf.tidy(() => tf.softmax(model.forward(batch))); // [B, labels]
      if (attention !== false) ({ result: told, maps } = capture(forward));
      else told = forward();
      const values = (await told.data()) as Float32Array;
      return texts.map((text, row) => {
        const own = values.slice(row * labels.length, (row + 1) * labels.length);
        const best = own.indexOf(Math.max(...own));
        return {
          label: labels[best],
          probability: own[best],
          probabilities: Object.fromEntries(labels.map((label, i) => [label, own[i]])),
          ...(attention !== false && { attention: encoder.label(maps, text, row) }),
          ...(attention === 'heads' &&
            encoder instanceof BertEncoder && { heads: encoder.labelHeads(maps, text as BertText, row) }),
        };
      });
    } finally {
      tf.dispose([told, ...maps.map(({ weights }) => weights), batch]);
    }
  }
}

/** The characters of texts and labels. */
function* numbersOf(examples: readonly LabelledText[]): Generator<number> {
  for (const { text, label } of examples) for (const part of `${text}\0${label}\0`) yield part.codePointAt(0)!;
}
