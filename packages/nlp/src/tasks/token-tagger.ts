import { capture, labelMap, type AttentionMap, type LabelledMap } from '@heed/attention-core';
import { batchTensors, openFolder, parseConfig, type Folder } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { TaggedTokens } from '../datasets/tagged-tokens.ts';
import { bestPath } from '../decoding/best-path.ts';
import { entitiesOf, entityF1, parseLabel, type Entity, type EntityEvaluation } from '../metrics/entity-f1.ts';
import {
  createBiLstmCrf,
  type BiLstmCrf,
  type BiLstmCrfConfig,
  type SentenceBatch,
} from '../models/bilstm-crf/bilstm-crf.ts';
import { longestToken, sentenceBatch, type IndexedSentence } from '../preprocessing/sentence-batches.ts';
import { Vocabulary } from '../preprocessing/vocabulary.ts';
import type { FitHistory } from './fit-model.ts';
import { fitTokenTagger, type TokenTaggerFitOptions } from './fit-token-tagger.ts';
import { CONFIG_FILE, readJson, readWeights, writeJson, writeWeights } from './saved-files.ts';

/** What a tagger is, apart from the words, characters and labels that it learns from its data. */
export interface TokenTaggerConfig extends Omit<BiLstmCrfConfig, 'words' | 'characters' | 'labels'> {
  /** Words that occur less often in the training data are unknown, and known by their characters alone. */
  readonly minimumCount: number;
  /** Longer sentences are refused, or cut where truncation is asked for. */
  readonly maximumTokens: number;
  /** Of a longer token the characters in its middle are not read. */
  readonly maximumCharacters: number;
  /** Decides initial weights, order of the data and dropout. */
  readonly seed: number;
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
  config: z.record(z.string(), z.number()),
  words: z.array(z.string()).min(1),
  characters: z.array(z.string()).min(1),
  labels: z.array(z.string()).min(1),
});

/** A model with the symbols that it was made for. */
interface Trained {
  readonly model: BiLstmCrf;
  readonly words: Vocabulary;
  readonly characters: Vocabulary;
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

  /** @throws if an option is unknown or out of range, naming it and its value */
  constructor(config: Partial<TokenTaggerConfig> = {}) {
    this.config = Object.freeze({ ...defaults, ...config });
    for (const name of ['minimumCount', 'maximumTokens', 'maximumCharacters'] as const) {
      const value = this.config[name];
      if (!Number.isInteger(value) || value < 1) {
        throw new Error(`TokenTagger: ${name} must be a positive integer, got ${value}`);
      }
    }
    createModel(this.config, 1, 1, 1).dispose(); // refuses a bad config before any data are read
  }

  /** Trained weights. @throws before `fit` or `load` */
  get parameterCount(): number {
    return this.require('parameterCount').model.parameterCount();
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
    const { model, words, labels } = this.trained;
    const fit = {
      model,
      sentences: sentences.map(({ tokens, labels }, i) => this.index(tokens, labels, 'fit', truncation, i)),
      seed: this.config.seed,
      config: { tagger: this.config, words: words.size, labels: labels.symbols },
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
    const indexed = asked.map((tokens, i) => this.index(tokens, undefined, 'tag', truncation, i));
    const order = [...indexed.keys()].sort((a, b) => indexed[a].words.length - indexed[b].words.length);
    const found: TaggedSentence[] = [];
    for (let first = 0; first < order.length; first += batchSize) {
      signal?.throwIfAborted();
      const members = order.slice(first, first + batchSize);
      const tagged = await this.tagBatch(
        members.map((index) => indexed[index]),
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

  /** Writes `config.json` and `model.safetensors`. @param folder a path (see `startBackend` of @heed/node) or a folder */
  async save(folder: Folder | string): Promise<void> {
    const { model, words, characters, labels } = this.require('save');
    const target = openFolder(folder);
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
    const saved = parseConfig(owner, savedSchema, await readJson('TokenTagger.load', source, CONFIG_FILE));
    const tagger = new TokenTagger(saved.config as Partial<TokenTaggerConfig>);
    const [words, characters, labels] = [saved.words, saved.characters, saved.labels].map(
      (list) => new Vocabulary(list),
    );
    const trained = tagger.create(words, characters, labels);
    try {
      await readWeights('TokenTagger.load', source, trained.model);
    } catch (error) {
      trained.model.dispose();
      throw error;
    }
    tagger.trained = trained;
    return tagger;
  }

  /** Frees the weights. */
  dispose(): void {
    this.trained?.model.dispose();
    this.trained = undefined;
  }

  private create(words: Vocabulary, characters: Vocabulary, labels: Vocabulary): Trained {
    return { model: createModel(this.config, words.size, characters.size, labels.size), words, characters, labels };
  }

  private learn(sentences: readonly TaggedTokens[]): Trained {
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
      Vocabulary.of(sentences.map(({ labels }) => labels)),
    );
  }

  private require(method: string): Trained {
    if (this.trained === undefined) {
      throw new Error(`TokenTagger.${method}: the tagger must be trained, got one that saw neither fit() nor load()`);
    }
    return this.trained;
  }

  private index(
    given: readonly string[],
    givenLabels: readonly string[] | undefined,
    method: string,
    truncation: 'error' | 'end',
    position: number,
  ): IndexedSentence {
    const { words, characters, labels } = this.require(method);
    const { maximumTokens, maximumCharacters } = this.config;
    if (given.length === 0) {
      throw new Error(`TokenTagger.${method}: a sentence must have a token, got none in sentence ${position}`);
    }
    const empty = given.findIndex((token) => !/\S/.test(token));
    if (empty >= 0) {
      throw new Error(
        `TokenTagger.${method}: a token must not be empty, got ${JSON.stringify(given[empty])} as token ${empty} of sentence ${position}`,
      );
    }
    if (given.length > maximumTokens && truncation === 'error') {
      throw new Error(
        `TokenTagger.${method}: a sentence must have at most maximumTokens=${maximumTokens} tokens, or truncation be 'end', ` +
          `got ${given.length} in sentence ${position}`,
      );
    }
    const tokens = given.slice(0, maximumTokens);
    return {
      words: tokens.map((token) => words.indexOf(wordForm(token)) ?? 0),
      characters: tokens.map((token) =>
        withoutMiddle([...token], maximumCharacters).map((character) => characters.indexOf(character) ?? 0),
      ),
      labels: (givenLabels?.slice(0, maximumTokens) ?? []).map((label) => {
        const index = labels.indexOf(label);
        if (index !== undefined) return index;
        throw new Error(
          `TokenTagger.${method}: a label must be one of ${JSON.stringify(labels.symbols)}, got ${JSON.stringify(label)} in sentence ${position}`,
        );
      }),
    };
  }

  private async tagBatch(
    sentences: readonly IndexedSentence[],
    given: readonly (readonly string[])[],
    attention: boolean,
  ): Promise<TaggedSentence[]> {
    const { model, labels } = this.require('tag');
    const steps = Math.max(...sentences.map(({ words }) => words.length));
    const { labels: _, ...arrays } = sentenceBatch(sentences, steps, longestToken(sentences));
    const batch = batchTensors(arrays) as SentenceBatch;
    let maps: readonly AttentionMap[] = [];
    let emissions: tf.Tensor3D | undefined;
    try {
      if (attention) ({ result: emissions, maps } = capture(() => model.forward(batch)));
      else emissions = model.forward(batch);
      const scores = model.crf.scores();
      const allowed = bioTransitions(labels);
      const values = (await emissions.array()) as number[][][];
      return sentences.map(({ words, characters }, row) => {
        const tokens = given[row].slice(0, words.length);
        const path = bestPath(values[row].slice(0, words.length), scores, allowed);
        const found = path.map((index) => labels.at(index));
        return {
          tokens,
          labels: found,
          entities: entitiesOf(found).map((entity) => ({
            ...entity,
            text: tokens.slice(entity.start, entity.end).join(' '),
          })),
          truncated: given[row].length - words.length,
          ...(attention && { attention: labelMaps(maps, row, tokens, characters) }),
        };
      });
    } finally {
      tf.dispose([emissions, ...maps.map(({ weights }) => weights), batch]);
    }
  }
}

function createModel(config: TokenTaggerConfig, words: number, characters: number, labels: number): BiLstmCrf {
  const { seed, minimumCount: _, maximumTokens: __, maximumCharacters: ___, ...model } = config;
  return createBiLstmCrf({ ...model, words, characters, labels }, seed);
}

/** In lower case, without punctuation around it, all digits alike. */
function wordForm(token: string): string {
  const lower = token.normalize('NFC').toLowerCase();
  const inner = lower.replace(/^[^\p{L}\p{N}]+/u, '').replace(/[^\p{L}\p{N}]+$/u, '');
  return (inner === '' ? lower : inner).replaceAll(/\p{Nd}/gu, '0');
}

function withoutMiddle(characters: readonly string[], most: number): readonly string[] {
  if (characters.length <= most) return characters;
  const half = Math.floor(most / 2);
  return [...characters.slice(0, most - half), ...characters.slice(characters.length - half)];
}

/** An `I` goes on with an entity of its type alone. */
function bioTransitions(labels: Vocabulary): (from: number | undefined, to: number) => boolean {
  const parsed = labels.symbols.map(parseLabel);
  return (from, to) => {
    const { position, type } = parsed[to];
    return position !== 'I' || (from !== undefined && parsed[from].position !== 'O' && parsed[from].type === type);
  };
}

/** @throws unless there is one BIO label for each token, and every `I` goes on with an entity of its type */
function requireBio({ tokens, labels }: TaggedTokens, position: number): void {
  if (tokens.length !== labels.length) {
    throw new Error(
      `TokenTagger.fit: a sentence must have one label for each token, got ${labels.length} labels and ${tokens.length} tokens in sentence ${position}`,
    );
  }
  for (const [i, label] of labels.entries()) {
    const { position: place, type } = parseLabel(label);
    const before = i === 0 ? undefined : parseLabel(labels[i - 1]);
    if (place === 'I' && (before === undefined || before.position === 'O' || before.type !== type)) {
      throw new Error(
        `TokenTagger.fit: ${label} must follow B-${type} or I-${type}, got it after ${labels[i - 1] ?? 'the beginning'} in sentence ${position}`,
      );
    }
  }
}

/** One row per token of what its characters counted, then what each token looked at. */
function labelMaps(
  maps: readonly AttentionMap[],
  row: number,
  tokens: readonly string[],
  characters: readonly (readonly number[])[],
): LabelledMap[] {
  return maps.flatMap((map) => {
    if (!map.name.startsWith('characters')) return [labelMap(map, { batch: row, rows: tokens, columns: tokens })];
    return tokens.map((token, head) => {
      const columns = withoutMiddle([...token], characters[head].length);
      return { ...labelMap(map, { batch: row, head, rows: [token], columns }), name: `characters of ${token}` };
    });
  });
}
