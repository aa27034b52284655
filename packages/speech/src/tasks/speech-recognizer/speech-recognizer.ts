import { addLowRank, requireTexts, Task, type FitHistory, type SavedFiles } from '@heed/tasks';
import { crossEntropy, fingerprint, loadPretrained, openPretrained, type FileSource } from '@heed/training';
import { characterErrorRate, wordErrorRate } from '../../metrics/word-error-rate.ts';
import { ctranslateFolder, isCtranslateFolder } from '../../models/whisper/ctranslate-folder.ts';
import { publishedWhisperConfig, whisperConfigFrom, whisperNames } from '../../models/whisper/whisper.names.ts';
import { WHISPER_HOP, WHISPER_RATE } from '../../features/whisper-features.ts';
import { resample } from '../../sound/resample.ts';
import { requireSound, type Sound } from '../../sound/sound.ts';
import {
  fineTuningBatches,
  readFeatures,
  type FineTuningBatch,
  type FineTuningExample,
} from './fine-tuning-batches.ts';
import {
  GENERATION_FILE,
  partsOf,
  prefixOf,
  readParts,
  TOKENIZER_FILE,
  type RecognizerParts,
} from './recognizer-parts.ts';
import {
  speechRecognizerRecipe,
  speechRecognizerSchema,
  type OpenRecognizerOptions,
  type SpeechExample,
  type SpeechRecognizerConfig,
  type SpeechRecognizerFitOptions,
  type TranscribeOptions,
  type Transcript,
} from './speech-recognizer-config.ts';
import { transcribeSound } from './transcribe-sound.ts';

/**
 * Writes what is said, and when each word was said: Whisper, opened from published weights and fine-tuned on a speaker's own words.
 *
 * `fit` uses AdamW with a learning rate of 0.00001, which rises over the first tenth of the run and then falls linearly; 3 epochs, batches of 8 sounds, weight decay
 * 0.01, gradients clipped to norm 1. Sounds are read at their own length, not in windows of 30 seconds.
 *
 * @example
 * ```ts no-run
 * import { readFile } from 'node:fs/promises';
 * import { startBackend } from '@heed/node';
 * import { readWav, SpeechRecognizer } from '@heed/speech';
 * await startBackend();
 * const recognizer = await SpeechRecognizer.fromPretrained('openai/whisper-tiny.en');
 * const [{ text, words }] = await recognizer.transcribe([readWav(await readFile('prompt.wav'))], { words: true });
 * console.log(text, words![0].start);
 * ```
 */
export class SpeechRecognizer extends Task<SpeechRecognizerConfig, RecognizerParts> {
  static readonly kind = { name: 'SpeechRecognizer', schema: speechRecognizerSchema };

  /** @throws if an option is unknown or out of range, naming it and its value */
  constructor(config: Partial<SpeechRecognizerConfig> = {}) {
    super(SpeechRecognizer.kind, { architecture: 'whisper', ...config });
  }

  /**
   * Opens a published Whisper with its tokenizer, as Hugging Face or CTranslate2 has it (`model.bin`): from a folder or a path (see `startBackend` of @heed/node),
   * or by its id on the Hugging Face hub.
   *
   * @throws if a file is missing or damaged, the model is no Whisper, weights are quantised, or of another config
   */
  static async fromPretrained(
    where: FileSource | string,
    { lora, ...config }: OpenRecognizerOptions = {},
  ): Promise<SpeechRecognizer> {
    const opened = await openPretrained(where);
    const source = (await isCtranslateFolder(opened)) ? await ctranslateFolder(opened) : opened;
    const recognizer = new SpeechRecognizer(config);
    const parts = await readParts(source, 'SpeechRecognizer.fromPretrained');
    return recognizer.adopt(parts, async () => {
      await loadPretrained(source, parts.model, whisperNames);
      return { ...parts, lora: lora && addLowRank(parts.model, lora, recognizer.config.seed) };
    });
  }

  /**
   * Fine-tunes on sounds and their texts.
   *
   * @throws before `fromPretrained`; if there are no sounds, one is empty, not finite or longer than 30 seconds, its text is empty or too long, or the language is
   *   unknown; if a checkpoint is of another run
   */
  async fit(examples: readonly SpeechExample[], options: SpeechRecognizerFitOptions = {}): Promise<FitHistory> {
    const { validation, language, buckets = 4 } = options;
    const parts = this.require('fit');
    const { model, tokens } = parts;
    const { mels } = model.config;
    if (examples.length === 0) throw new Error('SpeechRecognizer.fit: at least one sound is needed, got none');
    const prefix = prefixOf('SpeechRecognizer.fit', parts, language, false);
    for (const set of [examples, validation ?? []]) this.check('fit', set);
    const read: FineTuningExample[] = [];
    for (const { text, ...sound } of examples) {
      const { samples } = resample(sound, WHISPER_RATE);
      read.push({ ...(await readFeatures(samples, mels)), tokens: this.tokensOf(text, prefix, read.length) });
    }
    return this.train<FineTuningBatch>(
      options,
      speechRecognizerRecipe,
      () => parts,
      (_, { batchSize }) => ({
        loss: ({ targets, ...batch }, { random }) => crossEntropy(model.forward(batch, { random }), targets),
        data: fineTuningBatches(
          read,
          { mels, end: tokens.end, prefix: prefix.length },
          { batchSize, buckets, seed: this.config.seed },
        ),
        identity: { buckets, language: language ?? 'en', data: fingerprint(numbersOf(read)) },
        evaluation: validation && {
          run: async () => ({ ...(await this.evaluate(validation, { language: language ?? 'en' })) }),
          monitor: 'wordErrors',
          goal: 'min',
        },
      }),
    );
  }

  /**
   * What is said in each sound, of any length and rate, in their order.
   *
   * @throws before `fromPretrained` or `load`; if a sound is empty or not finite, or the language is unknown; or the signal's reason
   */
  async transcribe(sounds: readonly Sound[], options: TranscribeOptions = {}): Promise<Transcript[]> {
    const parts = this.require('transcribe');
    for (const [place, sound] of sounds.entries()) requireSound('SpeechRecognizer.transcribe', sound, place);
    const context = { parts, run: this.recorded('transcribe'), seed: this.config.seed };
    const transcripts: Transcript[] = [];
    for (const sound of sounds) {
      options.signal?.throwIfAborted();
      transcripts.push(await transcribeSound(resample(sound, WHISPER_RATE).samples, context, options));
    }
    return transcripts;
  }

  /** Errors per word and per character, capitals and punctuation counting. @throws as `transcribe` */
  async evaluate(
    examples: readonly SpeechExample[],
    options: TranscribeOptions = {},
  ): Promise<{ wordErrors: number; characterErrors: number }> {
    const transcripts = await this.transcribe(examples, options);
    const texts = examples.map(({ text }, i) => ({ expected: text, heard: transcripts[i].text }));
    return { wordErrors: wordErrorRate(texts), characterErrors: characterErrorRate(texts) };
  }

  /** What is saved is also what Hugging Face's transformers open. */
  protected describe({ model, tokenizer, tokens, generation }: RecognizerParts) {
    const ids = {
      bos_token_id: tokens.end,
      eos_token_id: tokens.end,
      pad_token_id: tokens.end,
      decoder_start_token_id: tokens.start,
    };
    const { mels } = model.config;
    const features = {
      feature_size: mels,
      sampling_rate: WHISPER_RATE,
      hop_length: WHISPER_HOP,
      n_fft: 400,
      chunk_length: 30,
    };
    return {
      state: {},
      files: {
        [TOKENIZER_FILE]: JSON.stringify(tokenizer.json),
        [GENERATION_FILE]: JSON.stringify({ ...ids, ...generation, no_timestamps_token_id: tokens.noTimestamps }),
        'preprocessor_config.json': JSON.stringify({ feature_extractor_type: 'WhisperFeatureExtractor', ...features }),
      },
      names: whisperNames,
      published: { ...publishedWhisperConfig(model.config), ...ids },
    };
  }

  protected restore({ files, published }: SavedFiles): RecognizerParts {
    return partsOf(
      'SpeechRecognizer.load',
      whisperConfigFrom(published),
      files[TOKENIZER_FILE],
      files[GENERATION_FILE],
    );
  }

  private check(method: string, examples: readonly SpeechExample[]): void {
    const owner = `SpeechRecognizer.${method}`;
    requireTexts(
      owner,
      examples.map(({ text }) => text),
    );
    const most = (2 * this.require(method).model.config.maximumSteps * WHISPER_HOP) / WHISPER_RATE;
    for (const [place, sound] of examples.entries()) {
      requireSound(owner, sound, place);
      if (sound.text.trim() === '')
        throw new Error(`${owner}: a text must not be empty, got ${JSON.stringify(sound.text)} at ${place}`);
      const seconds = sound.samples.length / sound.rate;
      if (seconds > most)
        throw new Error(
          `${owner}: a sound must last at most ${most} seconds, got ${seconds.toFixed(2)} in sound ${place}`,
        );
    }
  }

  /** A text as Whisper writes it: with a space before its first word. */
  private tokensOf(text: string, prefix: readonly number[], place: number): number[] {
    const { model, tokenizer } = this.require('fit');
    const { maximumLength } = model.config;
    const ids = [...prefix, ...tokenizer.encode(` ${text.trim()}`)];
    if (ids.length <= maximumLength) return ids;
    throw new Error(
      `SpeechRecognizer.fit: a text must have at most ${maximumLength - prefix.length} tokens, got ${ids.length - prefix.length} at ${place}`,
    );
  }
}

function* numbersOf(examples: readonly FineTuningExample[]): Generator<number> {
  for (const { features, tokens } of examples) {
    yield* features;
    yield* tokens;
  }
}
