import { capture, labelHeads, labelMap, type LabelledMap } from '@heed/attention-core';
import {
  batchTensors,
  loadPretrained,
  openFolder,
  openPretrained,
  parseConfig,
  readConfig,
  savePretrained,
  type FileSource,
  type Folder,
} from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import {
  beamContinuations,
  CharacterTokenizer,
  generateTokens,
  TextStream,
  TextTokenizer,
  trainBpe,
  type SamplingOptions,
  type TextCodec,
  type TokenizerJson,
} from '@heed/tasks';
import { gptConfigFrom, gptNames, publishedGptConfig } from '../models/gpt/gpt.names.ts';
import { createGpt, type Gpt, type GptConfig, type NextTokenBatch } from '../models/gpt/gpt.ts';
import { IGNORED } from '../preprocessing/sequence-batches.ts';
import { consecutiveWindows, TextWindows } from '../preprocessing/text-windows.ts';
import { fitLanguageModel, type FitLanguageModelOptions } from './fit-language-model.ts';
import type { FitHistory } from './fit-model.ts';
import { CONFIG_FILE, readJson, readWeights, writeJson, writeWeights } from './saved-files.ts';

/** What a text generator is, apart from the tokens that it learns from its data. The defaults are nanoGPT's for a CPU. */
export interface TextGeneratorConfig {
  /** A token for every character, or byte-level BPE. Default 'characters'. */
  readonly tokenizer: 'characters' | 'bpe';
  /** Tokens of a BPE vocabulary at most; characters are as many as there are. Default 4000. */
  readonly vocabularySize: number;
  /** How many tokens are seen at once. Default 64. */
  readonly contextLength: number;
  /** Width of hidden states. Default 128. */
  readonly width: number;
  /** Default 4. */
  readonly layers: number;
  /** Default 4. */
  readonly heads: number;
  /** Default 0. */
  readonly dropout: number;
  /** Decides initial weights, order of the data and dropout. Default 1. */
  readonly seed: number;
}

export interface TextGeneratorFitOptions extends FitLanguageModelOptions {
  /** Windows of `contextLength` tokens per update. Default 12. */
  readonly batchSize?: number;
  /** Text to measure on: the history gets its loss, perplexity and bits per character. */
  readonly validation?: string | readonly string[];
  /** Measure after every so many steps. Default: after every epoch. */
  readonly evaluateEverySteps?: number;
  /** End after so many evaluations without a lower loss. Default: never. */
  readonly patience?: number;
}

/** What a text is continued from, and how far. */
export interface StreamOptions extends SamplingOptions {
  /** Default 256. */
  readonly maximumTokens?: number;
  /** Texts that end it; they are not given. */
  readonly stop?: string | readonly string[];
  /** Decides what is drawn. Default 0. */
  readonly seed?: number;
  /** Whether a prompt of more tokens than the model sees at once is cut at its beginning instead of refused. Default false. */
  readonly truncate?: boolean;
  /** Ends it between two tokens; it then throws the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface GenerateOptions extends StreamOptions {
  /** Follow so many continuations and give the likeliest instead of drawing; prompt and continuation then fit into what the model sees at once. */
  readonly beams?: number;
  /** With beams: see `beamSearch`. Default 1. */
  readonly lengthPenalty?: number;
  /** With beams: see `beamSearch`. */
  readonly groups?: number;
  /** With beams: see `beamSearch`. */
  readonly diversity?: number;
  /** Whether to give the attention maps; 'heads' gives those of every head too. Default false. */
  readonly attention?: boolean | 'heads';
}

export interface GeneratedText {
  readonly prompt: string;
  /** The continuation, without the prompt. */
  readonly text: string;
  /** ln p of the continuation's tokens. */
  readonly logProbability: number;
  /** Why it ended: the end of a text was written, a `stop`, or `maximumTokens`. */
  readonly reason: 'end' | 'stop' | 'length';
  /** With beams: further continuations, the best first. */
  readonly alternatives: readonly { readonly text: string; readonly logProbability: number }[];
  /** What each token (row) looked at (column), layer by layer, the mean of its heads, prompt and text together; where it was asked for. */
  readonly attention?: readonly LabelledMap[];
  /** The same of every head, layer by layer, for `renderHeads`; where they were asked for. */
  readonly heads?: readonly (readonly LabelledMap[])[];
}

export interface LanguageModelEvaluation {
  /** Mean negative log-likelihood of a token, in nats. */
  readonly loss: number;
  /** exp of the loss. */
  readonly perplexity: number;
  /** What an ideal compressor would need: comparable between tokenizers. */
  readonly bitsPerCharacter: number;
  /** Tokens that were foretold: all but the first of each text. */
  readonly tokens: number;
}

const END = '<|endoftext|>';
const TOKENIZER_FILE = 'tokenizer.json';

const count = z.number().int().min(1);
const schema = z.strictObject({
  tokenizer: z.enum(['characters', 'bpe']),
  vocabularySize: count,
  contextLength: count,
  width: count,
  layers: count,
  heads: count,
  dropout: z.number().min(0).lt(1),
  seed: z.number().int().min(0),
});

const defaults: TextGeneratorConfig = {
  tokenizer: 'characters',
  vocabularySize: 4000,
  contextLength: 64,
  width: 128,
  layers: 4,
  heads: 4,
  dropout: 0,
  seed: 1,
};

const savedSchema = z.strictObject({
  format: z.literal('heed-text-generator'),
  version: z.literal(1),
  config: schema,
  model: z.custom<GptConfig>((value) => typeof value === 'object' && value !== null),
  end: z.number().int().min(0).nullable(),
});

/** A model with the tokens that it was made for. */
interface Trained {
  readonly model: Gpt;
  readonly tokenizer: TextCodec;
  /** The token after the last of a text, where texts were told apart. */
  readonly end: number | undefined;
}

/**
 * Learns from texts how they go on, and continues others.
 *
 * @example
 * ```ts
 * import { TextGenerator } from '@heed/nlp';
 * const generator = new TextGenerator({ width: 24, layers: 1, heads: 2, contextLength: 24, seed: 7 });
 * await generator.fit('to be, or not to be. '.repeat(20), { steps: 250, batchSize: 8, learningRate: 0.01 });
 * const { text } = await generator.generate('to be,', { maximumTokens: 12, temperature: 0 });
 * console.log(text); // ' or not to b'
 * for await (const piece of generator.stream('or', { maximumTokens: 12, seed: 3 })) console.log(piece);
 * ```
 */
export class TextGenerator {
  readonly config: Readonly<TextGeneratorConfig>;
  private trained: Trained | undefined;

  /** @throws if an option is unknown or out of range, naming it and its value */
  constructor(config: Partial<TextGeneratorConfig> = {}) {
    this.config = parseConfig('TextGenerator', schema, { ...defaults, ...config });
    createGpt(gptConfigOf(this.config, 2), 0).dispose(); // refuses widths that do not fit before any data are read
  }

  /**
   * Opens a published GPT-2 with its tokenizer: from a folder or a path (see `startBackend` of @heed/node), from what `fetchData` got, or by its id
   * on the Hugging Face hub.
   *
   * @throws if a file is missing or damaged, the model is no GPT-2, or the weights are of another config
   */
  static async fromPretrained(where: FileSource | string): Promise<TextGenerator> {
    const source = await openPretrained(where);
    const published = await readConfig(source);
    const model = gptConfigFrom(published);
    const tokenizer = await readTokenizer('TextGenerator.fromPretrained', source, 'bpe');
    const { eos_token_id: end } = published;
    const generator = new TextGenerator({
      tokenizer: 'bpe',
      vocabularySize: model.vocabularySize,
      contextLength: model.maximumLength,
      width: model.modelWidth,
      layers: model.layers,
      heads: model.heads,
      dropout: model.dropout,
    });
    const trained = { model: createGpt(model, 0), tokenizer, end: typeof end === 'number' ? end : undefined };
    return generator.filled(trained, () => loadPretrained(source, trained.model, gptNames));
  }

  /** The model itself. @throws before `fit`, `load` or `fromPretrained` */
  get model(): Gpt {
    return this.require('model').model;
  }

  /**
   * Trains on a text, or on several that are told apart; again on an already trained generator, it goes on with the same tokens.
   *
   * @param data a text, texts, or the tokens of the generator's own tokenizer
   * @throws if there is nothing to learn from; for characters or tokens that are not known already; if a checkpoint is of another config or
   *   other data
   */
  async fit(data: string | Iterable<string> | Int32Array, options: TextGeneratorFitOptions = {}): Promise<FitHistory> {
    const { batchSize = 12, validation, evaluateEverySteps, patience, ...fitOptions } = options;
    const texts = data instanceof Int32Array ? undefined : typeof data === 'string' ? [data] : [...data];
    this.trained ??= this.create(texts, typeof data !== 'string');
    const { model, tokenizer } = this.trained;
    const tokens = data instanceof Int32Array ? this.check(data) : this.tokenize(texts!, 'fit');
    if (tokens.length < 2) {
      throw new Error(`TextGenerator.fit: there must be at least two tokens to learn from, got ${tokens.length}`);
    }
    const evaluation = validation !== undefined && {
      run: async () => {
        const { tokens: _, ...measured } = await this.evaluate(validation);
        return measured;
      },
      everySteps: evaluateEverySteps,
      patience,
    };
    const config = { generator: this.config, tokens: tokenizer.size, batchSize };
    const [seed, length] = [this.config.seed, Math.min(model.config.maximumLength, tokens.length - 1)];
    const batches = new TextWindows(tokens, { batchSize, length, seed });
    return fitLanguageModel({ model, batches, seed, config, evaluation: evaluation || undefined }, fitOptions);
  }

  /**
   * Continues a text.
   *
   * @throws if the prompt is empty (unless texts were told apart in training: it then begins a new one), too long and `truncate` was not asked
   *   for, or has an unknown character; if an option is out of range
   */
  async generate(prompt: string, options: GenerateOptions = {}): Promise<GeneratedText> {
    const { beams, attention = false } = options;
    const found = beams === undefined ? await this.draw(prompt, options) : await this.search(prompt, beams, options);
    const { tokens, ...result } = found;
    return { prompt, ...result, ...(attention !== false && this.maps(tokens, attention)) };
  }

  /** The pieces of a continuation as they are written: whole characters. @throws as `generate` */
  async *stream(prompt: string, options: StreamOptions = {}): AsyncGenerator<string, void, undefined> {
    for await (const { piece } of this.continue(this.start(prompt, 'stream', options), options)) {
      if (piece !== '') yield piece;
    }
  }

  /** How well a text, or several, were foretold: every token but the first from those before it in a window of `contextLength`. */
  async evaluate(data: string | readonly string[]): Promise<LanguageModelEvaluation> {
    const { model, tokenizer } = this.require('evaluate');
    let [nats, foretold, characters] = [0, 0, 0];
    for (const text of typeof data === 'string' ? [data] : data) {
      const tokens = Int32Array.from(tokenizer.encode(text));
      if (tokens.length < 2) {
        throw new Error(`TextGenerator.evaluate: a text must have at least two tokens, got ${tokens.length}`);
      }
      const length = Math.min(model.config.maximumLength, tokens.length - 1);
      for (const batch of consecutiveWindows(tokens, { batchSize: 32, length })) {
        const tensors = batchTensors(batch);
        const loss = model.loss(tensors as unknown as NextTokenBatch);
        const counted = batch.targets.data.filter((target) => target !== IGNORED).length;
        nats += (await loss.data())[0] * counted;
        foretold += counted;
        tf.dispose([loss, tensors]);
      }
      characters += [...text].length - [...tokenizer.decode([tokens[0]]).trimStart()].length;
    }
    const loss = nats / foretold;
    return { loss, perplexity: Math.exp(loss), bitsPerCharacter: nats / Math.LN2 / characters, tokens: foretold };
  }

  /** Writes `config.json`, `tokenizer.json` and `model.safetensors`. @param folder a path (see `startBackend` of @heed/node) or a folder */
  async save(folder: Folder | string): Promise<void> {
    const { model, tokenizer, end } = this.require('save');
    const target = openFolder(folder);
    await writeWeights(target, model);
    await writeJson(target, TOKENIZER_FILE, tokenizer.json);
    const saved = { config: this.config, model: model.config, end: end ?? null };
    await writeJson(target, CONFIG_FILE, { format: 'heed-text-generator', version: 1, ...saved });
  }

  /** Reads what `save` wrote. @throws if a file is missing or damaged, or the weights are of another config */
  static async load(folder: Folder | string): Promise<TextGenerator> {
    const source = openFolder(folder);
    const owner = `TextGenerator.load: ${CONFIG_FILE} of ${source.label}`;
    const saved = parseConfig(owner, savedSchema, await readJson('TextGenerator.load', source, CONFIG_FILE));
    const generator = new TextGenerator(saved.config);
    const tokenizer = await readTokenizer('TextGenerator.load', source, saved.config.tokenizer);
    const trained = { tokenizer, model: createGpt(saved.model, 0), end: saved.end ?? undefined };
    return generator.filled(trained, () => readWeights('TextGenerator.load', source, trained.model));
  }

  /** Saves what Hugging Face's transformers open: config, weights and tokenizer of a GPT-2. */
  async savePretrained(where: Folder | string): Promise<void> {
    const { model, tokenizer, end } = this.require('savePretrained');
    const marks = { bos_token_id: end ?? null, eos_token_id: end ?? null };
    await savePretrained(where, {
      model,
      names: gptNames,
      config: { ...publishedGptConfig(model.config), ...marks },
      files: { [TOKENIZER_FILE]: JSON.stringify(tokenizer.json) },
    });
  }

  /** Frees the weights. */
  dispose(): void {
    this.trained?.model.dispose();
    this.trained = undefined;
  }

  private create(texts: readonly string[] | undefined, apart: boolean): Trained {
    if (texts === undefined) {
      throw new Error(
        'TextGenerator.fit: tokens can only be learnt from where there is a tokenizer, got a new generator',
      );
    }
    if (!texts.some((text) => text.length > 0)) {
      throw new Error(`TextGenerator.fit: there must be a text to learn from, got ${texts.length} empty ones`);
    }
    const { vocabularySize, seed } = this.config;
    const specialTokens = apart ? [END] : [];
    const tokenizer =
      this.config.tokenizer === 'characters'
        ? CharacterTokenizer.of(texts, specialTokens)
        : new TextTokenizer(trainBpe(texts, { vocabularySize, specialTokens }));
    const model = createGpt(gptConfigOf(this.config, tokenizer.size), seed);
    return { tokenizer, model, end: apart ? tokenizer.json.model.vocab[END] : undefined };
  }

  /** This generator with a model whose weights are read now. */
  private async filled(trained: Trained, read: () => Promise<unknown>): Promise<this> {
    try {
      await read();
    } catch (error) {
      trained.model.dispose();
      throw error;
    }
    this.trained = trained;
    return this;
  }

  private require(method: string): Trained {
    if (this.trained === undefined) {
      throw new Error(
        `TextGenerator.${method}: the generator must be trained, got one that saw neither fit(), load() nor fromPretrained()`,
      );
    }
    return this.trained;
  }

  /** One stream of tokens, the end after every text where texts are told apart. */
  private tokenize(texts: readonly string[], method: string): Int32Array {
    const { tokenizer, end } = this.require(method);
    return Int32Array.from(
      texts.flatMap((text) => {
        const ids = tokenizer.encode(text);
        return end === undefined ? ids : [...ids, end];
      }),
    );
  }

  private check(tokens: Int32Array): Int32Array {
    const { tokenizer } = this.require('fit');
    const wrong = tokens.find((token) => token < 0 || token >= tokenizer.size);
    if (wrong === undefined) return tokens;
    throw new Error(`TextGenerator.fit: tokens must be in [0, ${tokenizer.size}), got ${wrong}`);
  }

  /** A prompt's tokens. */
  private start(prompt: string, method: string, { truncate = false }: StreamOptions): number[] {
    const { model, tokenizer, end } = this.require(method);
    const ids = tokenizer.encode(prompt);
    if (ids.length === 0) {
      if (end !== undefined) return [end]; // what stands before the first token of a text
      throw new Error(`TextGenerator.${method}: a prompt must not be empty, got ${JSON.stringify(prompt)}`);
    }
    const { maximumLength } = model.config;
    if (ids.length <= maximumLength) return ids;
    if (truncate) return ids.slice(-maximumLength);
    throw new Error(
      `TextGenerator.${method}: a prompt must have at most contextLength=${maximumLength} tokens (truncate cuts it), got ${ids.length} in ` +
        JSON.stringify(`${prompt.slice(0, 40)}…`),
    );
  }

  /** Tokens as they are drawn, with the text that is certain after each; and at the end what was held back. */
  private async *continue(start: readonly number[], options: StreamOptions) {
    const { model, tokenizer, end } = this.require('generate');
    const { stop = [], maximumTokens = 256, ...more } = options;
    const written = new TextStream(tokenizer, typeof stop === 'string' ? [stop] : stop);
    const steps = generateTokens(model, [start], {
      ...more,
      maximumTokens,
      ...(end === undefined ? {} : { end: [end] }),
    });
    for await (const [next] of steps) {
      const piece = written.push(next!.token);
      yield { piece, next, stopped: written.stopped };
      if (written.stopped) return;
    }
    yield { piece: written.end(), next: undefined, stopped: false };
  }

  private async draw(prompt: string, options: GenerateOptions) {
    const start = this.start(prompt, 'generate', options);
    const tokens = [...start];
    let [text, logProbability, stopped] = ['', 0, false];
    for await (const step of this.continue(start, options)) {
      text += step.piece;
      if (step.next === undefined) continue;
      tokens.push(step.next.token);
      logProbability += step.next.logProbability;
      stopped = step.stopped;
    }
    const full = tokens.length - start.length === (options.maximumTokens ?? 256);
    const reason = stopped ? ('stop' as const) : full ? ('length' as const) : ('end' as const);
    return { text, logProbability, reason, alternatives: [], tokens };
  }

  private async search(prompt: string, beams: number, options: GenerateOptions) {
    const { model, tokenizer, end } = this.require('generate');
    const { lengthPenalty = 1, groups, diversity, signal, stop } = options;
    if (stop !== undefined) throw new Error(`TextGenerator.generate: stop goes without beams, got beams=${beams}`);
    const start = this.start(prompt, 'generate', options);
    const room = Math.max(1, model.config.maximumLength - start.length);
    const found = await beamContinuations(model, start, {
      beams,
      lengthPenalty,
      end: end ?? -1,
      maximumLength: options.maximumTokens ?? room,
      signal,
      ...(groups === undefined ? {} : { groups }),
      ...(diversity === undefined ? {} : { diversity }),
    });
    const [best, ...alternatives] = found.map(({ symbols, logProbability, ended }) => ({
      text: tokenizer.decode(symbols),
      logProbability,
      reason: ended ? ('end' as const) : ('length' as const),
      tokens: [...start, ...symbols],
    }));
    return { ...best, alternatives: alternatives.map(({ text, logProbability }) => ({ text, logProbability })) };
  }

  /** Layer by layer, of as many tokens at the end as the model sees at once. */
  private maps(tokens: readonly number[], asked: true | 'heads'): Pick<GeneratedText, 'attention' | 'heads'> {
    const { model, tokenizer } = this.require('generate');
    const seen = tokens.slice(-model.config.maximumLength);
    const rows = tokenizer.pieces(seen);
    const input = tf.tensor2d([seen], [1, seen.length], 'int32');
    const { result, maps } = capture(() => model.next(input));
    try {
      const attention = maps.map((map) => labelMap(map, { rows, columns: rows }));
      if (asked === true) return { attention };
      return { attention, heads: maps.map((map) => labelHeads(map, { rows, columns: rows })) };
    } finally {
      tf.dispose([input, result, ...maps.map(({ weights }) => weights)]);
    }
  }
}

function gptConfigOf({ contextLength, width, layers, heads, dropout }: TextGeneratorConfig, size: number): GptConfig {
  return {
    vocabularySize: size,
    maximumLength: contextLength,
    modelWidth: width,
    layers,
    heads,
    feedForwardWidth: 4 * width,
    epsilon: 1e-5,
    dropout,
    attentionDropout: dropout,
  };
}

async function readTokenizer(
  owner: string,
  source: FileSource,
  kind: TextGeneratorConfig['tokenizer'],
): Promise<TextCodec> {
  const json = (await readJson(owner, source, TOKENIZER_FILE)) as TokenizerJson;
  return kind === 'characters' ? new CharacterTokenizer(json) : new TextTokenizer(json);
}
