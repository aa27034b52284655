import { capture, Random, type AttentionMap, type LabelledMap } from '@heed/attention-core';
import {
  batchTensors,
  loadPretrained,
  openFolder,
  openPretrained,
  parseConfig,
  type FileSource,
  type Folder,
} from '@heed/training';
import { Vocabulary } from '@heed/tasks';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { TaggedTokens } from '../datasets/tagged-tokens.ts';
import { bestPath } from '../decoding/best-path.ts';
import { entitiesOf, entityF1, parseLabel, type Entity, type EntityEvaluation } from '../metrics/entity-f1.ts';
import { createBiLstmCrf, type BiLstmCrf, type BiLstmCrfConfig } from '../models/bilstm-crf/bilstm-crf.ts';
import { hashOf } from '../preprocessing/hash-of.ts';
import { BertEncoder } from './bert-encoder.ts';
import { BertReader, BertTagger } from './bert-reader.ts';
import { BiLstmReader, wordForm } from './bilstm-reader.ts';
import { bioTransitions, requireBio } from './bio-labels.ts';
import type { FitHistory } from './fit-model.ts';
import { fitTokenTagger, type TokenTaggerFitOptions } from './fit-token-tagger.ts';
import { bodyNames, classifierNames, labelFields, publishedLabels, savePublished } from './published-classifier.ts';
import { CONFIG_FILE, readJson, readWeights, writeJson, writeWeights } from './saved-files.ts';
import type { ReadSentence, TaggerReader } from './tagger-reader.ts';

/** What a tagger is, apart from the words, characters and labels that it learns from its data. Widths, heads and shares are those of 'bilstm-crf'. */
export interface TokenTaggerConfig extends Omit<BiLstmCrfConfig, 'words' | 'characters' | 'labels'> {
  /** What reads the sentences: 'bilstm-crf' begins from scratch, 'bert' is a published encoder, opened by `fromPretrained`. */
  readonly architecture: 'bilstm-crf' | 'bert';
  /** Words that occur less often in the training data are unknown, and known by their characters alone. */
  readonly minimumCount: number;
  /** Longer sentences are refused, or cut where truncation is asked for. BERT counts word pieces, with the two special ones. */
  readonly maximumTokens: number;
  /** Of a longer token the characters in its middle are not read. */
  readonly maximumCharacters: number;
  /** Decides initial weights, order of the data and dropout. */
  readonly seed: number;
}

/** How a published encoder becomes a tagger. */
export interface PretrainedTaggerOptions {
  /** 'new' takes architecture and word pieces alone, with new weights: what pretraining is compared with. Default 'published'. */
  readonly weights?: 'published' | 'new';
  /** Longer sentences, in word pieces, are refused or cut. Default: as published. */
  readonly maximumTokens?: number;
  /** Decides new weights, order of the data and dropout. Default 1. */
  readonly seed?: number;
}

export interface TagOptions {
  /** Whether to give the attention maps. Default false. */
  readonly attention?: boolean;
  /** What becomes of a sentence of more than `maximumTokens` tokens: 'error' refuses it, 'end' leaves out its end. Default 'error'. */
  readonly truncation?: 'error' | 'end';
  /** Sentences that are read at once. Default 64. */
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
}

export interface FoundEntity extends Entity {
  /** Its tokens, joined by spaces. */
  readonly text: string;
}

export interface TaggedSentence extends TaggedTokens {
  readonly entities: readonly FoundEntity[];
  /** Tokens that truncation left out. */
  readonly truncated: number;
  /** Where it was asked for: how much each token's characters counted, and, with heads, what each token looked at. */
  readonly attention?: readonly LabelledMap[];
}

export interface TokenTaggerEvaluation extends EntityEvaluation {
  /** Share of tokens with the right label. */
  readonly accuracy: number;
  readonly sentences: readonly TaggedSentence[];
}

const UNKNOWN = '<unknown>';

const defaults: TokenTaggerConfig = {
  architecture: 'bilstm-crf',
  wordWidth: 64,
  characterWidth: 48,
  hiddenWidth: 128,
  heads: 4,
  dropout: 0.4,
  wordDropout: 0.2,
  minimumCount: 2,
  maximumTokens: 256,
  maximumCharacters: 24,
  seed: 1,
};

const savedSchema = z.strictObject({
  format: z.literal('heed-token-tagger'),
  version: z.literal(1),
  config: z.record(z.string(), z.union([z.number(), z.literal('bilstm-crf')])),
  words: z.array(z.string()).min(1),
  characters: z.array(z.string()).min(1),
  labels: z.array(z.string()).min(1),
});

/** A model with what it reads by, and its labels. */
interface Trained {
  readonly reader: BiLstmReader | BertReader;
  readonly labels: Vocabulary;
}

/**
 * Finds names, places and whatever else is labelled in sentences (token tagging, NER). Labels are BIO: `B-type` begins an entity, `I-type` goes
 * on with it, `O` is outside; what is found always obeys that.
 *
 * A text is taken apart at white space; give tokens to take it apart otherwise. Words are known by their lower-case form without punctuation around it
 * and with all digits alike; what that leaves out is read from the characters.
 *
 * @example
 * ```ts
 * import { TokenTagger } from '@heed/nlp';
 * const tagger = new TokenTagger({ hiddenWidth: 16, seed: 7 });
 * await tagger.fit(
 *   [
 *     { tokens: ['Ann', 'Lee', 'lives', 'in', 'York'], labels: ['B-person', 'I-person', 'O', 'O', 'B-place'] },
 *     { tokens: ['In', 'Hull', 'lives', 'Tom'], labels: ['O', 'B-place', 'O', 'B-person'] },
 *   ],
 *   { epochs: 60 },
 * );
 * const { entities } = await tagger.tag('Ann Lee lives in Hull');
 * console.log(entities[0]); // { type: 'person', start: 0, end: 2, text: 'Ann Lee' }
 * ```
 */
export class TokenTagger {
  readonly config: Readonly<TokenTaggerConfig>;
  private trained: Trained | undefined;
  /** What `fromPretrained` opened and `fit` will give labels. */
  private encoder: BertEncoder | undefined;

  /** @throws if an option is unknown or out of range, naming it and its value */
  constructor(config: Partial<TokenTaggerConfig> = {}) {
    this.config = Object.freeze({ ...defaults, ...config });
    if (!['bilstm-crf', 'bert'].includes(this.config.architecture)) {
      throw new Error(`TokenTagger: architecture must be 'bilstm-crf' or 'bert', got ${this.config.architecture}`);
    }
    for (const name of ['minimumCount', 'maximumTokens', 'maximumCharacters'] as const) {
      const value = this.config[name];
      if (!Number.isInteger(value) || value < 1) {
        throw new Error(`TokenTagger: ${name} must be a positive integer, got ${value}`);
      }
    }
    createModel(this.config, 1, 1, 1).dispose(); // refuses a bad config before any data are read
  }

  /**
   * A tagger on a published BERT: from a folder or a path (see `startBackend` of @heed/node), e.g. what a `BertPretrainer` saved, from what
   * `fetchData` got, or by its id on the Hugging Face hub. Where the weights are those of a token classifier (`BertForTokenClassification`), it
   * labels at once; others get a new last layer for the labels that `fit` finds.
   *
   * @throws if a file is missing or damaged, the model is no BERT, a label is no BIO, or an option is out of range
   */
  static async fromPretrained(where: FileSource | string, options: PretrainedTaggerOptions = {}): Promise<TokenTagger> {
    const owner = 'TokenTagger.fromPretrained';
    const { weights = 'published', maximumTokens, seed = 1 } = options;
    const source = await openPretrained(where);
    const encoder = await BertEncoder.open(owner, source, { pooling: 'cls', otherwise: 'cls', maximumTokens, seed });
    const tagger = new TokenTagger({ architecture: 'bert', maximumTokens: encoder.maximumTokens, seed });
    tagger.encoder = encoder;
    try {
      if (weights === 'published') {
        const { architectures } = encoder.config;
        const labelled = Array.isArray(architectures) && architectures.includes('BertForTokenClassification');
        // some files have no pooler, which is not trained here
        const optional = [/pooler/];
        if (labelled) {
          const labels = new Vocabulary(publishedLabels(owner, encoder.config, source.label));
          labels.symbols.forEach(parseLabel);
          tagger.trained = tagger.label(labels);
          await loadPretrained(source, tagger.trained.reader.model, classifierNames, { optional });
        } else await loadPretrained(source, encoder.bert, bodyNames, { optional });
      }
      return tagger;
    } catch (error) {
      tagger.dispose();
      throw error;
    }
  }

  /** Numbers in the weights. @throws before `fit`, `load` or `fromPretrained` */
  get parameterCount(): number {
    return this.require('parameterCount').reader.model.parameterCount();
  }

  /** The labels that it knows. @throws before `fit` or `load` */
  get labels(): readonly string[] {
    return this.require('labels').labels.symbols;
  }

  /**
   * Trains on tagged sentences; again on an already trained tagger, it goes on with the same words and labels.
   *
   * @throws if there are no sentences, one has no tokens, too many, or another number of labels; if a label is unknown, no BIO, or an `I` goes on
   * with nothing; if a checkpoint is of another config or other data
   */
  async fit(sentences: readonly TaggedTokens[], options: TokenTaggerFitOptions = {}): Promise<FitHistory> {
    const { truncation = 'error', validation } = options;
    if (sentences.length === 0) throw new Error('TokenTagger.fit: at least one sentence is needed, got none');
    for (const [i, sentence] of sentences.entries()) requireBio(sentence, i);
    this.trained ??= this.learn(sentences);
    const { reader, labels } = this.trained;
    const fit = {
      reader: reader as TaggerReader,
      sentences: sentences.map(({ tokens, labels }, i) => {
        const sentence = this.read(tokens, 'fit', truncation, i);
        return { sentence, labels: this.indexLabels(labels.slice(0, sentence.places.length), i) };
      }),
      seed: this.config.seed,
      config: {
        tagger: this.config,
        labels: labels.symbols,
        data: `${sentences.length} sentences, ${hashOf(numbersOf(sentences))}`,
      },
      validate: validation && (() => this.evaluate(validation, { truncation })),
    };
    return fitTokenTagger(fit, options);
  }

  /**
   * Labels a sentence, or several: each a text, or tokens.
   *
   * @throws if a sentence has no tokens, or too many and `truncation` is 'error'
   */
  tag(sentence: string, options?: TagOptions): Promise<TaggedSentence>;
  tag(sentences: readonly (string | readonly string[])[], options?: TagOptions): Promise<TaggedSentence[]>;
  async tag(
    given: string | readonly (string | readonly string[])[],
    options: TagOptions = {},
  ): Promise<TaggedSentence | TaggedSentence[]> {
    const { attention = false, truncation = 'error', batchSize = 64, signal } = options;
    if (!Number.isInteger(batchSize) || batchSize < 1) {
      throw new Error(`TokenTagger.tag: batchSize must be a positive integer, got ${batchSize}`);
    }
    const asked = (typeof given === 'string' ? [given] : given).map((sentence) =>
      typeof sentence === 'string' ? sentence.split(/\s+/).filter((token) => token !== '') : sentence,
    );
    this.require('tag');
    const read = asked.map((tokens, i) => this.read(tokens, 'tag', truncation, i));
    const order = [...read.keys()].sort((a, b) => read[a].size - read[b].size);
    const found: TaggedSentence[] = [];
    for (let first = 0; first < order.length; first += batchSize) {
      signal?.throwIfAborted();
      const members = order.slice(first, first + batchSize);
      const tagged = await this.tagBatch(
        members.map((index) => read[index]),
        members.map((index) => asked[index]),
        attention,
      );
      for (const [i, index] of members.entries()) found[index] = tagged[i];
    }
    return typeof given === 'string' ? found[0] : found;
  }

  /** Precision, recall and F1 by entity on tagged sentences, with what was found; tokens that truncation left out count as `O`. */
  async evaluate(
    sentences: readonly TaggedTokens[],
    options: Omit<TagOptions, 'attention'> = {},
  ): Promise<TokenTaggerEvaluation> {
    const tagged = await this.tag(
      sentences.map(({ tokens }) => tokens),
      options,
    );
    const compared = sentences.map(({ labels }, i) => ({
      labels,
      predicted: labels.map((_, token) => tagged[i].labels[token] ?? 'O'),
    }));
    const right = compared.flatMap(({ labels, predicted }) => labels.map((label, i) => label === predicted[i]));
    return { ...entityF1(compared), accuracy: right.filter(Boolean).length / right.length, sentences: tagged };
  }

  /**
   * Writes `config.json` and `model.safetensors`; on a BERT as Hugging Face's transformers open them, as `BertForTokenClassification` with its
   * tokenizer.
   *
   * @param folder a path (see `startBackend` of @heed/node) or a folder
   */
  async save(folder: Folder | string): Promise<void> {
    const { reader, labels } = this.require('save');
    const target = openFolder(folder);
    if (reader instanceof BertReader) {
      return savePublished(target, reader.model, classifierNames, reader.model.encoder, {
        ...labelFields(labels.symbols),
        architectures: ['BertForTokenClassification'],
      });
    }
    const { model, words, characters } = reader;
    await writeWeights(target, model);
    await writeJson(target, CONFIG_FILE, {
      format: 'heed-token-tagger',
      version: 1,
      config: this.config,
      words: words.symbols,
      characters: characters.symbols,
      labels: labels.symbols,
    });
  }

  /**
   * Reads what `save` wrote.
   *
   * @throws if a file is missing or damaged, or the weights are of another config
   */
  static async load(folder: Folder | string): Promise<TokenTagger> {
    const source = openFolder(folder);
    const owner = `TokenTagger.load: ${CONFIG_FILE} of ${source.label}`;
    const json = (await readJson('TokenTagger.load', source, CONFIG_FILE)) as Record<string, unknown> | null;
    if (json?.format === undefined) return TokenTagger.fromPretrained(source);
    const saved = parseConfig(owner, savedSchema, json);
    const tagger = new TokenTagger(saved.config as Partial<TokenTaggerConfig>);
    const [words, characters, labels] = [saved.words, saved.characters, saved.labels].map(
      (list) => new Vocabulary(list),
    );
    const trained = tagger.create(words, characters, labels);
    try {
      await readWeights('TokenTagger.load', source, trained.reader.model);
    } catch (error) {
      trained.reader.model.dispose();
      throw error;
    }
    tagger.trained = trained;
    return tagger;
  }

  /** Frees the weights. */
  dispose(): void {
    this.trained?.reader.model.dispose(); // an encoder is a part of it
    if (this.trained === undefined) this.encoder?.dispose();
    this.trained = undefined;
    this.encoder = undefined;
  }

  private create(words: Vocabulary, characters: Vocabulary, labels: Vocabulary): Trained {
    const model = createModel(this.config, words.size, characters.size, labels.size);
    return { reader: new BiLstmReader(model, words, characters, this.config), labels };
  }

  /** What `fromPretrained` opened, with a new last layer. */
  private label(labels: Vocabulary): Trained {
    if (this.encoder === undefined) {
      throw new Error(
        `TokenTagger.fit: architecture 'bert' begins from published weights, got none: open it by TokenTagger.fromPretrained`,
      );
    }
    const model = new BertTagger(this.encoder, labels.size, new Random(this.config.seed).fork('head'));
    return { reader: new BertReader(model, labels.size), labels };
  }

  private learn(sentences: readonly TaggedTokens[]): Trained {
    const found = Vocabulary.of(sentences.map(({ labels }) => labels));
    if (this.config.architecture === 'bert') return this.label(found);
    const counts = new Map<string, number>();
    for (const { tokens } of sentences) {
      for (const token of tokens) counts.set(wordForm(token), (counts.get(wordForm(token)) ?? 0) + 1);
    }
    const known = [...counts].filter(([, count]) => count >= this.config.minimumCount).map(([word]) => word);
    return this.create(
      Vocabulary.of([known], [UNKNOWN]),
      Vocabulary.of(
        sentences.flatMap(({ tokens }) => tokens.map((token) => [...token])),
        [UNKNOWN],
      ),
      found,
    );
  }

  private require(method: string): Trained {
    if (this.trained === undefined) {
      throw new Error(`TokenTagger.${method}: the tagger must be trained, got one that saw neither fit() nor load()`);
    }
    return this.trained;
  }

  private read(tokens: readonly string[], method: string, truncation: 'error' | 'end', position: number): ReadSentence {
    const { reader } = this.require(method);
    if (tokens.length === 0) {
      throw new Error(`TokenTagger.${method}: a sentence must have a token, got none in sentence ${position}`);
    }
    const empty = tokens.findIndex((token) => !/\S/.test(token));
    if (empty >= 0) {
      throw new Error(
        `TokenTagger.${method}: a token must not be empty, got ${JSON.stringify(tokens[empty])} as token ${empty} of sentence ${position}`,
      );
    }
    const sentence = reader.read(tokens);
    if (sentence.places.length < tokens.length && truncation === 'error') {
      throw new Error(
        `TokenTagger.${method}: a sentence must have at most maximumTokens=${this.config.maximumTokens} ${reader.unit}, or truncation be 'end', ` +
          `got ${sentence.size} in sentence ${position}`,
      );
    }
    return sentence;
  }

  private indexLabels(given: readonly string[], position: number): number[] {
    const { labels } = this.require('fit');
    return given.map((label) => {
      const index = labels.indexOf(label);
      if (index !== undefined) return index;
      throw new Error(
        `TokenTagger.fit: a label must be one of ${JSON.stringify(labels.symbols)}, got ${JSON.stringify(label)} in sentence ${position}`,
      );
    });
  }

  private async tagBatch(
    sentences: readonly ReadSentence[],
    given: readonly (readonly string[])[],
    attention: boolean,
  ): Promise<TaggedSentence[]> {
    const { labels, ...trained } = this.require('tag');
    const reader = trained.reader as TaggerReader;
    const batch = batchTensors(reader.batch(sentences));
    let maps: readonly AttentionMap[] = [];
    let fits: tf.Tensor3D | undefined;
    try {
      if (attention) ({ result: fits, maps } = capture(() => reader.forward(batch)));
      else fits = reader.forward(batch);
      const scores = reader.scores();
      const allowed = bioTransitions(labels);
      const values = await fits.array();
      return sentences.map((sentence, row) => {
        const { places } = sentence;
        const tokens = given[row].slice(0, places.length);
        const path = bestPath(
          places.map((place) => values[row][place]),
          scores,
          allowed,
        );
        const found = path.map((index) => labels.at(index));
        return {
          tokens,
          labels: found,
          entities: entitiesOf(found).map((entity) => ({
            ...entity,
            text: tokens.slice(entity.start, entity.end).join(' '),
          })),
          truncated: given[row].length - places.length,
          ...(attention && { attention: reader.label(maps, tokens, sentence, row) }),
        };
      });
    } finally {
      tf.dispose([fits, ...maps.map(({ weights }) => weights), batch]);
    }
  }
}

function createModel(config: TokenTaggerConfig, words: number, characters: number, labels: number): BiLstmCrf {
  const { seed, architecture: _, minimumCount: __, maximumTokens: ___, maximumCharacters: ____, ...model } = config;
  return createBiLstmCrf({ ...model, words, characters, labels }, seed);
}

function* numbersOf(sentences: readonly TaggedTokens[]): Generator<number> {
  for (const { tokens, labels } of sentences) {
    for (const part of [...tokens, ...labels, ''].join('\0')) yield part.codePointAt(0)!;
  }
}
