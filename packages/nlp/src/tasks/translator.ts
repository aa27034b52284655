import type { LabelledMap } from '@heed/attention-core';
import { batchTensors, crossEntropy, type Folder, openFolder, parseConfig } from '@heed/training';
import {
  bleu,
  TextTokenizer,
  trainBpe,
  type Bleu,
  type Hypothesis,
  type SequenceModel,
  type TeacherForcedBatch,
  type TokenizerJson,
} from '@heed/tasks';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { TranslationPair } from '../datasets/translation-pair.ts';
import { alignPair } from '../decoding/align-pair.ts';
import { searchAll } from '../decoding/search-all.ts';
import { createRecurrentSeq2Seq, type RecurrentSeq2SeqConfig } from '../models/recurrent-seq2seq/recurrent-seq2seq.ts';
import { createTransformer } from '../models/transformer/transformer.ts';
import { IGNORED, SequenceBatches, type IndexedPair } from '../preprocessing/sequence-batches.ts';
import type { FitHistory } from './fit-model.ts';
import { fitSequenceModel, type FitOptions } from './fit-sequence-model.ts';
import { CONFIG_FILE, readJson, readWeights, writeJson, writeWeights } from './saved-files.ts';

/** What a translator is, apart from the tokens that it learns from its data. */
export interface TranslatorConfig {
  /** Attention alone, or a recurrent network with `attention`. */
  readonly architecture: 'transformer' | 'recurrent';
  /** Width of hidden states. */
  readonly width: number;
  /** Width of the recurrent network's embeddings; the Transformer's have `width`. */
  readonly embeddingWidth: number;
  /** Layers of encoder and decoder each; the recurrent network has one. */
  readonly layers: number;
  /** Heads of the Transformer's attentions. */
  readonly heads: number;
  /** Width inside the Transformer's feed-forward parts. */
  readonly feedForwardWidth: number;
  /** The recurrent network's cell. */
  readonly cell: 'gru' | 'lstm';
  /** How the recurrent network looks back at the source; 'none' is the baseline. */
  readonly attention: RecurrentSeq2SeqConfig['attention'];
  readonly dropout: number;
  /** Tokens of both languages together, learnt from the data (byte-level BPE). */
  readonly vocabularySize: number;
  /** Whether text is put in lower case. */
  readonly lowerCase: boolean;
  /** Longer texts are refused, or cut where `truncate` is asked for. */
  readonly maximumTokens: number;
  /** Decides initial weights, order of the data and dropout. */
  readonly seed: number;
}

export interface TranslatorFitOptions extends FitOptions {
  /** Pairs to measure on after every epoch: the history gets their loss and perplexity. */
  readonly validation?: readonly TranslationPair[];
  /** End after so many epochs without a lower loss on the validation pairs. Default: never. */
  readonly patience?: number;
  /** Whether texts of more than `maximumTokens` are cut instead of refused. Default false. */
  readonly truncate?: boolean;
}

export interface TranslateOptions {
  /** Translations that are followed at once; 1 takes the likeliest token at every step. Default 4. */
  readonly beams?: number;
  /** Default 1: see `beamSearch`. */
  readonly lengthPenalty?: number;
  /** Whether to give the attention map. Default false. */
  readonly attention?: boolean;
  /** Whether a text of more than `maximumTokens` is cut instead of refused. Default false. */
  readonly truncate?: boolean;
  readonly signal?: AbortSignal;
}

export interface Translation {
  /** What was translated. */
  readonly source: string;
  readonly text: string;
  /** ln p. */
  readonly logProbability: number;
  /** Further translations, the best first. */
  readonly alternatives: readonly { readonly text: string; readonly logProbability: number }[];
  /** How much each token (row) looked at each of the source (column), where it was asked for. */
  readonly attention?: LabelledMap;
}

export interface TranslatorEvaluation extends Bleu {
  /** exp of the mean negative log-likelihood of a token, the end included. */
  readonly perplexity: number;
  readonly translations: readonly Translation[];
}

const START = '<s>';
const END = '</s>';
const SPECIAL_TOKENS: readonly string[] = [START, END];
const TOKENIZER_FILE = 'tokenizer.json';

const count = z.number().int().min(1);
const schema = z.strictObject({
  architecture: z.enum(['transformer', 'recurrent']),
  width: count,
  embeddingWidth: count,
  layers: count,
  heads: count,
  feedForwardWidth: count,
  cell: z.enum(['gru', 'lstm']),
  attention: z.enum(['none', 'bahdanau', 'luong-dot', 'luong-general', 'luong-concat']),
  dropout: z.number().min(0).lt(1),
  vocabularySize: z.number().int().min(258),
  lowerCase: z.boolean(),
  maximumTokens: count,
  seed: z.number().int().min(0),
});

const defaults: TranslatorConfig = {
  architecture: 'transformer',
  width: 256,
  embeddingWidth: 256,
  layers: 3,
  heads: 8,
  feedForwardWidth: 512,
  cell: 'gru',
  attention: 'bahdanau',
  dropout: 0.1,
  vocabularySize: 8000,
  lowerCase: false,
  maximumTokens: 256,
  seed: 1,
};

const savedSchema = z.strictObject({
  format: z.literal('heed-translator'),
  version: z.literal(1),
  config: schema,
});

/** A model with the tokens that it was made for. */
interface Trained {
  readonly model: SequenceModel;
  readonly tokenizer: TextTokenizer;
}

/**
 * Learns to translate from pairs of texts, and translates others.
 *
 * @example
 * ```ts
 * import { Translator } from '@heed/nlp';
 * const translator = new Translator({ width: 32, heads: 2, layers: 1, feedForwardWidth: 64, vocabularySize: 280, seed: 7 });
 * const pairs = [
 *   { source: 'Ein Hund läuft.', target: 'A dog runs.' },
 *   { source: 'Eine Katze schläft.', target: 'A cat sleeps.' },
 * ];
 * await translator.fit(pairs, { steps: 150, learningRate: 0.01, labelSmoothing: 0 });
 * const { text } = await translator.translate('Ein Hund läuft.');
 * console.log(text); // A dog runs.
 * ```
 */
export class Translator {
  readonly config: Readonly<TranslatorConfig>;
  private trained: Trained | undefined;

  /** @throws if an option is unknown or out of range, naming it and its value */
  constructor(config: Partial<TranslatorConfig> = {}) {
    this.config = parseConfig('Translator', schema, { ...defaults, ...config });
    createModel(this.config, 2).dispose(); // refuses widths that do not fit before any data are read
  }

  /** Trained weights. @throws before `fit` or `load` */
  get parameterCount(): number {
    return this.require('parameterCount').model.parameterCount();
  }

  /**
   * Trains on pairs of texts; again on an already trained translator, it goes on with the same tokens.
   *
   * @throws if there are no pairs, a text is empty or too long; if a checkpoint is of another config or other data
   */
  async fit(pairs: readonly TranslationPair[], options: TranslatorFitOptions = {}): Promise<FitHistory> {
    const { validation, patience, truncate = false, ...fitOptions } = options;
    if (pairs.length === 0) throw new Error('Translator.fit: at least one pair is needed, got none');
    const { vocabularySize, lowerCase, seed } = this.config;
    this.trained ??= this.create(trainBpe(texts(pairs), { vocabularySize, lowerCase, specialTokens: SPECIAL_TOKENS }));
    const { model, tokenizer } = this.trained;
    const evaluation = validation && {
      run: () => this.measureLoss(validation, truncate),
      patience,
    };
    const config = { translator: this.config, tokens: tokenizer.size };
    const indexed = this.index(pairs, 'fit', truncate);
    return fitSequenceModel({ model, pairs: indexed, ...boundaries(tokenizer), seed, config, evaluation }, fitOptions);
  }

  /**
   * Translates a text, or several.
   *
   * @throws if a text is empty, or too long and `truncate` was not asked for
   */
  translate(text: string, options?: TranslateOptions): Promise<Translation>;
  translate(texts: readonly string[], options?: TranslateOptions): Promise<Translation[]>;
  async translate(
    given: string | readonly string[],
    options: TranslateOptions = {},
  ): Promise<Translation | Translation[]> {
    const { model, tokenizer } = this.require('translate');
    const { beams = 4, lengthPenalty = 1, attention = false, truncate = false, signal } = options;
    const asked = typeof given === 'string' ? [given] : given;
    const sources = asked.map((text) => this.encode(text, 'translate', truncate));
    const found = await searchAll(model, sources, {
      ...boundaries(tokenizer),
      beams,
      lengthPenalty,
      maximumLength: (length) => Math.min(2 * length + 10, this.config.maximumTokens),
      signal,
      rows: 256,
    });
    const read = ({ symbols, logProbability }: Hypothesis) => ({
      text: tokenizer.decode(symbols).trim(),
      logProbability,
    });
    const translations = found.map(([best, ...others], i) => ({
      source: asked[i],
      ...read(best),
      alternatives: others.map(read),
      ...(attention ? this.map(asked[i], sources[i], best.symbols) : {}),
    }));
    return typeof given === 'string' ? translations[0] : translations;
  }

  /** BLEU (sacrebleu's, in the config's case) and perplexity on pairs, with the translations. */
  async evaluate(
    pairs: readonly TranslationPair[],
    options: Omit<TranslateOptions, 'attention'> = {},
  ): Promise<TranslatorEvaluation> {
    const translations = await this.translate(
      pairs.map(({ source }) => source),
      options,
    );
    const { perplexity } = await this.measureLoss(pairs, options.truncate ?? false);
    const compared = pairs.map(({ target }, i) => ({ hypothesis: translations[i].text, references: [target] }));
    return { ...bleu(compared, { lowerCase: this.config.lowerCase }), perplexity, translations };
  }

  /** Writes `config.json`, `tokenizer.json` and `model.safetensors`. @param folder a path (see `startBackend` of @heed/node) or a folder */
  async save(folder: Folder | string): Promise<void> {
    const { model, tokenizer } = this.require('save');
    const target = openFolder(folder);
    await writeWeights(target, model);
    await writeJson(target, TOKENIZER_FILE, tokenizer.json);
    await writeJson(target, CONFIG_FILE, { format: 'heed-translator', version: 1, config: this.config });
  }

  /**
   * Reads what `save` wrote.
   *
   * @throws if a file is missing or damaged, or the weights are of another config
   */
  static async load(folder: Folder | string): Promise<Translator> {
    const source = openFolder(folder);
    const owner = `Translator.load: ${CONFIG_FILE} of ${source.label}`;
    const saved = parseConfig(owner, savedSchema, await readJson('Translator.load', source, CONFIG_FILE));
    const translator = new Translator(saved.config);
    const tokenizer = await readJson('Translator.load', source, TOKENIZER_FILE);
    const trained = translator.create(tokenizer as TokenizerJson);
    try {
      await readWeights('Translator.load', source, trained.model);
    } catch (error) {
      trained.model.dispose();
      throw error;
    }
    translator.trained = trained;
    return translator;
  }

  /** Frees the weights. */
  dispose(): void {
    this.trained?.model.dispose();
    this.trained = undefined;
  }

  private create(json: TokenizerJson): Trained {
    const tokenizer = new TextTokenizer(json);
    return { tokenizer, model: createModel(this.config, tokenizer.size) };
  }

  private require(method: string): Trained {
    if (this.trained === undefined) {
      throw new Error(
        `Translator.${method}: the translator must be trained, got one that saw neither fit() nor load()`,
      );
    }
    return this.trained;
  }

  /** A text's tokens; the names of special tokens are left out of it. */
  private encode(text: string, method: string, truncate: boolean): number[] {
    const { tokenizer } = this.require(method);
    const special = SPECIAL_TOKENS.map((token) => tokenizer.indexOf(token));
    const ids = tokenizer.encode(text).filter((id) => !special.includes(id));
    if (text.trim() === '' || ids.length === 0) {
      throw new Error(`Translator.${method}: a text must not be empty, got ${JSON.stringify(text)}`);
    }
    const { maximumTokens } = this.config;
    if (ids.length < maximumTokens) return ids; // one is left for the end
    if (truncate) return ids.slice(0, maximumTokens - 1);
    throw new Error(
      `Translator.${method}: a text must have fewer than maximumTokens=${maximumTokens} tokens (truncate cuts it), ` +
        `got ${ids.length} in "${text.slice(0, 40)}…"`,
    );
  }

  private index(pairs: readonly TranslationPair[], method: string, truncate: boolean): IndexedPair[] {
    return pairs.map(({ source, target }) => ({
      source: this.encode(source, method, truncate),
      target: this.encode(target, method, truncate),
    }));
  }

  /** Mean negative log-likelihood of a token, and its exponential. */
  private async measureLoss(
    pairs: readonly TranslationPair[],
    truncate: boolean,
  ): Promise<{ loss: number; perplexity: number }> {
    const { model, tokenizer } = this.require('evaluate');
    const indexed = this.index(pairs, 'evaluate', truncate);
    let [sum, tokens] = [0, 0];
    for (const batch of new SequenceBatches(indexed, { batchSize: 64, seed: 0, ...boundaries(tokenizer) }).epoch(0)) {
      const tensors = batchTensors(batch);
      const loss = tf.tidy(() =>
        crossEntropy(model.forward(tensors as unknown as TeacherForcedBatch), tensors.targets, {
          ignoreIndex: IGNORED,
        }),
      );
      const counted = batch.targets.data.filter((label) => label !== IGNORED).length;
      sum += (await loss.data())[0] * counted;
      tokens += counted;
      tf.dispose([loss, tensors]);
    }
    return { loss: sum / tokens, perplexity: Math.exp(sum / tokens) };
  }

  private map(text: string, source: readonly number[], target: readonly number[]): { attention?: LabelledMap } {
    const { model, tokenizer } = this.require('translate');
    const weights = alignPair(model, source, target, boundaries(tokenizer).start);
    if (weights === undefined) return {};
    const labels = (ids: readonly number[]) => tokenizer.pieces(ids).map((piece) => piece.trim());
    return { attention: { name: text, weights, rows: labels(target), columns: labels(source) } };
  }
}

function createModel(config: TranslatorConfig, size: number): SequenceModel {
  const { architecture, width, embeddingWidth, layers, heads, feedForwardWidth, cell, attention, dropout, seed } =
    config;
  const sizes = { sourceSize: size, targetSize: size, dropout };
  if (architecture === 'recurrent') {
    return createRecurrentSeq2Seq(
      {
        ...sizes,
        cell,
        bidirectional: true,
        embeddingWidth,
        hiddenWidth: width,
        attention,
        window: 'global',
        windowRadius: 10,
        contextEveryStep: attention === 'none',
      },
      seed,
    );
  }
  return createTransformer(
    {
      ...sizes,
      modelWidth: width,
      heads,
      encoderLayers: layers,
      decoderLayers: layers,
      feedForwardWidth,
      arithmetic: 'original',
      activation: 'relu',
      placement: 'pre',
      positions: 'sinusoidal',
      maximumLength: config.maximumTokens,
      embeddings: 'shared',
    },
    seed,
  );
}

function boundaries(tokenizer: TextTokenizer): { start: number; end: number } {
  return { start: tokenizer.indexOf(START), end: tokenizer.indexOf(END) };
}

function* texts(pairs: readonly TranslationPair[]): Generator<string> {
  for (const { source, target } of pairs) {
    yield source;
    yield target;
  }
}
