import { faithfulness, Random, type FaithfulnessReport } from '@heed/attention-core';
import {
  addLowRank,
  classificationReport,
  labelIndices,
  Task,
  type FitHistory,
  type SavedFiles,
  type TaskParts,
} from '@heed/tasks';
import { loadPretrained, openPretrained, parseConfig, type FileSource } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { LabelledImage } from '../../datasets/labelled-image.ts';
import { calibration, fitTemperature } from '../../evaluation/calibration.ts';
import type { Image } from '../../images/image.ts';
import { softCrossEntropy } from '../../losses/soft-cross-entropy.ts';
import { vitBodyNames, vitNames } from '../../models/vit/vit.names.ts';
import { Vit } from '../../models/vit/vit.ts';
import type { Overlay } from '../../pictures/overlay.ts';
import { framed, imageTensor, type ImageReading } from '../../preprocessing/image-reader.ts';
import { createImageModel, type ClassifierModel } from './create-image-model.ts';
import { explainImage } from './explain.ts';
import { imageBatches, imagesFingerprint, type ImageBatch } from './image-batches.ts';
import {
  imageClassifierRecipe,
  imageClassifierSchema,
  type ExplainedImage,
  type ExplainOptions,
  type ImageClassifierConfig,
  type ImageClassifierEvaluation,
  type ImageClassifierFitOptions,
  type ImageClassifierOptions,
  type ImageClassifierPredictOptions,
  type PredictedImage,
  type PretrainedImageClassifierOptions,
} from './image-classifier-config.ts';
import { meanLoss, predictedImage } from './predicted-image.ts';
import { publishedVitFiles, readPublishedVit } from './published-vit.ts';
import { scoreWithout } from './without-places.ts';

interface ClassifierParts extends TaskParts {
  readonly model: ClassifierModel;
  /** What logits are divided by: 1 until `calibrate`. */
  readonly softness: { temperature: number };
}

const stateSchema = z.object({ temperature: z.number().positive() });

/**
 * Classifies pictures and shows where it looked: a Vision Transformer, from scratch or on published weights; a compact Transformer over convolutions;
 * a residual network with or without gates.
 *
 * `fit` uses AdamW with a learning rate of 0.001, which rises over the first tenth of the run and then falls along half a cosine; 10 epochs, batches
 * of 128, weight decay 0.05.
 *
 * @example
 * ```ts
 * import { ImageClassifier } from '@heed/vision';
 * const plain = (value: number) => ({ width: 4, height: 4, channels: 1, data: new Uint8Array(16).fill(value) }) as const;
 * const classifier = new ImageClassifier({
 *   architecture: 'vit',
 *   labels: ['dark', 'light'],
 *   imageSize: [4, 4],
 *   channels: 1,
 *   modelWidth: 8,
 *   layers: 1,
 * });
 * const examples = [0, 30, 220, 250].map((value) => ({ image: plain(value), label: value < 128 ? 'dark' : 'light' }));
 * await classifier.fit(examples, { epochs: 40, learningRate: 0.01 });
 * const { label } = await classifier.predict(plain(240));
 * console.log(label); // light
 * ```
 */
export class ImageClassifier extends Task<ImageClassifierConfig, ClassifierParts> {
  static readonly kind = { name: 'ImageClassifier', schema: imageClassifierSchema };

  /** @throws if an option is unknown or out of range, naming it and its value */
  constructor(config: ImageClassifierOptions) {
    super(ImageClassifier.kind, config);
  }

  /**
   * A classifier on a published ViT: from a folder or a path (see `startBackend` of @heed/node), from what `fetchData` got, or by its id on the
   * Hugging Face hub. With `labels` it gets a new last layer, and `fit` is the next step; without, the weights must be those of a classifier.
   *
   * @throws if a file is missing or damaged, the model is no ViT, there are no labels, or an option is out of range
   */
  static async fromPretrained(
    where: FileSource | string,
    options: PretrainedImageClassifierOptions = {},
  ): Promise<ImageClassifier> {
    const owner = 'ImageClassifier.fromPretrained';
    const { labels, imageSize, lora, seed = 1 } = options;
    const source = await openPretrained(where);
    const published = await readPublishedVit(owner, source);
    const known = labels ?? published.labels;
    if (known === undefined) {
      throw new Error(`${owner}: labels must be given where the files name none, got neither in ${source.label}`);
    }
    const { classes: _, channels: __, imageSize: positionSize, ...model } = published.model;
    const classifier = new ImageClassifier({
      architecture: 'vit',
      labels: known,
      ...model,
      ...published.reading,
      ...(imageSize && { imageSize }),
      positionSize,
      seed,
    });
    return classifier.adopt(classifier.create(), async (parts) => {
      if (labels === undefined) await loadPretrained(source, parts.model, vitNames);
      else await loadPretrained(source, (parts.model as Vit).body, vitBodyNames);
      return { ...parts, lora: lora && addLowRank((parts.model as Vit).body, lora, seed) };
    });
  }

  /**
   * Trains on labelled pictures; again on a trained classifier, it goes on from its weights.
   *
   * @throws if there are no pictures, one has no area or not its bytes, or a label is none of the config's; if a checkpoint is of another run
   */
  async fit(examples: readonly LabelledImage[], options: ImageClassifierFitOptions = {}): Promise<FitHistory> {
    const { augmentation = {}, labelSmoothing = 0, validation } = options;
    const owner = 'ImageClassifier.fit';
    if (examples.length === 0) throw new Error(`${owner}: at least one picture is needed, got none`);
    const labels = this.labelsOf('fit', examples);
    const images = examples.map(({ image }) => framed(owner, image, this.config));
    this.labelsOf('fit', validation ?? []);
    for (const { image } of validation ?? []) framed(owner, image, this.config);
    return this.train<ImageBatch>(
      options,
      imageClassifierRecipe,
      () => this.create(),
      ({ model, softness, lora }, { batchSize }) => {
        softness.temperature = 1;
        return {
          loss: (batch, { random }) =>
            softCrossEntropy(model.forward(batch.images as tf.Tensor4D, { random }), batch.shares as tf.Tensor2D),
          data: imageBatches({
            images,
            labels,
            classes: this.config.labels.length,
            reading: this.config,
            augmentation,
            labelSmoothing,
            batchSize,
            seed: this.config.seed,
          }),
          identity: {
            lora: lora && { rank: lora.rank, alpha: lora.alpha },
            augmentation,
            labelSmoothing,
            data: `${images.length} pictures, ${imagesFingerprint(images, labels)}`,
          },
          evaluation: validation && { run: () => this.measure(validation), monitor: 'accuracy', goal: 'max' },
        };
      },
    );
  }

  /** Classifies a picture, or several, in their order. @throws if one has no area or not its bytes */
  predict(image: Image, options?: ImageClassifierPredictOptions): Promise<PredictedImage>;
  predict(images: readonly Image[], options?: ImageClassifierPredictOptions): Promise<PredictedImage[]>;
  async predict(
    input: Image | readonly Image[],
    options: ImageClassifierPredictOptions = {},
  ): Promise<PredictedImage | PredictedImage[]> {
    if (!Array.isArray(input)) return (await this.predict([input as Image], options))[0];
    const { temperature } = this.require('predict').softness;
    const rows = await this.logits('predict', input as readonly Image[], options);
    return rows.map((logits) => predictedImage(this.config.labels, logits, temperature));
  }

  /**
   * Where the model looked: overlays for `drawOverlay` and `renderOverlays`. Maps are computed for this picture alone, and only those that are asked for.
   *
   * @throws if the architecture has no attention over places, or there is no such layer or label
   */
  async explain(image: Image, options: ExplainOptions = {}): Promise<ExplainedImage> {
    const owner = 'ImageClassifier.explain';
    const { model } = this.require('explain');
    const predicted = await this.predict(image);
    const [label] = labelIndices(owner, this.config.labels, [options.label ?? predicted.label]);
    const { data, shape } = imageTensor([framed(owner, image, this.config)], this.config);
    const tensor = tf.tensor4d(data as Float32Array, [...shape]);
    try {
      return { ...predicted, overlays: await explainImage(owner, model, tensor, label, options) };
    } finally {
      tensor.dispose();
    }
  }

  /**
   * Whether an overlay tells the truth: the label's probability while the places that were looked at most are taken away (greyed by the picture's
   * mean) or put in first, beside the same in random orders.
   *
   * @throws if the overlay does not fit its grid
   */
  async faithfulness(
    image: Image,
    overlay: Overlay,
    options: { readonly seed?: number; readonly orders?: number } = {},
  ): Promise<FaithfulnessReport> {
    const { seed = 1, orders = 10 } = options;
    const { label } = await this.predict(image);
    const own = framed('ImageClassifier.faithfulness', image, this.config);
    const score = scoreWithout(own, overlay.grid, async (images) => {
      const predicted = await this.predict(images);
      return predicted.map(({ probabilities }) => probabilities[label]);
    });
    return faithfulness({ importance: [...overlay.weights], score, random: new Random(seed), orders });
  }

  /** Accuracy, F1, loss and calibration on labelled pictures, with the predictions. @throws as `predict`, and if a label is none of the config's */
  async evaluate(
    examples: readonly LabelledImage[],
    options: ImageClassifierPredictOptions = {},
  ): Promise<ImageClassifierEvaluation> {
    const indices = this.labelsOf('evaluate', examples);
    const images = examples.map(({ image }) => image);
    const predictions = await this.predict(images, options);
    const expected = examples.map(({ label }) => label);
    const told = predictions.map(({ label }) => label);
    const inOrder = ({ probabilities }: PredictedImage) => this.config.labels.map((label) => probabilities[label]);
    return {
      ...classificationReport(expected, told, this.config.labels),
      ...calibration(predictions.map(inOrder), indices),
      loss: meanLoss(predictions, expected),
      predictions,
    };
  }

  /**
   * Makes probabilities say how often they are right: all logits are divided by one temperature, fitted on pictures that were not trained on. Classes
   * stay the same. It is saved; a further `fit` takes it back.
   *
   * @returns the temperature: above 1 where the model was too sure
   */
  async calibrate(examples: readonly LabelledImage[], options: ImageClassifierPredictOptions = {}): Promise<number> {
    const { softness } = this.require('calibrate');
    const labels = this.labelsOf('calibrate', examples);
    if (labels.length === 0) throw new Error('ImageClassifier.calibrate: at least one picture is needed, got none');
    const images = examples.map(({ image }) => image);
    softness.temperature = fitTemperature(await this.logits('calibrate', images, options), labels);
    return softness.temperature;
  }

  protected describe({ model, softness }: ClassifierParts) {
    const published = model instanceof Vit && model.config.pooling === 'token';
    const files = published ? publishedVitFiles(model, this.config.labels, this.config) : {};
    return { ...files, state: { temperature: softness.temperature } };
  }

  protected restore({ state }: SavedFiles): ClassifierParts {
    return { ...this.create(), softness: { ...parseConfig('ImageClassifier.load', stateSchema, state) } };
  }

  private create(): ClassifierParts {
    return { model: createImageModel(this.config), softness: { temperature: 1 } };
  }

  private async measure(examples: readonly LabelledImage[]): Promise<{ loss: number; accuracy: number }> {
    const { loss, accuracy } = await this.evaluate(examples);
    return { loss, accuracy };
  }

  private labelsOf(method: string, examples: readonly LabelledImage[]): number[] {
    const owner = `ImageClassifier.${method}`;
    return labelIndices(
      owner,
      this.config.labels,
      examples.map(({ label }) => label),
    );
  }

  private logits(
    method: string,
    images: readonly Image[],
    options: ImageClassifierPredictOptions,
  ): Promise<Float32Array[]> {
    const { batchSize = 64, signal } = options;
    const { model } = this.require(method);
    const reading: ImageReading = this.config;
    return this.predictInBatches(
      method,
      images.map((image) => framed(`ImageClassifier.${method}`, image, reading)),
      {
        batch: (chosen) => ({ images: imageTensor(chosen, reading) }),
        forward: (batch) => ({ logits: model.forward(batch.images as tf.Tensor4D) }), // [B, labels]
        result: ({ logits }) => logits.data as Float32Array,
      },
      { batchSize, signal },
    );
  }
}
