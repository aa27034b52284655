import { labelMap, Random, type LabelledMap } from '@heed/attention-core';
import { labelIndices, Task, type FitHistory, type TaskParts } from '@heed/tasks';
import { crossEntropy, dataLoader, fingerprint, type HostVector } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { featureBatch, soundFeatures, type FeatureBatch, type SoundFeatures } from '../../features/sound-features.ts';
import { specAugment } from '../../features/spec-augment.ts';
import {
  createKeywordTransformer,
  type KeywordTransformer,
} from '../../models/keyword-transformer/keyword-transformer.ts';
import { changeSpeed } from '../../sound/augment.ts';
import { slidingWindows } from '../../sound/sliding-windows.ts';
import { requireSound, type Sound } from '../../sound/sound.ts';
import {
  keywordSpotterRecipe,
  keywordSpotterSchema,
  type HeardKeyword,
  type KeywordExample,
  type KeywordSpotterConfig,
  type KeywordSpotterFitOptions,
  type ListenOptions,
  type SpotOptions,
  type SpottedKeyword,
} from './keyword-spotter-config.ts';

interface KeywordSpotterParts extends TaskParts {
  readonly model: KeywordTransformer;
}

type LabelledBatch = FeatureBatch & { readonly labels: HostVector };

/**
 * Says which of a few words a short sound is, learnt from recordings of them; self-attention over its mel spectrogram.
 *
 * `fit` uses AdamW with a learning rate of 0.001, which rises over the first twentieth of the run and then falls along half a cosine; 30 epochs, batches of 64
 * sounds, weight decay 0.01, gradients clipped to norm 1.
 *
 * @example
 * ```ts
 * import { KeywordSpotter } from '@heed/speech';
 * const tone = (hertz: number, label: string) => ({
 *   samples: Float32Array.from({ length: 2000 }, (_, i) => Math.sin((2 * Math.PI * hertz * i) / 8000)),
 *   rate: 8000,
 *   label,
 * });
 * const tones = [300, 320, 340, 2000, 2100, 2200].map((hertz) => tone(hertz, hertz < 1000 ? 'low' : 'high'));
 * const spotter = new KeywordSpotter({ labels: ['low', 'high'], rate: 8000, modelWidth: 16, layers: 1, seed: 7 });
 * await spotter.fit(tones, { steps: 30, learningRate: 0.01 });
 * const [{ label }] = await spotter.spot([tone(330, '?')]);
 * console.log(label); // low
 * ```
 */
export class KeywordSpotter extends Task<KeywordSpotterConfig, KeywordSpotterParts> {
  static readonly kind = { name: 'KeywordSpotter', schema: keywordSpotterSchema };

  /** @throws if an option is unknown or out of range, naming it and its value */
  constructor(config: Pick<KeywordSpotterConfig, 'labels'> & Partial<KeywordSpotterConfig>) {
    super(KeywordSpotter.kind, config);
  }

  /**
   * Learns from recordings; again on a trained spotter, it goes on from its weights.
   *
   * @throws if there are no sounds, one is empty, not finite or too long, or its label is unknown; if a checkpoint is of another run
   */
  async fit(examples: readonly KeywordExample[], options: KeywordSpotterFitOptions = {}): Promise<FitHistory> {
    const { validation, speeds = [1], specAugment: stripes, buckets = 4, labelSmoothing = 0 } = options;
    const { mels, seed } = this.config;
    if (examples.length === 0) throw new Error('KeywordSpotter.fit: at least one sound is needed, got none');
    const labels = this.check('fit', examples);
    if (validation !== undefined) this.check('fit', validation);
    if (speeds.length === 0) throw new Error('KeywordSpotter.fit: speeds must have one at least, got none');
    const heard = examples.flatMap((sound, i) =>
      speeds.map((speed) => ({ samples: changeSpeed(sound.samples, speed), rate: sound.rate, label: labels[i] })),
    );
    const features = await soundFeatures('KeywordSpotter.fit', heard, this.config);
    return this.train<LabelledBatch>(
      options,
      keywordSpotterRecipe,
      () => this.create(),
      ({ model }, { batchSize }) => ({
        loss: ({ labels: expected, ...batch }, { random }) =>
          crossEntropy(model.forward(batch, { random }), expected, { labelSmoothing }),
        data: dataLoader({
          examples: features.map(({ frames }) => frames),
          batchSize,
          buckets,
          seed,
          make: (members, { length }) => {
            const random = new Random(seed).fork(`stripes ${members.join(' ')}`); // what a resumed run draws again
            const chosen = members.map((index) => features[index]);
            const seen = stripes === undefined ? chosen : chosen.map((sound) => striped(sound, mels, random, stripes));
            return {
              ...featureBatch(seen, length, mels),
              labels: { data: Int32Array.from(members, (index) => heard[index].label), shape: [members.length] },
            };
          },
        }),
        identity: {
          buckets,
          speeds,
          labelSmoothing,
          stripes: stripes ?? null,
          data: fingerprint(numbersOf(examples, labels)),
        },
        evaluation: validation && { run: () => this.evaluate(validation), monitor: 'accuracy', goal: 'max' },
      }),
    );
  }

  /** Which word each sound is, in their order. @throws if one is empty, not finite, or too long and `truncation` is 'error' */
  async spot(sounds: readonly Sound[], options: SpotOptions = {}): Promise<SpottedKeyword[]> {
    const { attention = false, truncation = 'error', batchSize = 32, signal } = options;
    const { model } = this.require('spot');
    const { labels, mels } = this.config;
    const read = truncation === 'end' ? sounds.map((sound) => this.newest(sound)) : sounds;
    this.checkSounds('spot', read);
    return this.predictInBatches(
      'spot',
      await soundFeatures('KeywordSpotter.spot', read, this.config),
      {
        size: ({ frames }) => frames,
        batch: (chosen, size) => featureBatch(chosen, size, mels),
        forward: (batch) => ({ probabilities: tf.softmax(model.forward(batch)) }), // [B, labels]
        result: ({ probabilities: { data } }, { frames }, row, maps) => ({
          label: labels[data.indexOf(Math.max(...data))],
          probabilities: Object.fromEntries(labels.map((label, i) => [label, data[i]])),
          ...(attention && { attention: momentsOf(maps.at(-1)!, row, frames) }),
        }),
      },
      { batchSize, signal, attention },
    );
  }

  /**
   * Hears sound as it comes, and says at every step which word the last moment was.
   *
   * @param sound pieces of any length, e.g. of a microphone
   * @throws as `spot`, or if `window` is longer than `maximumSeconds`
   */
  async *listen(
    sound: AsyncIterable<Float32Array>,
    options: ListenOptions,
  ): AsyncGenerator<HeardKeyword, void, undefined> {
    const { rate, window = 1, every = 0.2, signal } = options;
    this.require('listen');
    for await (const { samples, end } of slidingWindows(sound, { window: window * rate, every: every * rate })) {
      const [spotted] = await this.spot([{ samples, rate }], signal === undefined ? {} : { signal });
      yield { ...spotted, time: end / rate };
    }
  }

  /** Mean loss in nats, and accuracy. */
  async evaluate(examples: readonly KeywordExample[]): Promise<{ loss: number; accuracy: number }> {
    this.check('evaluate', examples);
    const spotted = await this.spot(examples);
    const right = spotted.filter(({ label }, i) => label === examples[i].label).length;
    const losses = spotted.map(({ probabilities }, i) => -Math.log(Math.max(probabilities[examples[i].label], 1e-38)));
    return { loss: losses.reduce((sum, loss) => sum + loss, 0) / examples.length, accuracy: right / examples.length };
  }

  protected describe() {
    return {};
  }

  protected restore(): KeywordSpotterParts {
    return this.create();
  }

  private create(): KeywordSpotterParts {
    const { labels, mels, modelWidth, layers, heads, dropout, seed } = this.config;
    const config = { mels, modelWidth, layers, heads, dropout, classes: labels.length };
    return { model: createKeywordTransformer(config, seed) };
  }

  /** @returns the index of each label */
  private check(method: string, examples: readonly KeywordExample[]): number[] {
    this.checkSounds(method, examples);
    return labelIndices(
      `KeywordSpotter.${method}`,
      this.config.labels,
      examples.map(({ label }) => label),
    );
  }

  private checkSounds(method: string, sounds: readonly Sound[]): void {
    const { maximumSeconds } = this.config;
    for (const [place, sound] of sounds.entries()) {
      requireSound(`KeywordSpotter.${method}`, sound, place);
      const seconds = sound.samples.length / sound.rate;
      if (seconds <= maximumSeconds) continue;
      throw new Error(
        `KeywordSpotter.${method}: a sound must last at most maximumSeconds=${maximumSeconds}, got ${seconds.toFixed(2)} in sound ${place}`,
      );
    }
  }

  private newest(sound: Sound): Sound {
    const most = Math.floor(this.config.maximumSeconds * sound.rate);
    return sound.samples.length <= most ? sound : { ...sound, samples: sound.samples.subarray(-most) };
  }
}

function striped(
  sound: SoundFeatures,
  mels: number,
  random: Random,
  stripes: Parameters<typeof specAugment>[3],
): SoundFeatures {
  return { ...sound, data: specAugment(sound.data, mels, random, stripes) };
}

function momentsOf(map: Parameters<typeof labelMap>[0], row: number, frames: number): LabelledMap {
  const columns = Array.from({ length: Math.ceil(frames / 2) }, (_, i) => `${(0.02 * i).toFixed(2)} s`);
  return labelMap(map, { batch: row, rows: ['word'], columns });
}

function* numbersOf(examples: readonly KeywordExample[], labels: readonly number[]): Generator<number> {
  for (const [i, { samples, rate }] of examples.entries()) {
    yield* samples;
    yield rate;
    yield labels[i];
  }
}
