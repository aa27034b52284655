import { disposeOnFailure, requireTexts, Task, type SavedFiles, type TaskParts } from '@heed/tasks';
import { loadPretrained, openPretrained, savePretrained, type FileSource, type Folder } from '@heed/training';
import { BertEncoder, type BertText } from '../../models/bert-encoder/bert-encoder.ts';
import { requireKnownModules } from '../../models/bert-encoder/sentence-files.ts';
import { bertEncoderNames, publishedBertConfig } from '../../models/bert/bert.names.ts';
import {
  sentenceEncoderSchema,
  type EncodedSentence,
  type EncodeOptions,
  type SentenceEncoderConfig,
} from './sentence-encoder-config.ts';

interface EncoderParts extends TaskParts {
  readonly model: BertEncoder;
}

/**
 * Sentences as vectors that are close where the meanings are (Reimers & Gurevych 2019, "Sentence-BERT"): the mean of a BERT's hidden states
 * over all tokens, divided by its length.
 *
 * @example
 * ```ts
 * import { SentenceEncoder } from '@heed/nlp';
 * async function similarity(folder: string, a: string, b: string): Promise<number> {
 *   const encoder = await SentenceEncoder.fromPretrained(folder);
 *   const [{ embedding: x }, { embedding: y }] = await encoder.encode([a, b]);
 *   encoder.dispose();
 *   return x.reduce((sum, value, i) => sum + value * y[i], 0);
 * }
 * ```
 */
export class SentenceEncoder extends Task<SentenceEncoderConfig, EncoderParts> {
  static readonly kind = { name: 'SentenceEncoder', schema: sentenceEncoderSchema };

  /** For `fromPretrained` and `load`, which bring the weights. @throws if an option is unknown or out of range, naming it and its value */
  constructor(config: SentenceEncoderConfig) {
    super(SentenceEncoder.kind, config);
  }

  /**
   * Opens a published BERT with its tokenizer: from a folder or a path (see `startBackend` of @heed/node), from what `fetchData` got, or by
   * its id on the Hugging Face hub. `max_seq_length` of a `sentence_bert_config.json` is heeded, and a `1_Pooling/config.json` must ask for the mean.
   *
   * @throws if a file is missing or damaged, the model is no BERT, is pooled otherwise or has further modules, or the weights are of another config
   */
  static async fromPretrained(where: FileSource | string): Promise<SentenceEncoder> {
    const owner = 'SentenceEncoder.fromPretrained';
    const source = await openPretrained(where);
    const model = await BertEncoder.open(owner, source, { otherwise: 'mean' });
    return disposeOnFailure(model, async () => {
      if (model.pooling !== 'mean') {
        throw new Error(
          `${owner}: the pooling in ${source.label} must be the mean of all tokens, got classifier_pooling "cls"`,
        );
      }
      requireKnownModules(owner, model.files(), source.label);
      await loadPretrained(source, model, bertEncoderNames);
      return new SentenceEncoder({ maximumTokens: model.maximumTokens }).adopt({ model });
    });
  }

  /**
   * A sentence as a vector, or several, in their order.
   *
   * @throws if a sentence is no text, or has more than `maximumTokens` tokens and `truncation` is 'error'; if `batchSize` is not a positive integer
   */
  encode(sentence: string, options?: EncodeOptions): Promise<EncodedSentence>;
  encode(sentences: readonly string[], options?: EncodeOptions): Promise<EncodedSentence[]>;
  async encode(
    input: string | readonly string[],
    options: EncodeOptions = {},
  ): Promise<EncodedSentence | EncodedSentence[]> {
    if (!Array.isArray(input)) return (await this.encode([input as string], options))[0];
    const { attention = false, truncation = 'error', batchSize = 32, signal } = options;
    const { model } = this.require('encode');
    requireTexts('SentenceEncoder.encode', input, 'a sentence');
    return this.predictInBatches(
      'encode',
      input.map((sentence: string) => ({ sentence, text: this.read(sentence, truncation) })),
      {
        size: ({ text }) => text.size,
        maximumSize: model.maximumTokens,
        batch: (chosen, size) =>
          model.batch(
            chosen.map(({ text }) => text),
            size,
          ),
        forward: (batch) => ({ embeddings: model.embed(batch) }), // [B, M]
        result: ({ embeddings }, { sentence, text }, row, maps): EncodedSentence => ({
          sentence,
          embedding: embeddings.data as Float32Array,
          tokens: text.tokens,
          truncated: text.truncated,
          ...(attention !== false && { attention: model.label(maps, text, row) }),
          ...(attention === 'heads' && { heads: model.labelHeads(maps, text, row) }),
        }),
      },
      { batchSize, signal, attention: attention !== false },
    );
  }

  /** Saves what Hugging Face's transformers and sentence-transformers open, file for file as it was published: config, weights, tokenizer and pooling. */
  async savePretrained(where: Folder | string): Promise<void> {
    const { model } = this.require('savePretrained');
    await savePretrained(where, { model, names: bertEncoderNames, config: configOf(model), files: model.files() });
  }

  protected describe({ model }: EncoderParts) {
    return { names: bertEncoderNames, published: configOf(model), files: model.files() };
  }

  protected async restore({ source }: SavedFiles): Promise<EncoderParts> {
    const { maximumTokens } = this.config;
    const options = { pooling: 'mean', otherwise: 'mean', maximumTokens } as const;
    return { model: await BertEncoder.open('SentenceEncoder.load', source, options) };
  }

  private read(sentence: string, truncation: 'error' | 'end'): BertText {
    const text = this.require('encode').model.read(sentence);
    if (text.truncated > 0 && truncation === 'error') {
      throw new Error(
        `SentenceEncoder.encode: a sentence must have at most ${this.config.maximumTokens} tokens, or truncation be 'end', ` +
          `got ${text.size + text.truncated} in ${JSON.stringify(sentence.slice(0, 40))}…`,
      );
    }
    return text;
  }
}

/** What of `config.json` is Hugging Face's. */
function configOf({ config, bert }: BertEncoder): Readonly<Record<string, unknown>> {
  const { format: _, version: __, config: ___, state: ____, files: _____, ...published } = config;
  return { ...published, ...publishedBertConfig(bert.config) };
}
