import {
  beamContinuations,
  CharacterTokenizer,
  generateTokens,
  Task,
  TextStream,
  TextTokenizer,
  textWindows,
  trainBpe,
  type FitHistory,
  type SavedFiles,
} from '@heed/tasks';
import {
  loadPretrained,
  makeFor,
  openPretrained,
  parseConfig,
  readConfig,
  savePretrained,
  type FileSource,
  type Folder,
} from '@heed/training';
import { z } from 'zod';
import { gptConfigFrom, gptNames } from '../../models/gpt/gpt.names.ts';
import { createGpt, type GptConfig } from '../../models/gpt/gpt.ts';
import {
  gptConfigOf,
  knownTokens,
  readTokenizer,
  TOKENIZER_FILE,
  tokensOf,
  type GeneratorParts,
} from './generator-parts.ts';
import { attentionMaps, measureTexts } from './measure-texts.ts';
import { endOf, publishedGenerator } from './published-generator.ts';
import { languageModelRecipe, nextTokenLoss } from '../fit-language-model.ts';
import {
  textGeneratorSchema,
  type GeneratedText,
  type GenerateOptions,
  type LanguageModelEvaluation,
  type StreamOptions,
  type TextGeneratorConfig,
  type TextGeneratorFitOptions,
  type TextGeneratorOptions,
} from './text-generator-config.ts';

const END = '<|endoftext|>';
/** Options that decide what is drawn, where nothing is. */
const WITHOUT_BEAMS = ['stop', 'temperature', 'topK', 'topP', 'minP', 'repetitionPenalty', 'seed'] as const;

const stateSchema = z.strictObject({
  model: z.custom<GptConfig>((value) => typeof value === 'object' && value !== null),
  end: z.number().int().min(0).nullable(),
});

/**
 * Learns from texts how they go on, and continues others.
 *
 * `fit` uses AdamW with a learning rate of 0.001, which rises over the first twentieth of the run and then falls to a tenth along half a cosine; 1 epoch,
 * batches of 12 windows, weight decay 0.1 on matrices, gradients clipped to norm 1.
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
export class TextGenerator extends Task<TextGeneratorConfig, GeneratorParts> {
  static readonly kind = { name: 'TextGenerator', schema: textGeneratorSchema };

  /** @throws if an option is unknown, of another tokenizer or out of range, naming it and its value */
  constructor(config: TextGeneratorOptions = {}) {
    super(TextGenerator.kind, { tokenizer: 'characters', ...config });
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
    const config = gptConfigFrom(published);
    const tokenizer = readTokenizer('bpe', await source.read(TOKENIZER_FILE));
    const end = endOf(published.eos_token_id);
    const generator = new TextGenerator({
      tokenizer: 'bpe',
      vocabularySize: config.vocabularySize,
      contextLength: config.maximumLength,
      width: config.modelWidth,
      layers: config.layers,
      heads: config.heads,
      dropout: config.dropout,
    });
    const model = await makeFor(source, () => createGpt(config, 0));
    const parts = { model, tokenizer, end };
    return generator.adopt(parts, async () => {
      await loadPretrained(source, parts.model, gptNames);
      return parts;
    });
  }

  /**
   * Trains on a text, or on several that are told apart; again on a trained generator, it goes on with the same tokens.
   *
   * @param data a text, texts, or the tokens of the generator's own tokenizer
   * @throws if there is nothing to learn from; for characters or tokens that are not known already; if a checkpoint is of another run
   */
  async fit(data: string | Iterable<string> | Int32Array, options: TextGeneratorFitOptions = {}): Promise<FitHistory> {
    const { validation } = options;
    const texts = data instanceof Int32Array ? undefined : typeof data === 'string' ? [data] : [...data];
    const create = () => this.create(texts, typeof data !== 'string');
    return this.train(options, languageModelRecipe, create, (parts, { batchSize }) => {
      const { model, tokenizer } = parts;
      const tokens = data instanceof Int32Array ? knownTokens(tokenizer, data) : tokensOf(parts, texts!);
      if (tokens.length < 2) {
        throw new Error(`TextGenerator.fit: there must be at least two tokens to learn from, got ${tokens.length}`);
      }
      if (validation !== undefined) tokensOf(parts, typeof validation === 'string' ? [validation] : validation);
      const length = Math.min(model.config.maximumLength, tokens.length - 1);
      const windows = textWindows(tokens, { batchSize, length, seed: this.config.seed });
      return {
        loss: nextTokenLoss(model),
        data: windows,
        identity: { tokens: tokenizer.size, data: windows.fingerprint },
        evaluation:
          validation === undefined
            ? undefined
            : {
                run: async () => {
                  const { tokens: _, ...measured } = await this.evaluate(validation);
                  return measured;
                },
              },
      };
    });
  }

  /**
   * Continues a text, or several one after the other.
   *
   * @throws if a prompt is empty (unless texts were told apart in training: it then begins a new one), too long and `truncation` is 'error', or has
   *   an unknown character; if an option is out of range
   */
  generate(prompt: string, options?: GenerateOptions): Promise<GeneratedText>;
  generate(prompts: readonly string[], options?: GenerateOptions): Promise<GeneratedText[]>;
  async generate(
    input: string | readonly string[],
    options: GenerateOptions = {},
  ): Promise<GeneratedText | GeneratedText[]> {
    if (typeof input === 'string') return (await this.generate([input], options))[0];
    const { beams, attention = false } = options;
    const parts = this.require('generate');
    const starts = input.map((prompt) => this.start(prompt, 'generate', options));
    const results: GeneratedText[] = [];
    for (const [i, prompt] of input.entries()) {
      const written = beams === undefined ? this.draw(starts[i], options) : this.search(starts[i], beams, options);
      const { tokens, ...result } = await written;
      results.push({ prompt, ...result, ...(attention !== false && attentionMaps(parts, tokens, attention)) });
    }
    return results;
  }

  /** The pieces of a continuation as they are written: whole characters. @throws as `generate` */
  async *stream(prompt: string, options: StreamOptions = {}): AsyncGenerator<string, void, undefined> {
    for await (const { piece } of this.continue(this.start(prompt, 'stream', options), options)) {
      if (piece !== '') yield piece;
    }
  }

  /** How well a text, or several, were predicted: every token but the first from those before it in a window of `contextLength`. */
  async evaluate(data: string | readonly string[]): Promise<LanguageModelEvaluation> {
    return measureTexts(this.require('evaluate'), typeof data === 'string' ? [data] : data);
  }

  /** Saves what Hugging Face's transformers open: config, weights and tokenizer of a GPT-2. */
  async savePretrained(where: Folder | string): Promise<void> {
    await savePretrained(where, publishedGenerator(this.require('savePretrained')));
  }

  protected describe({ model, tokenizer, end }: GeneratorParts) {
    return {
      state: { model: model.config, end: end ?? null },
      files: { [TOKENIZER_FILE]: JSON.stringify(tokenizer.json) },
    };
  }

  protected restore({ state, source, files }: SavedFiles): GeneratorParts {
    const owner = `TextGenerator.load: config.json of ${source.label}`;
    const { model, end } = parseConfig(owner, stateSchema, state as object);
    const tokenizer = readTokenizer(this.config.tokenizer, files[TOKENIZER_FILE]);
    return { tokenizer, model: createGpt(model, 0), end: end ?? undefined };
  }

  private create(texts: readonly string[] | undefined, apart: boolean): GeneratorParts {
    if (texts === undefined) {
      throw new Error(
        'TextGenerator.fit: tokens can only be learned from where there is a tokenizer, got a new generator',
      );
    }
    if (!texts.some((text) => text.length > 0)) {
      throw new Error(`TextGenerator.fit: there must be a text to learn from, got ${texts.length} empty ones`);
    }
    const { config } = this;
    const specialTokens = apart ? [END] : [];
    const tokenizer =
      config.tokenizer === 'characters'
        ? CharacterTokenizer.of(texts, specialTokens)
        : new TextTokenizer(trainBpe(texts, { vocabularySize: config.vocabularySize, specialTokens }));
    const model = createGpt(gptConfigOf(config, tokenizer.size), config.seed);
    return { tokenizer, model, end: apart ? tokenizer.json.model.vocab[END] : undefined };
  }

  /** A prompt's tokens. */
  private start(prompt: string, method: string, { truncation = 'error' }: StreamOptions): number[] {
    const { model, tokenizer, end } = this.require(method);
    const ids = tokenizer.encode(prompt);
    if (ids.length === 0) {
      if (end !== undefined) return [end]; // what stands before the first token of a text
      throw new Error(`TextGenerator.${method}: a prompt must not be empty, got ${JSON.stringify(prompt)}`);
    }
    const { maximumLength } = model.config;
    if (ids.length <= maximumLength) return ids;
    if (truncation === 'start') return ids.slice(-maximumLength);
    throw new Error(
      `TextGenerator.${method}: a prompt must have at most contextLength=${maximumLength} tokens, or truncation be 'start', got ${ids.length} in ` +
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
      run: this.recorded('generate'),
      ...(end === undefined ? {} : { end: [end] }),
    });
    for await (const [next] of steps) {
      const piece = written.push(next!.token);
      yield { piece, next, stopped: written.stopped };
      if (written.stopped) return;
    }
    yield { piece: written.end(), next: undefined, stopped: false };
  }

  private async draw(start: readonly number[], options: GenerateOptions) {
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

  private async search(start: readonly number[], beams: number, options: GenerateOptions) {
    const { model, tokenizer, end } = this.require('generate');
    const { lengthPenalty = 1, groups, diversity, signal } = options;
    for (const name of WITHOUT_BEAMS) {
      if (options[name] === undefined) continue;
      throw new Error(`TextGenerator.generate: ${name} goes without beams, got beams=${beams}`);
    }
    const room = Math.max(1, model.config.maximumLength - start.length);
    const found = await beamContinuations(model, start, {
      beams,
      lengthPenalty,
      end: end ?? -1,
      maximumLength: options.maximumTokens ?? room,
      room,
      run: this.recorded('generate'),
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
}
