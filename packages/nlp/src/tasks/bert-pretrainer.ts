import { capture, labelMap, type LabelledMap } from '@heed/attention-core';
import {
  AdamW,
  batchTensors,
  crossEntropy,
  linearSchedule,
  loadPretrained,
  openFolder,
  parseConfig,
  readConfig,
  savePretrained,
  type FileSource,
  type Folder,
  type Schedule,
} from '@heed/training';
import { TextTokenizer, trainWordPiece, type TokenizerJson } from '@heed/tasks';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import {
  createBertPreTraining,
  type BertPreTraining,
  type PreTrainingBatch,
} from '../models/bert/bert-pre-training.ts';
import { bertConfigFrom, bertPreTrainingNames, publishedBertConfig } from '../models/bert/bert.names.ts';
import { SegmentPairs, type SegmentPairBatch, type TokenizedDocument } from '../preprocessing/segment-pairs.ts';
import { IGNORED } from '../preprocessing/sequence-batches.ts';
import { splitDocument } from '../preprocessing/split-document.ts';
import { fitModel, scheduleOf, UNDECAYED, type FitHistory, type FitRunOptions } from './fit-model.ts';
import { readJson } from './saved-files.ts';

/** What an encoder is, apart from the vocabulary that it learns from its texts. */
export interface BertPretrainerConfig {
  /** Word pieces at most, special tokens included. */
  readonly vocabularySize: number;
  /** Whether text is put in lower case and loses its accents. */
  readonly lowerCase: boolean;
  /** The longest text in word pieces, and the length of the pairs that it learns from. */
  readonly maximumTokens: number;
  /** Of the hidden states; the feed-forward parts are four times as wide. */
  readonly width: number;
  readonly layers: number;
  /** `width` is a multiple. */
  readonly heads: number;
  readonly dropout: number;
  /** Whether it reads from one side and learns the token after each, instead of masked tokens and the next sentence: to compare with. */
  readonly causal: boolean;
  /** Decides initial weights, pairs, masks and dropout. */
  readonly seed: number;
}

export interface BertPretrainerFitOptions extends FitRunOptions {
  /** Times that as much is seen as there is. Default 3, unless `steps` is given. */
  readonly epochs?: number;
  /** Pairs of segments in a batch. Default 32. */
  readonly batchSize?: number;
  /** The highest learning rate of AdamW, reached after a tenth of the run, then lowered in a line; or a schedule. Default 0.001. */
  readonly learningRate?: number | Schedule;
  /** Share of each matrix that is taken away per update, times the learning rate. Default 0.01. */
  readonly weightDecay?: number;
  /** Gradients are scaled down to this norm. Default 1. */
  readonly clipNorm?: number;
  /**
   * Share of the tokens that are asked for. Default 0.15, as in the paper. More of them teach more in as many steps, and each sees less of the others:
   * 0.4 was found as good or better (Wettig et al. 2023, "Should you mask 15% in masked language modeling?").
   */
  readonly maskedShare?: number;
  /** Word pieces to use. Default: learnt from the texts. */
  readonly tokenizer?: TokenizerJson;
  /** Documents to measure on meanwhile: the history gets what `evaluate` gives. */
  readonly validation?: readonly string[];
  /** Default: after every epoch. */
  readonly evaluateEverySteps?: number;
}

export interface BertPretrainerEvaluation {
  /** Mean cross-entropy of the tokens that were asked for, in nats. */
  readonly loss: number;
  /** Share of them that were told right. */
  readonly tokenAccuracy: number;
  /** Share of the pairs that were told right; half by chance. NaN for a causal encoder, which is not asked. */
  readonly nextSentenceAccuracy: number;
  /** How many tokens were asked for. */
  readonly tokens: number;
}

export interface FillOptions {
  /** Candidates for each mask. Default 5. */
  readonly candidates?: number;
  /** Whether to give the attention maps. Default false. */
  readonly attention?: boolean;
}

export interface FilledText {
  /** With the likeliest word piece in each mask's place. */
  readonly text: string;
  /** For each mask in the text, what may stand there, the likeliest first. */
  readonly masks: readonly (readonly { readonly token: string; readonly probability: number }[])[];
  /** What was read, special tokens included. */
  readonly tokens: readonly string[];
  /** What each token (row) looked at (column), layer by layer, the mean of its heads; where it was asked for. */
  readonly attention?: readonly LabelledMap[];
}

const count = z.number().int().min(1);
const schema = z
  .strictObject({
    vocabularySize: count,
    lowerCase: z.boolean(),
    maximumTokens: z.number().int().min(5),
    width: count,
    layers: count,
    heads: count,
    dropout: z.number().min(0).lt(1),
    causal: z.boolean(),
    seed: z.number().int().min(0),
  })
  .refine(({ width, heads }) => width % heads === 0, { path: ['width'], message: 'must be a multiple of heads' });

const defaults: BertPretrainerConfig = {
  vocabularySize: 4000,
  lowerCase: true,
  maximumTokens: 64,
  width: 128,
  layers: 4,
  heads: 4,
  dropout: 0.1,
  causal: false,
  seed: 1,
};

const MASK = '[MASK]';
const TOKENIZER_FILE = 'tokenizer.json';

/** A model with the word pieces that it was made for. */
interface Trained {
  readonly model: BertPreTraining;
  readonly tokenizer: TextTokenizer;
}

/**
 * Pretrains a BERT on texts of your own (Devlin et al. 2019): it learns to fill in masked word pieces, and to tell whether a segment follows
 * another. What it saves is opened by `TextClassifier.fromPretrained` and `TokenTagger.fromPretrained`, and by Hugging Face's transformers as
 * `BertForPreTraining`.
 *
 * @example
 * ```ts
 * import { BertPretrainer } from '@heed/nlp';
 * const pretrainer = new BertPretrainer({ vocabularySize: 80, width: 64, layers: 1, heads: 2, maximumTokens: 32, seed: 7 });
 * const documents = [
 *   'The cat sat on the mat. The cat ran to the door. The cat sat on the mat.',
 *   'A sun was in the sky. A moon was in the sea. A sun was in the sky.',
 * ];
 * await pretrainer.fit(documents, { steps: 200, batchSize: 8, learningRate: 0.003 });
 * const { text, masks } = await pretrainer.fill('The [MASK] sat on the mat.');
 * console.log(text, masks[0][0]); // the cat sat on the mat.
 * ```
 */
export class BertPretrainer {
  readonly config: Readonly<BertPretrainerConfig>;
  private trained: Trained | undefined;

  /** @throws if an option is unknown or out of range, naming it and its value */
  constructor(config: Partial<BertPretrainerConfig> = {}) {
    this.config = parseConfig('BertPretrainer', schema, { ...defaults, ...config });
  }

  /** The model itself. @throws before `fit` or `load` */
  get model(): BertPreTraining {
    return this.require('model').model;
  }

  /** Its word pieces. @throws before `fit` or `load` */
  get tokenizer(): TextTokenizer {
    return this.require('tokenizer').tokenizer;
  }

  /**
   * Trains on documents; again on an already trained encoder, it goes on with the same word pieces.
   *
   * @throws if fewer than two documents have two sentences, or the vocabulary has no room for their characters; if a checkpoint is of another
   * config or other data
   */
  async fit(documents: readonly string[], options: BertPretrainerFitOptions = {}): Promise<FitHistory> {
    const { batchSize = 32, weightDecay = 0.01, clipNorm = 1, learningRate = 0.001, maskedShare, validation } = options;
    this.trained ??= this.create(options.tokenizer ?? this.learn(documents));
    const { model } = this.trained;
    const pairs = this.pairs(documents, batchSize, maskedShare);
    const steps = options.steps ?? (options.epochs ?? 3) * pairs.perEpoch;
    const optimizer = new AdamW(model.trainableParameters(), { weightDecay, groups: [UNDECAYED] });
    const { schedule, rate } = scheduleOf(learningRate, (highest) =>
      linearSchedule({ rate: highest, warmupSteps: Math.floor(steps / 10), totalSteps: steps }),
    );
    const run = { steps, batchSize, learningRate: rate, weightDecay, clipNorm, maskedShare, data: pairs.fingerprint };
    return fitModel<SegmentPairBatch>(
      {
        model,
        optimizer,
        loss: (batch, { random }) => model.loss(batch as unknown as PreTrainingBatch, { random }),
        data: (epoch) => pairs.epoch(epoch),
        batchesPerEpoch: pairs.perEpoch,
        learningRate: schedule,
        steps,
        seed: this.config.seed,
        clipNorm,
        config: { pretrainer: this.config, tokens: this.trained.tokenizer.size, fit: run },
        evaluation: validation && {
          run: async () => ({ ...(await this.evaluate(validation)) }),
          everySteps: options.evaluateEverySteps,
        },
      },
      options,
    );
  }

  /**
   * How well what is asked was told, on pairs drawn from other documents: as many as would cover them once, the same in every call.
   *
   * @throws if fewer than two documents have two sentences
   */
  async evaluate(
    documents: readonly string[],
    { batchSize = 32, signal }: { readonly batchSize?: number; readonly signal?: AbortSignal } = {},
  ): Promise<BertPretrainerEvaluation> {
    const { model } = this.require('evaluate');
    const sums = { nats: 0, tokens: 0, right: 0, pairs: 0, told: 0 };
    for (const batch of this.pairs(documents, batchSize).epoch(0) as Iterable<SegmentPairBatch>) {
      signal?.throwIfAborted();
      const tensors = batchTensors(batch) as unknown as PreTrainingBatch;
      const [loss, best, follows] = tf.tidy(() => {
        const { predictions, nextSentence } = model.ask(tensors);
        return [crossEntropy(predictions, tensors.targets), tf.argMax(predictions, 2), tf.argMax(nextSentence, 1)];
      });
      const [[nats], told, random] = await Promise.all([loss.data(), best.data(), follows.data()]);
      tf.dispose([loss, best, follows, tensors]);
      let asked = 0;
      for (const [i, target] of batch.targets.data.entries()) {
        if (target === IGNORED) continue;
        asked++;
        if (told[i] === target) sums.right++;
      }
      sums.tokens += asked;
      sums.nats += nats * asked;
      for (const [row, isRandom] of batch.isRandom.data.entries()) {
        if (isRandom === IGNORED) continue;
        sums.pairs++;
        if (random[row] === isRandom) sums.told++;
      }
    }
    return {
      loss: sums.nats / sums.tokens,
      tokenAccuracy: sums.right / sums.tokens,
      nextSentenceAccuracy: sums.told / sums.pairs,
      tokens: sums.tokens,
    };
  }

  /**
   * Fills in what stands as `[MASK]` in a text, each mask by itself.
   *
   * @throws if there is no mask, the text is too long, or the encoder is causal
   */
  async fill(text: string, { candidates = 5, attention = false }: FillOptions = {}): Promise<FilledText> {
    const { model, tokenizer } = this.require('fill');
    const [classify, separate, mask] = specialNumbers(tokenizer);
    if (this.config.causal)
      throw new Error('BertPretrainer.fill: the encoder must read from both sides, got a causal one');
    const ids = [classify, ...tokenizer.encode(text), separate];
    const places = [...ids.keys()].filter((place) => ids[place] === mask);
    if (places.length === 0) {
      throw new Error(`BertPretrainer.fill: a text must have a ${MASK}, got ${JSON.stringify(text.slice(0, 60))}`);
    }
    const { maximumTokens } = this.config;
    if (ids.length > maximumTokens) {
      throw new Error(
        `BertPretrainer.fill: a text must be of at most maximumTokens=${maximumTokens} tokens, two special ones included, got ${ids.length}`,
      );
    }
    const tokens = tokenizer.pieces(ids);
    const batch = {
      tokens: tf.tensor2d([ids], [1, ids.length], 'int32'),
      lengths: tf.tensor1d([ids.length], 'int32'),
      positions: tf.tensor2d([places], [1, places.length], 'int32'),
    };
    const { result, maps } = capture(() =>
      tf.tidy(() => tf.squeeze<tf.Tensor2D>(tf.softmax(model.ask(batch).predictions), [0])),
    );
    try {
      const masks = (await result.array()).map((probabilities) =>
        [...probabilities.keys()]
          .toSorted((a, b) => probabilities[b] - probabilities[a])
          .slice(0, candidates)
          .map((id) => ({ id, probability: probabilities[id] })),
      );
      const filled = [...ids];
      for (const [i, place] of places.entries()) filled[place] = masks[i][0].id;
      return {
        text: tokenizer.decode(filled),
        masks: masks.map((each) =>
          each.map(({ id, probability }) => ({ token: tokenizer.pieces([id])[0], probability })),
        ),
        tokens,
        ...(attention && { attention: maps.map((map) => labelMap(map, { rows: tokens, columns: tokens })) }),
      };
    } finally {
      tf.dispose([result, ...maps.map(({ weights }) => weights), batch]);
    }
  }

  /**
   * Saves it as Hugging Face's transformers open it, as a `BertForPreTraining` with its tokenizer.
   *
   * @param folder a path (see `startBackend` of @heed/node) or a folder
   */
  async save(folder: Folder | string): Promise<void> {
    const { model, tokenizer } = this.require('save');
    const { lowerCase, maximumTokens } = this.config;
    await savePretrained(folder, {
      model,
      names: bertPreTrainingNames,
      config: {
        ...publishedBertConfig(model.bert.config),
        architectures: ['BertForPreTraining'],
        pad_token_id: tokenizer.indexOf('[PAD]'),
      },
      files: {
        [TOKENIZER_FILE]: JSON.stringify(tokenizer.json),
        'tokenizer_config.json': JSON.stringify({
          tokenizer_class: 'BertTokenizerFast',
          do_lower_case: lowerCase,
          model_max_length: maximumTokens,
        }),
      },
    });
  }

  /**
   * Reads what `save` wrote, or another `BertForPreTraining` with a `tokenizer.json`.
   *
   * @throws if a file is missing or damaged, or the weights are of another config
   */
  static async load(folder: FileSource | string): Promise<BertPretrainer> {
    const source = typeof folder === 'string' ? openFolder(folder) : folder;
    const bert = bertConfigFrom(await readConfig(source));
    const json = (await readJson('BertPretrainer.load', source, TOKENIZER_FILE)) as TokenizerJson;
    const tokenizer = new TextTokenizer(json);
    const pretrainer = new BertPretrainer({
      vocabularySize: bert.vocabularySize,
      lowerCase: (json.normalizer as { readonly lowercase?: boolean } | null)?.lowercase ?? false,
      maximumTokens: bert.maximumLength,
      width: bert.modelWidth,
      layers: bert.layers,
      heads: bert.heads,
      dropout: bert.dropout,
      causal: bert.causal ?? false,
    });
    const model = createBertPreTraining(bert, 0);
    try {
      await loadPretrained(source, model, bertPreTrainingNames);
    } catch (error) {
      model.dispose();
      throw error;
    }
    pretrainer.trained = { model, tokenizer };
    return pretrainer;
  }

  /** Frees the weights. */
  dispose(): void {
    this.trained?.model.dispose();
    this.trained = undefined;
  }

  private learn(documents: readonly string[]): TokenizerJson {
    const { vocabularySize, lowerCase } = this.config;
    return trainWordPiece(documents, { vocabularySize, lowerCase });
  }

  private create(json: TokenizerJson): Trained {
    const { maximumTokens, width, layers, heads, dropout, causal, seed } = this.config;
    const tokenizer = new TextTokenizer(json);
    specialNumbers(tokenizer); // refuses word pieces without them before any are used
    const model = createBertPreTraining(
      {
        vocabularySize: tokenizer.size,
        maximumLength: maximumTokens,
        tokenTypes: 2,
        modelWidth: width,
        layers,
        heads,
        feedForwardWidth: 4 * width,
        activation: 'gelu',
        epsilon: 1e-12,
        dropout,
        attentionDropout: dropout,
        causal,
      },
      seed,
    );
    return { model, tokenizer };
  }

  private require(method: string): Trained {
    if (this.trained === undefined) {
      throw new Error(
        `BertPretrainer.${method}: the encoder must be trained, got one that saw neither fit() nor load()`,
      );
    }
    return this.trained;
  }

  private pairs(documents: readonly string[], batchSize: number, maskedShare?: number): SegmentPairs {
    const { tokenizer } = this.require('fit');
    const { maximumTokens: length, causal, seed } = this.config;
    const [classify, separate, mask] = specialNumbers(tokenizer);
    return new SegmentPairs(tokenize(documents, tokenizer, length), {
      batchSize,
      length,
      vocabularySize: tokenizer.size,
      special: { classify, separate, mask },
      objective: causal ? 'next-token' : 'masked',
      maskedShare,
      seed,
    });
  }
}

function specialNumbers(tokenizer: TextTokenizer): [classify: number, separate: number, mask: number] {
  return [tokenizer.indexOf('[CLS]'), tokenizer.indexOf('[SEP]'), tokenizer.indexOf(MASK)];
}

/** Texts as sentences of word pieces. Every word is taken apart once: the same words come again and again. */
function tokenize(texts: readonly string[], tokenizer: TextTokenizer, longest: number): TokenizedDocument[] {
  const known = new Map<string, readonly number[]>();
  const piecesOf = (word: string) => {
    const pieces = known.get(word) ?? tokenizer.encode(word);
    known.set(word, pieces);
    return pieces;
  };
  return texts.map((text) =>
    splitDocument(text, { longest })
      .map((words) => words.flatMap(piecesOf))
      .filter(({ length }) => length > 0),
  );
}
