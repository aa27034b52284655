/**
 * A tagger of tokens: characters → words → sentence → labels.
 *
 * - Huang, Xu, Yu 2015, "Bidirectional LSTM-CRF models for sequence tagging".
 * - Lample et al. 2016, "Neural architectures for named entity recognition": words from their characters, unknown words by dropout.
 * - Lin et al. 2017, "A structured self-attentive sentence embedding", and Yang et al. 2016 for the attention over characters.
 *
 * Deviations. A word's characters are read in windows of three and pooled by attention, so that a map shows which of them
 * decided; Lample et al. run an LSTM over them. A Transformer block may follow the LSTM, for what is far apart.
 */
import {
  AttentionPooling,
  BidirectionalLayer,
  dropout,
  Embedding,
  EncoderBlock,
  fromTensor,
  Linear,
  LstmCell,
  Module,
  padding,
  Random,
  type RandomStream,
} from '@heed/attention-core';
import { parseConfig } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { ForwardMode } from '@heed/tasks';
import { LinearChainCrf } from '../../layers/linear-chain-crf.ts';

/** What a tagger is. JSON, and enough to make the model again. */
export interface BiLstmCrfConfig {
  /** Number of words; index 0 is the unknown word. */
  readonly words: number;
  /** Number of characters; index 0 is the unknown one. */
  readonly characters: number;
  /** K: number of labels. */
  readonly labels: number;
  readonly wordWidth: number;
  /** Width of characters and of what a word's characters are pooled to. */
  readonly characterWidth: number;
  /** Width of the LSTM's outputs, both directions together. */
  readonly hiddenWidth: number;
  /** Heads of the self-attention after the LSTM; 0 leaves it out. */
  readonly heads: number;
  /** Share of features that is dropped in training. */
  readonly dropout: number;
  /** Share of words that are taken for unknown in training, so that the characters have to tell. */
  readonly wordDropout: number;
}

const width = z.number().int().min(1);
const share = z.number().min(0).lt(1);
const schema = z
  .strictObject({
    words: width,
    characters: width,
    labels: width,
    wordWidth: width,
    characterWidth: width,
    hiddenWidth: width,
    heads: z.number().int().min(0),
    dropout: share,
    wordDropout: share,
  })
  .refine((config) => config.hiddenWidth % 2 === 0, {
    path: ['hiddenWidth'],
    message: 'must be even, half for each direction',
  })
  .refine((config) => config.heads === 0 || config.hiddenWidth % config.heads === 0, {
    path: ['hiddenWidth'],
    message: 'must be a multiple of heads',
  });

/** Sentences of tokens. B sentences of up to T tokens of up to C characters. */
export type SentenceBatch = {
  /** int32 [B, T]; 0 for unknown words and padding */
  readonly words: tf.Tensor2D;
  /** int32 [B, T, C]; 0 for unknown characters and padding */
  readonly characters: tf.Tensor3D;
  /** int32 [B, T]: characters of each token, at least 1 where the token is real. */
  readonly characterCounts: tf.Tensor2D;
  /** int32 [B]: tokens of each sentence, at least 1. */
  readonly lengths: tf.Tensor1D;
};

/** A word from its characters: windows of three, then attention over them. */
class CharacterReader extends Module {
  readonly embedding: Embedding;
  readonly window: Linear;
  readonly pooling: AttentionPooling;

  constructor({ characters, characterWidth }: BiLstmCrfConfig, random: Random) {
    super();
    this.embedding = new Embedding({ size: characters, width: characterWidth, deviation: 0.5, random });
    this.window = new Linear({ inputs: 3 * characterWidth, outputs: characterWidth, random });
    this.pooling = new AttentionPooling({ width: characterWidth, name: 'characters', random });
  }

  /** @returns [B, T, characterWidth] */
  forward({ characters, characterCounts }: SentenceBatch, rate: number, random: RandomStream | undefined): tf.Tensor {
    const [batch, tokens, count] = characters.shape;
    const real = tf.less(tf.range(0, count, 1, 'int32'), tf.expandDims(characterCounts, 2)); // [B, T, C]
    const mask = tf.reshape(real, [batch, tokens, 1, count]);
    const embedded = tf.mul(this.embedding.forward(characters), tf.expandDims(tf.cast(real, 'float32'), 3)); // [B, T, C, E]
    const padded = tf.pad(dropout(embedded, rate, random) as tf.Tensor4D, [
      [0, 0],
      [0, 0],
      [1, 1],
      [0, 0],
    ]); // [B, T, C + 2, E]
    const shifted = [0, 1, 2].map((start) => tf.slice(padded, [0, 0, start, 0], [-1, -1, count, -1]));
    const read = tf.relu(this.window.forward(tf.concat(shifted, 3))); // [B, T, C, E]
    return this.pooling.forward(read, { mask: fromTensor(mask) });
  }
}

/** The tagger: emissions for each token and label, and the CRF that joins them. */
export class BiLstmCrf extends Module {
  readonly config: BiLstmCrfConfig;
  readonly wordEmbedding: Embedding;
  readonly characters: CharacterReader;
  readonly encoder: BidirectionalLayer;
  readonly block: EncoderBlock | undefined;
  readonly output: Linear;
  readonly crf: LinearChainCrf;

  constructor(config: BiLstmCrfConfig, random: Random) {
    super();
    this.config = parseConfig('BiLstmCrf', schema, config);
    const { words, labels, wordWidth, characterWidth, hiddenWidth, heads, dropout } = this.config;
    this.wordEmbedding = new Embedding({ size: words, width: wordWidth, deviation: 0.5, random });
    this.characters = new CharacterReader(this.config, random);
    const cell = () => new LstmCell({ inputs: wordWidth + characterWidth, hiddenWidth: hiddenWidth / 2, random });
    this.encoder = new BidirectionalLayer(cell(), cell());
    this.block =
      heads === 0
        ? undefined
        : new EncoderBlock({
            modelWidth: hiddenWidth,
            heads,
            hiddenWidth: 2 * hiddenWidth,
            activation: 'gelu',
            placement: 'post',
            dropout,
            name: 'tokens',
            random,
          });
    this.output = new Linear({ inputs: hiddenWidth, outputs: labels, random });
    this.crf = new LinearChainCrf({ labels, random });
  }

  /**
   * How well each label fits each token. Captured maps are `characters` [B, T, 1, C] (one head per token) and, with heads, `tokens` [B, H, T, T].
   *
   * @returns [B, T, K]; what stands at padding is of no meaning
   */
  forward(batch: SentenceBatch, { random }: ForwardMode = {}): tf.Tensor3D {
    return tf.tidy(() => {
      const { dropout: rate } = this.config;
      const { lengths } = batch;
      const words = this.wordEmbedding.forward(this.knownWords(batch.words, random)); // [B, T, wordWidth]
      const spelled = this.characters.forward(batch, rate / 2, random); // [B, T, characterWidth]
      const tokens = dropout(tf.concat([words, spelled], 2), rate, random) as tf.Tensor3D;
      const outputs = dropout(this.encoder.forward(tokens, { lengths }).outputs, rate, random); // [B, T, hiddenWidth]
      const attended = this.block?.forward(outputs, { mask: padding(lengths), random }) ?? outputs;
      return this.output.forward(attended) as tf.Tensor3D; // [B, T, K]
    });
  }

  /** The mean over the sentences of −ln p(labels). @param labels int32 [B, T] */
  loss(batch: SentenceBatch, labels: tf.Tensor2D, mode: ForwardMode = {}): tf.Scalar {
    return tf.tidy(() =>
      tf.mean(this.crf.negativeLogLikelihood(this.forward(batch, mode), labels, batch.lengths)),
    ) as tf.Scalar;
  }

  private knownWords(words: tf.Tensor2D, random: RandomStream | undefined): tf.Tensor {
    const { wordDropout } = this.config;
    if (random === undefined || wordDropout === 0) return words;
    return tf.mul(words, tf.cast(tf.greaterEqual(random.uniform(words.shape), wordDropout), 'int32'));
  }
}

/** A new model, the same for the same config and seed. @throws if a field of the config is out of range, naming it and its value */
export function createBiLstmCrf(config: BiLstmCrfConfig, seed: number): BiLstmCrf {
  return new BiLstmCrf(config, new Random(seed));
}
