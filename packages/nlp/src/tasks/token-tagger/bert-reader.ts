import { labelMap, type AttentionMap, type LabelledMap, type RandomStream } from '@heed/attention-core';
import type * as tf from '@tensorflow/tfjs';
import type { ChainScores } from '../../layers/linear-chain-crf.ts';
import type { BertEncoder } from '../../models/bert-encoder/bert-encoder.ts';
import type { BertTagger, LabelledTokenBatch } from '../../models/bert-tagger/bert-tagger.ts';
import type { TokenBatch } from '../../models/bert/bert.ts';
import { pieceBatch, type PieceBatch } from '../../preprocessing/piece-batch.ts';
import { tokenBatch, type TokenRows } from '../../preprocessing/token-batch.ts';
import type { LabelledSentence, ReadSentence, TaggerReader } from './tagger-reader.ts';

/** Tokens as a BERT reads them: word pieces, special ones included. */
interface BertTokens extends ReadSentence {
  readonly ids: readonly number[];
  readonly pieces: readonly string[];
}

/** Reads tokens as word pieces, for a `BertTagger`; a token is labelled at one of its pieces. */
export class BertReader implements TaggerReader<BertTokens> {
  readonly unit = 'word pieces, two special ones included';

  constructor(
    readonly model: BertTagger,
    readonly encoder: BertEncoder,
    private readonly labels: number,
  ) {}

  /**
   * Tokens that were taken apart beforehand. A token stands at its first piece, as in the paper; in a causal BERT at its last, the first that has
   * seen all of it.
   */
  read(tokens: readonly string[]): BertTokens {
    const { special, tokenizer, maximumTokens, bert } = this.encoder;
    const ids = [special.ids[0]];
    const pieces = [special.tokens[0]];
    const places: number[] = [];
    let [size, full] = [special.ids.length, false];
    for (const token of tokens) {
      const read = tokenizer.pieces(token);
      const written = read.ids.length > 0 ? read : tokenizer.pieces('[UNK]'); // of control characters nothing is left
      size += written.ids.length;
      full ||= size > maximumTokens;
      if (full) continue;
      places.push(bert.config.causal ? ids.length + written.ids.length - 1 : ids.length);
      ids.push(...written.ids);
      pieces.push(...written.tokens);
    }
    ids.push(special.ids.at(-1)!);
    return { ids, pieces: [...pieces, special.tokens.at(-1)!], places, length: ids.length, size };
  }

  batch(sentences: readonly BertTokens[], length: number): TokenRows {
    return tokenBatch(sentences, length);
  }

  labelledBatch(sentences: readonly LabelledSentence<BertTokens>[], length: number): PieceBatch {
    return pieceBatch(sentences, length);
  }

  forward(batch: TokenBatch): tf.Tensor3D {
    return this.model.forward(batch);
  }

  loss(batch: LabelledTokenBatch, mode: { readonly random?: RandomStream | undefined }): tf.Scalar {
    return this.model.loss(batch, mode);
  }

  /** Labels are judged one by one, as in the paper. */
  scores(): ChainScores {
    const none = Array<number>(this.labels).fill(0);
    return { transitions: none.map(() => none), starts: none, ends: none };
  }

  label(maps: readonly AttentionMap[], _: readonly string[], { pieces }: BertTokens, row: number): LabelledMap[] {
    return maps.map((map) => labelMap(map, { batch: row, rows: pieces, columns: pieces }));
  }
}
