import { labelMap, requireNoLfsPointer } from '@heed/attention-core';
import {
  disposeOnFailure,
  requireTexts,
  Task,
  TextTokenizer,
  trainWordPiece,
  type FitHistory,
  type SavedFiles,
  type TaskParts,
  type TokenizerJson,
} from '@heed/tasks';
import { loadPretrained, makeFor, openPretrained, readConfig, type FileSource } from '@heed/training';
import { createBertPreTraining, type BertPreTraining } from '../../models/bert/bert-pre-training.ts';
import {
  bertCausalNames,
  bertConfigFrom,
  bertPreTrainingNames,
  publishedBertConfig,
} from '../../models/bert/bert.names.ts';
import { pairBatch, pairsOf } from '../../preprocessing/pair-rows.ts';
import { SegmentPairs, type SegmentPairBatch } from '../../preprocessing/segment-pairs.ts';
import { IGNORED } from '../../preprocessing/sequence-batches.ts';
import {
  bertOf,
  bertPretrainerRecipe,
  bertPretrainerSchema,
  type BertPretrainerConfig,
  type BertPretrainerEvaluation,
  type BertPretrainerFitOptions,
  type FilledText,
  type FillOptions,
} from './bert-pretrainer-config.ts';
import { largest, maskedBatch, readMasked, specialNumbers } from './masked-text.ts';
import { tokenizeDocuments } from './tokenize-documents.ts';

const TOKENIZER_FILE = 'tokenizer.json';

/** A model with the word pieces that it was made for. */
interface PretrainerParts extends TaskParts {
  readonly model: BertPreTraining;
  readonly tokenizer: TextTokenizer;
}

/**
 * Pretrains a BERT on texts of your own (Devlin et al. 2019): it learns to fill in masked word pieces, and to tell whether a segment follows
 * another. What it saves is opened by `TextClassifier.fromPretrained` and `TokenTagger.fromPretrained`, and by Hugging Face's transformers as
 * `BertForPreTraining`.
 *
 * `fit` uses AdamW with a learning rate of 0.001, which rises over the first tenth of the run and is then decayed linearly; 3 epochs, batches of 32
 * pairs, weight decay 0.01, gradients clipped to norm 1.
 *
 * @example
 * ```ts
 * import { BertPretrainer } from '@heed/nlp';
 * const pretrainer = new BertPretrainer({ vocabularySize: 80, width: 64, layers: 1, heads: 2, maximumTokens: 32, seed: 7 });
 * const documents = [
 *   'The cat sat on the mat. The cat ran to the door. The cat sat on the mat.',
 *   'A sun was in the sky. A moon was in the sea. A sun was in the sky.',
 * ];
 * await pretrainer.fit(documents, { steps: 100, batchSize: 8, learningRate: 0.005 });
 * const { text, masks } = await pretrainer.fill('The [MASK] sat on the mat.');
 * console.log(text, masks[0][0]); // the cat sat on the mat.
 * ```
 */
export class BertPretrainer extends Task<BertPretrainerConfig, PretrainerParts> {
  static readonly kind = { name: 'BertPretrainer', schema: bertPretrainerSchema };

  /** @throws if an option is unknown or out of range, naming it and its value */
  constructor(config: Partial<BertPretrainerConfig> = {}) {
    super(BertPretrainer.kind, config);
  }

  /**
   * A published `BertForPreTraining` with a `tokenizer.json`: from a folder or a path (see `startBackend` of @heed/node), from what `fetchData` got,
   * or by its id on the Hugging Face hub.
   *
   * @throws if a file is missing or damaged, or the weights are of another config
   */
  static async fromPretrained(
    where: FileSource | string,
    { seed = 1 }: { readonly seed?: number } = {},
  ): Promise<BertPretrainer> {
    const source = await openPretrained(where);
    const published = await readConfig(source);
    const bert = bertConfigFrom(published);
    const tokenizer = readTokenizer(await source.read(TOKENIZER_FILE));
    const pretrainer = new BertPretrainer({
      vocabularySize: bert.vocabularySize,
      lowerCase: (tokenizer.json.normalizer as { readonly lowercase?: boolean } | null)?.lowercase ?? false,
      maximumTokens: bert.maximumLength,
      width: bert.modelWidth,
      layers: bert.layers,
      heads: bert.heads,
      dropout: bert.dropout,
      causal: bert.causal ?? false,
      seed,
    });
    const model = await makeFor(source, () => createBertPreTraining(bert, seed));
    return disposeOnFailure(model, async () => {
      await loadPretrained(source, model, bert.causal ? bertCausalNames : bertPreTrainingNames);
      return pretrainer.adopt({ model, tokenizer });
    });
  }

  /** Its word pieces. @throws before `fit`, `load` or `fromPretrained` */
  get tokenizer(): TextTokenizer {
    return this.require('tokenizer').tokenizer;
  }

  /**
   * Trains on documents; again on an already trained encoder, it goes on with the same word pieces.
   *
   * @throws if fewer than two documents have two sentences, or the vocabulary has no room for their characters; if a checkpoint is of another run
   */
  async fit(documents: readonly string[], options: BertPretrainerFitOptions = {}): Promise<FitHistory> {
    const owner = 'BertPretrainer.fit';
    const { maskedShare, validation } = options;
    requireTexts(owner, documents, 'a document');
    if (validation !== undefined) requireTexts(owner, validation, 'a document');
    return this.train<SegmentPairBatch>(
      options,
      bertPretrainerRecipe,
      () => this.create(options.tokenizer ?? trainWordPiece(documents, this.config)),
      ({ model, tokenizer }, { batchSize }) => {
        const pairs = this.pairs(documents, batchSize, maskedShare);
        if (validation !== undefined) this.pairs(validation, batchSize);
        return {
          loss: (batch, { random }) => model.loss(batch, { random }),
          data: Object.assign((epoch: number) => pairs.epoch(epoch), { perEpoch: pairs.perEpoch }),
          identity: { tokens: tokenizer.size, maskedShare, data: pairs.fingerprint },
          evaluation: validation && {
            run: async () => {
              const measured = Object.entries(await this.evaluate(validation));
              return Object.fromEntries(measured.filter(([, value]) => !Number.isNaN(value)));
            },
            monitor: 'loss',
          },
        };
      },
    );
  }

  /**
   * How well what is asked is predicted, on pairs drawn from other documents: as many as would cover them once, the same in every call.
   *
   * @throws if fewer than two documents have two sentences
   */
  async evaluate(
    documents: readonly string[],
    { batchSize = 32, signal }: { readonly batchSize?: number; readonly signal?: AbortSignal } = {},
  ): Promise<BertPretrainerEvaluation> {
    const { model } = this.require('evaluate');
    requireTexts('BertPretrainer.evaluate', documents, 'a document');
    const pairs = [...this.pairs(documents, batchSize).epoch(0)].flatMap(pairsOf);
    const sums = { nats: 0, tokens: 0, rightTokens: 0, pairs: 0, rightPairs: 0 };
    await this.predictInBatches(
      'evaluate',
      pairs,
      {
        batch: pairBatch,
        forward: (batch) => model.judge(batch),
        result: ({ nats, best, random }, { targets, isRandom }) => {
          for (const [i, target] of targets.entries()) {
            if (target === IGNORED) continue;
            sums.tokens++;
            sums.nats += nats.data[i];
            if (best.data[i] === target) sums.rightTokens++;
          }
          if (isRandom[0] === IGNORED) return;
          sums.pairs++;
          if (random.data[0] === isRandom[0]) sums.rightPairs++;
        },
      },
      { batchSize, signal },
    );
    return {
      loss: sums.nats / sums.tokens,
      tokenAccuracy: sums.rightTokens / sums.tokens,
      nextSentenceAccuracy: sums.rightPairs / sums.pairs,
      tokens: sums.tokens,
    };
  }

  /**
   * Fills in what stands as `[MASK]` in a text, or in several, each mask by itself.
   *
   * @throws if there is no mask, a text is too long or none, or the encoder is causal
   */
  fill(text: string, options?: FillOptions): Promise<FilledText>;
  fill(texts: readonly string[], options?: FillOptions): Promise<FilledText[]>;
  async fill(input: string | readonly string[], options: FillOptions = {}): Promise<FilledText | FilledText[]> {
    if (Array.isArray(input)) return this.fillAll(input, options);
    return (await this.fillAll([input as string], options))[0];
  }

  /** As Hugging Face's `BertForPreTraining`; a causal one, which is not asked about next sentences, as its `BertLMHeadModel`. */
  protected describe({ model, tokenizer }: PretrainerParts) {
    const { causal, lowerCase, maximumTokens } = this.config;
    return {
      names: causal ? bertCausalNames : bertPreTrainingNames,
      published: {
        ...publishedBertConfig(model.bert.config),
        architectures: [causal ? 'BertLMHeadModel' : 'BertForPreTraining'],
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
    };
  }

  protected restore({ files, published }: SavedFiles): PretrainerParts {
    const tokenizer = readTokenizer(files[TOKENIZER_FILE]);
    return { model: createBertPreTraining(bertConfigFrom(published), this.config.seed), tokenizer };
  }

  private async fillAll(texts: readonly string[], options: FillOptions): Promise<FilledText[]> {
    const owner = 'BertPretrainer.fill';
    const { candidates = 5, attention = false, batchSize = 32, signal } = options;
    const { model, tokenizer } = this.require('fill');
    requireTexts(owner, texts);
    const { causal, maximumTokens } = this.config;
    if (causal) throw new Error(`${owner}: the encoder must read from both sides, got a causal one`);
    return this.predictInBatches(
      'fill',
      texts.map((text) => readMasked(owner, tokenizer, text, maximumTokens)),
      {
        size: ({ ids }) => ids.length,
        maximumSize: maximumTokens,
        batch: maskedBatch,
        forward: (batch) => ({ probabilities: model.fill(batch) }), // [B, P, V]
        result: ({ probabilities: { data, shape } }, { ids, places }, row, maps): FilledText => {
          const masks = places.map((_, i) => {
            const ofMask = data.subarray(i * shape[1], (i + 1) * shape[1]);
            return largest(ofMask, candidates).map((id) => ({ id, probability: ofMask[id] }));
          });
          const filled = [...ids];
          for (const [i, place] of places.entries()) filled[place] = masks[i][0].id;
          const tokens = tokenizer.pieces(ids);
          return {
            text: tokenizer.decode(filled),
            masks: masks.map((mask) =>
              mask.map(({ id, probability }) => ({ token: tokenizer.pieces([id])[0], probability })),
            ),
            tokens,
            ...(attention && {
              attention: maps.map((map) => labelMap(map, { batch: row, rows: tokens, columns: tokens })),
            }),
          };
        },
      },
      { batchSize, signal, attention },
    );
  }

  private create(json: TokenizerJson): PretrainerParts {
    const tokenizer = new TextTokenizer(json);
    specialNumbers(tokenizer); // refuses word pieces without them before any are used
    return { model: createBertPreTraining(bertOf(this.config, tokenizer.size), this.config.seed), tokenizer };
  }

  private pairs(documents: readonly string[], batchSize: number, maskedShare?: number): SegmentPairs {
    const { tokenizer } = this.require('fit');
    const { maximumTokens: length, causal, seed } = this.config;
    return new SegmentPairs(tokenizeDocuments(documents, tokenizer, length), {
      batchSize,
      length,
      vocabularySize: tokenizer.size,
      special: specialNumbers(tokenizer),
      objective: causal ? 'next-token' : 'masked',
      maskedShare,
      seed,
    });
  }
}

function readTokenizer(content: Uint8Array): TextTokenizer {
  requireNoLfsPointer(`BertPretrainer: ${TOKENIZER_FILE}`, content);
  return new TextTokenizer(JSON.parse(new TextDecoder().decode(content)) as TokenizerJson);
}
