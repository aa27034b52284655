import {
  disposeOnFailure,
  labelIndices,
  Task,
  textFingerprint,
  Vocabulary,
  type FitHistory,
  type SavedFiles,
  type TaskParts,
} from '@heed/tasks';
import { dataLoader, loadPretrained, openPretrained, parseConfig, type FileSource } from '@heed/training';
import type { TaggedTokens } from '../../datasets/tagged-tokens.ts';
import { bestPath } from '../../decoding/best-path.ts';
import { entitiesOf, entityF1 } from '../../metrics/entity-f1.ts';
import { BertEncoder } from '../../models/bert-encoder/bert-encoder.ts';
import { bertBodyNames, bertTaggerNames } from '../../models/bert/bert.names.ts';
import { labelFields, publishedDropout, publishedFiles, publishedHead } from '../published-bert.ts';
import { BertReader } from './bert-reader.ts';
import type { BiLstmReader } from './bilstm-reader.ts';
import { requireBioLabel, requireLabels, transitionsOf, type Labelling } from './labelling.ts';
import { bertReader, bilstmReader, labellingOf, learnReader, taggerState } from './tagger-readers.ts';
import type { LabelledBatch, ReadSentence, TaggerReader } from './tagger-reader.ts';
import { sentenceOf, type Sentence } from './sentence-of.ts';
import {
  tokenTaggerRecipes,
  tokenTaggerSchema,
  type PretrainedTaggerOptions,
  type TaggedSentence,
  type TagOptions,
  type TokenTaggerConfig,
  type TokenTaggerEvaluation,
  type TokenTaggerFitOptions,
  type TokenTaggerOptions,
} from './token-tagger-config.ts';

/** A model with what it reads by, and its labels. */
interface TaggerParts extends TaskParts {
  readonly reader: BiLstmReader | BertReader;
  readonly labels: Vocabulary;
  readonly labelling: Labelling;
}

type GivenSentence = string | readonly string[];

/**
 * Finds names, places and whatever else is labelled in sentences (token tagging, NER). Labels are BIO: `B-type` begins an entity, `I-type` goes
 * on with it, `O` is outside; what is found always obeys that. Published taggers keep their own: BIO of either kind, BIOES, BILOU, plain names, parts
 * of speech.
 *
 * A text is taken apart at white space, for a published tagger into the words of its tokenizer; give tokens to take it apart otherwise. From scratch,
 * words are known by their lower-case form without punctuation around it and with all digits alike; what that leaves out is read from the characters.
 *
 * `fit` uses Adam with a learning rate of 0.003 for 30 epochs; on published weights AdamW at 0.00005 with a weight decay of 0.01, for 4. The rate
 * rises over a twentieth of the run and is then decayed along a cosine; batches of 32, gradients clipped to norm 5.
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
 * console.log(entities[0]); // { type: 'person', start: 0, end: 2, text: 'Ann Lee', characters: [0, 7] }
 * ```
 */
export class TokenTagger extends Task<TokenTaggerConfig, TaggerParts> {
  static readonly kind = { name: 'TokenTagger', schema: tokenTaggerSchema };

  /** @throws if an option is unknown or out of range, naming it and its value */
  constructor(config: TokenTaggerOptions = {}) {
    super(TokenTagger.kind, { architecture: 'bilstm-crf', ...config });
  }

  /**
   * A tagger on a published BERT: from a folder or a path (see `startBackend` of @heed/node), e.g. what a `BertPretrainer` saved, from what
   * `fetchData` got, or by its id on the Hugging Face hub. With `labels` it gets a new last layer, and `fit` is the next step; without, the weights
   * must be those of a token classifier (`BertForTokenClassification`), which labels at once.
   *
   * @throws if a file is missing or damaged, the model is no BERT, there are no labels, one that is given is no BIO, or an option is out of range
   */
  static async fromPretrained(where: FileSource | string, options: PretrainedTaggerOptions = {}): Promise<TokenTagger> {
    const owner = 'TokenTagger.fromPretrained';
    const { weights = 'published', maximumTokens, seed = 1 } = options;
    options.labels?.forEach((label) => requireBioLabel(owner, label));
    const source = await openPretrained(where);
    const read = { pooling: 'cls', otherwise: 'cls', maximumTokens, seed, drawn: weights === 'new' } as const;
    const encoder = await BertEncoder.open(owner, source, read);
    return disposeOnFailure(encoder, async () => {
      const published = publishedHead(owner, encoder.config, 'BertForTokenClassification');
      const labels = options.labels ?? published?.labels;
      if (labels === undefined) {
        throw new Error(`${owner}: labels must be given where the files name none, got neither in ${source.label}`);
      }
      const dropout = publishedDropout(owner, encoder);
      const config = { architecture: 'bert', maximumTokens: encoder.maximumTokens, dropout, seed };
      const tagger = new TokenTagger(config as never); // users begin from scratch; only this begins from a BERT
      const reader = bertReader(encoder, labels.length, dropout, seed);
      const labelling = options.labels === undefined ? labellingOf(encoder.config) : 'bio';
      return tagger.adopt({ model: reader.model, reader, labels: new Vocabulary(labels), labelling }, async (parts) => {
        const optional = [/pooler/]; // some files have none, which is not trained here
        if (weights === 'published') {
          if (options.labels === undefined) await loadPretrained(source, reader.model, bertTaggerNames, { optional });
          else await loadPretrained(source, encoder.bert, bertBodyNames, { optional });
        }
        return parts;
      });
    });
  }

  /** The labels that it knows. @throws before `fit`, `load` or `fromPretrained` */
  get labels(): readonly string[] {
    return this.require('labels').labels.symbols;
  }

  /**
   * Trains on tagged sentences; again on an already trained tagger, it goes on with the same words and labels.
   *
   * @throws if there are no sentences, one has no tokens, too many, or another number of labels; if a label is unknown, no BIO, or an `I` goes on
   * with nothing; if a checkpoint is of another run
   */
  async fit(sentences: readonly TaggedTokens[], options: TokenTaggerFitOptions = {}): Promise<FitHistory> {
    const owner = 'TokenTagger.fit';
    const { truncation = 'error', validation, buckets = 2 } = options;
    if (sentences.length === 0) throw new Error(`${owner}: at least one sentence is needed, got none`);
    const labelling = this.trained ? this.require('fit').labelling : 'bio';
    for (const [i, sentence] of sentences.entries()) requireLabels(owner, labelling, sentence, i);
    const { seed, architecture } = this.config;
    return this.train<LabelledBatch>(
      options,
      tokenTaggerRecipes[architecture],
      () => this.learn(sentences),
      (parts, { batchSize }) => {
        const reader = parts.reader as TaggerReader;
        const { symbols } = parts.labels;
        validation?.forEach((sentence, i) => requireLabels(owner, 'published', sentence, i));
        this.read(tokensOf(validation ?? []), 'fit', truncation);
        const inputs = this.read(tokensOf(sentences), 'fit', truncation);
        const read = inputs.map((input, i) => {
          const labels = sentences[i].labels.slice(0, input.read.places.length);
          return { ...input.read, labels: labelIndices(`${owner}: sentence ${i}`, symbols, labels) };
        });
        return {
          loss: (batch, { random }) => reader.loss(batch, { random }),
          data: dataLoader({
            examples: read.map(({ length }) => length),
            batchSize,
            buckets,
            seed,
            make: (members, { length }) =>
              reader.labelledBatch(
                members.map((index) => read[index]),
                length,
                read,
              ),
          }),
          identity: {
            labels: symbols,
            buckets,
            data: `${sentences.length} sentences, ${textFingerprint(sentences.flatMap(({ tokens, labels }) => [...tokens, ...labels]))}`,
          },
          evaluation: validation && {
            run: async () => {
              const { precision, recall, f1 } = await this.evaluate(validation, { truncation });
              return { precision, recall, f1 };
            },
            monitor: 'f1',
            goal: 'max',
          },
        };
      },
    );
  }

  /**
   * Labels a sentence, or several: each a text, or tokens.
   *
   * @throws if a sentence is neither, has no tokens, or too many and `truncation` is 'error'
   */
  tag(sentence: string, options?: TagOptions): Promise<TaggedSentence>;
  tag(sentences: readonly GivenSentence[], options?: TagOptions): Promise<TaggedSentence[]>;
  async tag(
    input: string | readonly GivenSentence[],
    options: TagOptions = {},
  ): Promise<TaggedSentence | TaggedSentence[]> {
    if (!Array.isArray(input)) return (await this.tag([input as string], options))[0];
    const { attention = false, truncation = 'error', batchSize = 64, signal } = options;
    const { labels, labelling, ...parts } = this.require('tag');
    const reader = parts.reader as TaggerReader;
    const [scores, allowed] = [reader.scores(), transitionsOf(labelling, labels)];
    return this.predictInBatches(
      'tag',
      this.read(input, 'tag', truncation),
      {
        size: ({ read }) => read.length,
        maximumSize: this.config.maximumTokens,
        batch: (chosen, length) =>
          reader.batch(
            chosen.map(({ read }) => read),
            length,
          ),
        forward: (batch) => ({ fits: reader.forward(batch) }), // [B, L, K]
        result: ({ fits: { data } }, { sentence, read }, row, maps): TaggedSentence => {
          const { places } = read;
          const emissions = places.map((place) => data.subarray(place * labels.size, (place + 1) * labels.size));
          const tokens = sentence.tokens.slice(0, places.length);
          const found = bestPath(emissions, scores, allowed).map((index) => labels.at(index));
          return {
            tokens,
            labels: found,
            entities: entitiesOf(found).map((entity) => ({ ...entity, ...sentence.place(entity) })),
            truncated: sentence.tokens.length - places.length,
            ...(attention && { attention: reader.label(maps, tokens, read, row) }),
          };
        },
      },
      { batchSize, signal, attention },
    );
  }

  /**
   * Precision, recall and F1 by entity on tagged sentences, with what was found; tokens that truncation left out count as `O`.
   *
   * @throws as `tag`, and if there are no sentences, or one has another number of labels than of tokens
   */
  async evaluate(
    sentences: readonly TaggedTokens[],
    options: Omit<TagOptions, 'attention'> = {},
  ): Promise<TokenTaggerEvaluation> {
    for (const [i, sentence] of sentences.entries()) requireLabels('TokenTagger.evaluate', 'published', sentence, i);
    const tagged = await this.tag(tokensOf(sentences), options);
    const compared = sentences.map(({ labels }, i) => ({
      labels,
      predicted: labels.map((_, token) => tagged[i].labels[token] ?? 'O'),
    }));
    const right = compared.flatMap(({ labels, predicted }) => labels.map((label, i) => label === predicted[i]));
    return { ...entityF1(compared), accuracy: right.filter(Boolean).length / right.length, sentences: tagged };
  }

  /** On a BERT, as Hugging Face's `BertForTokenClassification`. */
  protected describe({ reader, labels, labelling }: TaggerParts) {
    const { symbols } = labels;
    if (!(reader instanceof BertReader)) return { state: { labels: symbols, ...reader.state() } };
    return {
      state: { labels: symbols, labelling },
      ...publishedFiles(reader.encoder, bertTaggerNames, {
        ...labelFields(symbols),
        architectures: ['BertForTokenClassification'],
        classifier_dropout: reader.model.dropoutRate,
      }),
    };
  }

  protected async restore({ source, state }: SavedFiles): Promise<TaggerParts> {
    const owner = 'TokenTagger.load';
    const { config } = this;
    const { labelling, ...saved } = parseConfig(owner, taggerState, state);
    const labels = new Vocabulary(saved.labels);
    if (config.architecture === 'bilstm-crf') {
      const reader = bilstmReader(config, new Vocabulary(saved.words), new Vocabulary(saved.characters), labels.size);
      return { model: reader.model, reader, labels, labelling };
    }
    const { maximumTokens, dropout, seed } = config;
    const encoder = await BertEncoder.open(owner, source, { pooling: 'cls', otherwise: 'cls', maximumTokens, seed });
    const reader = bertReader(encoder, labels.size, dropout, seed);
    return { model: reader.model, reader, labels, labelling };
  }

  private learn(sentences: readonly TaggedTokens[]): TaggerParts {
    const labels = Vocabulary.of(sentences.map((sentence) => sentence.labels));
    const reader = learnReader(this.config, sentences, labels.size);
    return { model: reader.model, reader, labels, labelling: 'bio' };
  }

  private read(sentences: readonly GivenSentence[], method: string, truncation: 'error' | 'end') {
    const owner = `TokenTagger.${method}`;
    const { reader, labelling } = this.require(method);
    const encoder = labelling === 'published' && reader instanceof BertReader ? reader.encoder : undefined;
    return sentences.map((given, i): { sentence: Sentence; read: ReadSentence } => {
      const sentence = sentenceOf(owner, given, i, encoder);
      const read = reader.read(sentence.tokens);
      if (read.places.length < sentence.tokens.length && truncation === 'error') {
        throw new Error(
          `${owner}: a sentence must have at most maximumTokens=${this.config.maximumTokens} ${reader.unit}, or truncation be 'end', ` +
            `got ${read.size} in sentence ${i}`,
        );
      }
      return { sentence, read };
    });
  }
}

function tokensOf(sentences: readonly TaggedTokens[]): (readonly string[])[] {
  return sentences.map(({ tokens }) => tokens);
}
