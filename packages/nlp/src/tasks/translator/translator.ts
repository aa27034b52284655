import type { LabelledMap } from '@heed/attention-core';
import {
  bleu,
  Task,
  TextTokenizer,
  trainBpe,
  type FitHistory,
  type Hypothesis,
  type SavedFiles,
  type SequenceModel,
  type TaskParts,
  type TokenizerJson,
} from '@heed/tasks';
import type { TranslationPair } from '../../datasets/translation-pair.ts';
import { alignPair } from '../../decoding/align-pair.ts';
import { createRecurrentSeq2Seq } from '../../models/recurrent-seq2seq/recurrent-seq2seq.ts';
import { createTransformer } from '../../models/transformer/transformer.ts';
import {
  fingerprintOfPairs,
  sequenceBatches,
  sourceBatch,
  type IndexedPair,
} from '../../preprocessing/sequence-batches.ts';
import { measureSequenceLoss, sequenceLoss } from '../sequence-loss.ts';
import {
  sequenceRecipe,
  translatorSchema,
  type SequenceTruncation,
  type TranslateOptions,
  type Translation,
  type TranslatorConfig,
  type TranslatorEvaluation,
  type TranslatorFitOptions,
  type TranslatorOptions,
} from './translator-config.ts';

interface TranslatorParts extends TaskParts {
  readonly model: SequenceModel;
  readonly tokenizer: TextTokenizer;
}

const START = '<s>';
const END = '</s>';
const SPECIAL_TOKENS: readonly string[] = [START, END];
const TOKENIZER_FILE = 'tokenizer.json';

/**
 * Learns to translate from pairs of texts, and translates others.
 *
 * `fit` uses Adam with a learning rate of 0.002, which rises over the first twentieth of the run and then falls to 0 along half a cosine; 10 epochs,
 * batches of 128, gradients clipped to norm 2.
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
export class Translator extends Task<TranslatorConfig, TranslatorParts> {
  static readonly kind = { name: 'Translator', schema: translatorSchema };

  /** @throws if an option is unknown, of another architecture or out of range, naming it and its value */
  constructor(config: TranslatorOptions = {}) {
    super(Translator.kind, { architecture: 'transformer', ...config });
  }

  /**
   * Trains on pairs of texts; again on a trained translator, it goes on with the same tokens.
   *
   * @throws if there are no pairs, a text is empty or too long; if a checkpoint is of another run
   */
  async fit(pairs: readonly TranslationPair[], options: TranslatorFitOptions = {}): Promise<FitHistory> {
    const { validation, truncation = 'error', buckets = 6, labelSmoothing = 0.1 } = options;
    if (pairs.length === 0) throw new Error('Translator.fit: at least one pair is needed, got none');
    const { vocabularySize, lowerCase, seed } = this.config;
    const create = () => {
      return this.create(trainBpe(texts(pairs), { vocabularySize, lowerCase, specialTokens: SPECIAL_TOKENS }));
    };
    return this.train(options, sequenceRecipe, create, (parts, { batchSize }) => {
      const { model, tokenizer } = parts;
      const indexed = this.index(parts, pairs, 'fit', truncation);
      const measured = validation && this.index(parts, validation, 'fit', truncation);
      return {
        loss: sequenceLoss(model, labelSmoothing),
        data: sequenceBatches(indexed, { batchSize, seed, buckets, ...boundaries(tokenizer) }),
        identity: { tokens: tokenizer.size, buckets, labelSmoothing, data: fingerprintOfPairs(indexed) },
        evaluation: measured && { run: () => measureSequenceLoss(model, measured, boundaries(tokenizer)) },
      };
    });
  }

  /**
   * Translates a text, or several.
   *
   * @throws if a text is empty, or too long and `truncation` is 'error'; if an option is out of range
   */
  translate(text: string, options?: TranslateOptions): Promise<Translation>;
  translate(texts: readonly string[], options?: TranslateOptions): Promise<Translation[]>;
  async translate(
    input: string | readonly string[],
    options: TranslateOptions = {},
  ): Promise<Translation | Translation[]> {
    if (typeof input === 'string') return (await this.translate([input], options))[0];
    const parts = this.require('translate');
    const { model, tokenizer } = parts;
    const { beams = 4, lengthPenalty = 1, attention = false, truncation = 'error', batchSize = 64, signal } = options;
    const sources = input.map((text) => this.encode(parts, text, 'translate', truncation));
    const found = await this.searchInBatches(
      'translate',
      sources,
      {
        model,
        size: ({ length }) => length,
        maximumSize: this.config.maximumTokens,
        batch: sourceBatch,
        ...boundaries(tokenizer),
        maximumLength: (length) => Math.min(2 * length + 10, this.config.maximumTokens),
      },
      { beams, lengthPenalty, batchSize, signal },
    );
    const read = ({ symbols, logProbability }: Hypothesis) => ({
      text: tokenizer.decode(symbols).trim(),
      logProbability,
    });
    return found.map(([best, ...others], i) => ({
      source: input[i],
      ...read(best),
      alternatives: others.map(read),
      ...(attention && mapOf(parts, input[i], sources[i], best.symbols)),
    }));
  }

  /**
   * BLEU (sacrebleu's, in the config's case), loss and perplexity on pairs, with the translations.
   *
   * @throws if there are no pairs, and as `translate`
   */
  async evaluate(
    pairs: readonly TranslationPair[],
    options: Omit<TranslateOptions, 'attention'> = {},
  ): Promise<TranslatorEvaluation> {
    const parts = this.require('evaluate');
    const sources = pairs.map(({ source }) => source);
    const indexed = this.index(parts, pairs, 'evaluate', options.truncation ?? 'error');
    const measured = await measureSequenceLoss(parts.model, indexed, boundaries(parts.tokenizer));
    const translations = await this.translate(sources, options);
    const compared = pairs.map(({ target }, i) => ({ hypothesis: translations[i].text, references: [target] }));
    return { ...bleu(compared, { lowerCase: this.config.lowerCase }), ...measured, translations };
  }

  protected describe({ tokenizer }: TranslatorParts) {
    return { files: { [TOKENIZER_FILE]: JSON.stringify(tokenizer.json) } };
  }

  protected restore({ files }: SavedFiles): TranslatorParts {
    return this.create(JSON.parse(new TextDecoder().decode(files[TOKENIZER_FILE])) as TokenizerJson);
  }

  private create(json: TokenizerJson): TranslatorParts {
    const tokenizer = new TextTokenizer(json);
    return { tokenizer, model: createModel(this.config, tokenizer.size) };
  }

  /** A text's tokens; the names of special tokens are left out of it. */
  private encode({ tokenizer }: TranslatorParts, text: string, method: string, truncation: SequenceTruncation) {
    const special = SPECIAL_TOKENS.map((token) => tokenizer.indexOf(token));
    const ids = tokenizer.encode(text).filter((id) => !special.includes(id));
    if (text.trim() === '' || ids.length === 0) {
      throw new Error(`Translator.${method}: a text must not be empty, got ${JSON.stringify(text)}`);
    }
    const { maximumTokens } = this.config;
    if (ids.length < maximumTokens) return ids; // one is left for the end
    if (truncation === 'end') return ids.slice(0, maximumTokens - 1);
    throw new Error(
      `Translator.${method}: a text must have fewer than maximumTokens=${maximumTokens} tokens, or truncation be 'end', ` +
        `got ${ids.length} in "${text.slice(0, 40)}…"`,
    );
  }

  private index(
    parts: TranslatorParts,
    pairs: readonly TranslationPair[],
    method: string,
    truncation: SequenceTruncation,
  ): IndexedPair[] {
    if (pairs.length === 0) throw new Error(`Translator.${method}: at least one pair is needed, got none`);
    return pairs.map(({ source, target }) => ({
      source: this.encode(parts, source, method, truncation),
      target: this.encode(parts, target, method, truncation),
    }));
  }
}

function createModel(config: TranslatorConfig, size: number): SequenceModel {
  const { width, dropout, seed } = config;
  const sizes = { sourceSize: size, targetSize: size, dropout };
  if (config.architecture === 'recurrent') {
    const { cell, embeddingWidth, attention } = config;
    const local = { window: 'global', windowRadius: 10, contextEveryStep: attention === 'none' } as const;
    const layers = { cell, embeddingWidth, attention, hiddenWidth: width, bidirectional: true };
    return createRecurrentSeq2Seq({ ...sizes, ...layers, ...local }, seed);
  }
  const { layers, heads, feedForwardWidth, maximumTokens } = config;
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
      maximumLength: maximumTokens,
      embeddings: 'shared',
    },
    seed,
  );
}

function boundaries(tokenizer: TextTokenizer): { start: number; end: number } {
  return { start: tokenizer.indexOf(START), end: tokenizer.indexOf(END) };
}

function mapOf(
  { model, tokenizer }: TranslatorParts,
  text: string,
  source: readonly number[],
  target: readonly number[],
): { attention?: LabelledMap } {
  const weights = alignPair(model, source, target, boundaries(tokenizer).start);
  if (weights === undefined) return {};
  const labels = (ids: readonly number[]) => tokenizer.pieces(ids).map((piece) => piece.trim());
  return { attention: { name: text, weights, rows: labels(target), columns: labels(source) } };
}

function* texts(pairs: readonly TranslationPair[]): Generator<string> {
  for (const { source, target } of pairs) {
    yield source;
    yield target;
  }
}
