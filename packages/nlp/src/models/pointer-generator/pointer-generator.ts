/**
 * The pointer-generator network with coverage.
 *
 * - See, Liu, Manning 2017, "Get To The Point: Summarization with Pointer-Generator Networks". For source states h, the decoder's state s
 *   and its input x at a step, and the source words w:
 *
 *       e_i = vᵀ·tanh(W_h·h_i + W_s·s + w_c·c_i),  a = softmax(e),  h* = Σ a_i·h_i      attention; c_i: what i got in the steps before
 *       P_vocabulary = softmax(V'·(V·[s; h*] + b) + b')
 *       p = σ(w·[h*; s; x] + b_p)
 *       P(y) = p·P_vocabulary(y) + (1 − p)·Σ_{i: w_i = y} a_i                            copying
 *       loss of a step = −ln P(y) + λ·Σ_i min(a_i, c_i)                                 coverage
 *
 * - Bahdanau, Cho, Bengio 2015: the additive score; Luong, Pham, Manning 2015: 'general'; Vaswani et al. 2017: 'scaled-dot'. With these, too,
 *   coverage is added to the keys.
 *
 * Words that are not in the vocabulary have indices from its size on, each source its own: the model copies them, and reads them as unknown.
 *
 * Deviations. The additive score has no bias. Each direction of the encoder has half of `hiddenWidth`, and the decoder starts from its last
 * state as it is; the paper's code puts a layer in between. The decoder is not fed the context of the step before, as in the paper's text
 * and unlike its code.
 */
import {
  AdditiveScore,
  attention,
  BidirectionalLayer,
  capture,
  dropout,
  Embedding,
  fromTensor,
  GeneralScore,
  Linear,
  LstmCell,
  Module,
  padding,
  Random,
  RecurrentLayer,
  scaledDot,
  segmentSum,
  wholeRegion,
  type Combiner,
  type RandomStream,
  type Score,
} from '@heed/attention-core';
import { labelLogProbabilities, parseConfig } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { ForwardMode, SequenceModel, SourceBatch, TeacherForcedBatch } from '@heed/tasks';
import { IGNORED } from '../../preprocessing/sequence-batches.ts';

/** What a pointer-generator is. JSON, and enough to make the model again. */
export interface PointerGeneratorConfig {
  /** V: words that can be written without being copied. Source and target have one vocabulary, and one embedding. */
  readonly vocabularySize: number;
  /** The word in [0, V) as which the others are read. */
  readonly unknown: number;
  readonly embeddingWidth: number;
  /** Width of source states, decoder states and whatever attention compares them in. */
  readonly hiddenWidth: number;
  /** How a decoder state is compared with source states. */
  readonly score: 'additive' | 'general' | 'scaled-dot';
  /** Whether words of the source can be copied; without it this is a sequence-to-sequence model with attention. */
  readonly copying: boolean;
  /** Whether attention knows where it looked before. */
  readonly coverage: boolean;
  /** Share of embeddings, encoder outputs and features before the output layer that is dropped in training. */
  readonly dropout: number;
}

const width = z.number().int().min(1);
const schema = z
  .strictObject({
    vocabularySize: width,
    unknown: z.number().int().min(0),
    embeddingWidth: width,
    hiddenWidth: width.multipleOf(2),
    score: z.enum(['additive', 'general', 'scaled-dot']),
    copying: z.boolean(),
    coverage: z.boolean(),
    dropout: z.number().min(0).lt(1),
  })
  .refine(({ unknown, vocabularySize }) => unknown < vocabularySize, {
    path: ['unknown'],
    message: 'must be less than vocabularySize',
  });

/** Sources with their targets: int32 [B, L], `IGNORED` where a target has ended. */
export type PointerBatch = TeacherForcedBatch & { readonly targets: tf.Tensor2D };

export interface PointerLossOptions extends ForwardMode {
  /** λ: what looking at the same word again costs. Default 1. */
  readonly coverageWeight?: number;
}

/** What the decoder knows of the source. */
export type PointerMemory = {
  /** int32 [B, S] */
  readonly source: tf.Tensor2D;
  /** Which source words are real: bool [B, 1, 1, S]. */
  readonly real: tf.Tensor;
  /** Source states: [B, S, H]. */
  readonly values: tf.Tensor;
  /** What the score makes of them, once: [B, S, H]. */
  readonly keys: tf.Tensor;
  /** The encoder's last state, where the decoder starts: h and c, [B, H]. */
  readonly last: tf.Tensor[];
};

/** Where the decoder stands after a word. */
export type PointerState = {
  /** h and c, [B, H] */
  readonly cell: tf.Tensor[];
  /** How much each source word was looked at until now, [B, S]. */
  readonly coverage: tf.Tensor | undefined;
};

/** What is known of L steps before it becomes probabilities. */
type Written = {
  /** [B, L, V] */
  readonly logits: tf.Tensor;
  /** [B, L, S] */
  readonly weights: tf.Tensor;
  /** ln p/(1 − p) of generating instead of copying: [B, L, 1]; undefined where nothing is copied. */
  readonly generating: tf.Tensor | undefined;
};

const ALIGNMENT = 'alignment';
/** Added to probabilities before their logarithm: less than any that float32 gives a word that can be written. */
const TINY = 1e-20;

/** The context, and beside it the weights, which copying and coverage need: [.., L, H + S]. */
const contextAndWeights: Combiner = {
  name: 'sum and weights',
  combine: (weights, value) => tf.concat([tf.matMul(weights, value), weights], -1),
};

/** B sources of up to S words, targets of up to L words, a vocabulary of V words, hidden width H. */
export class PointerGenerator extends Module implements SequenceModel<PointerMemory, PointerState> {
  readonly config: PointerGeneratorConfig;
  readonly embedding: Embedding;
  readonly encoder: BidirectionalLayer<LstmCell>;
  readonly decoder: RecurrentLayer<LstmCell>;
  readonly score: Score;
  /** w_c */
  readonly coverage: Linear | undefined;
  /** V, b */
  readonly combination: Linear;
  /** V', b' */
  readonly output: Linear;
  /** w, b_p */
  readonly generation: Linear | undefined;

  constructor(config: PointerGeneratorConfig, random: Random) {
    super();
    this.config = parseConfig('PointerGenerator', schema, config);
    const { vocabularySize, embeddingWidth: inputs, hiddenWidth, copying, coverage } = this.config;
    const half = { inputs, hiddenWidth: hiddenWidth / 2, random };
    this.embedding = new Embedding({ size: vocabularySize, width: inputs, random });
    this.encoder = new BidirectionalLayer(new LstmCell(half), new LstmCell(half));
    this.decoder = new RecurrentLayer(new LstmCell({ inputs, hiddenWidth, random }));
    this.score = createScore(this.config, random);
    this.coverage = coverage ? new Linear({ inputs: 1, outputs: hiddenWidth, bias: false, random }) : undefined;
    this.combination = new Linear({ inputs: 2 * hiddenWidth, outputs: hiddenWidth, random });
    this.output = new Linear({ inputs: hiddenWidth, outputs: vocabularySize, random });
    this.generation = copying ? new Linear({ inputs: 2 * hiddenWidth + inputs, outputs: 1, random }) : undefined;
  }

  /** ln P of every word: [B, L, V + S], after the vocabulary the words that only the source has; [B, L, V] where nothing is copied. */
  forward(batch: TeacherForcedBatch, { random }: ForwardMode = {}): tf.Tensor3D {
    return tf.tidy(() => this.logProbabilities(this.write(batch, random), batch.source));
  }

  /**
   * The mean over the words of all targets.
   *
   * @returns scalars: the `loss`, its parts `surprise` (−ln P) and `repetition` (Σ min(a, c), counted in the loss with coverage only), and the
   *   number of words as `weight`
   */
  loss(
    { targets, ...batch }: PointerBatch,
    { random, coverageWeight = 1 }: PointerLossOptions = {},
  ): Record<'loss' | 'weight' | 'surprise' | 'repetition', tf.Scalar> {
    return tf.tidy(() => {
      const written = this.write(batch, random);
      const counted = tf.cast(tf.notEqual(targets, IGNORED), 'float32'); // [B, L]
      const weight = tf.sum(counted) as tf.Scalar;
      const mean = (x: tf.Tensor) => tf.div(tf.sum(tf.mul(x, counted)), tf.maximum(weight, 1)) as tf.Scalar;
      const surprise = mean(tf.neg(this.targetLogProbabilities(written, batch.source, targets)));
      const before = tf.cumsum(written.weights, 1, true); // c, [B, L, S]
      const repetition = mean(tf.sum(tf.minimum(written.weights, before), 2));
      const loss = this.config.coverage ? tf.add(surprise, tf.mul(repetition, coverageWeight)) : tf.clone(surprise);
      return { loss: loss as tf.Scalar, weight, surprise, repetition };
    });
  }

  align(batch: TeacherForcedBatch): tf.Tensor3D {
    return tf.tidy(() => {
      const { maps } = capture(() => this.write(batch), { names: (name) => name.startsWith(ALIGNMENT) });
      const weights = maps.map((map) => map.weights);
      const steps = tf.concat(weights, 2); // [B, 1, L, S]
      tf.dispose(weights);
      return tf.squeeze(steps, [1]); // [B, L, S]
    });
  }

  encode({ source, sourceLengths: lengths }: SourceBatch, { random }: ForwardMode = {}): PointerMemory {
    return tf.tidy(() => {
      const embeddings = dropout(this.embed(source), this.config.dropout, random) as tf.Tensor3D; // [B, S, E]
      const { outputs, state: last } = this.encoder.forward(embeddings, { lengths });
      const values = dropout(outputs, this.config.dropout, random); // [B, S, H]
      const keys = this.score.prepareKeys?.(values) ?? tf.clone(values); // [B, S, H]
      const real = padding(lengths).allowed(wholeRegion(1, source.shape[1])); // [B, 1, 1, S]
      return { source: tf.clone(source), real, values, keys, last };
    });
  }

  begin({ last, source }: PointerMemory): PointerState {
    const coverage = this.config.coverage ? tf.zeros(source.shape) : undefined;
    return { cell: last.map((part) => tf.clone(part)), coverage };
  }

  /** @returns as logits ln P, as `forward` gives it */
  step(symbols: tf.Tensor1D, { cell, coverage }: PointerState, memory: PointerMemory) {
    return tf.tidy(() => {
      const embeddings = this.embed(symbols); // [rows, E]
      const next = this.decoder.cell.step(this.decoder.cell.project(embeddings), cell);
      const states = tf.expandDims(next[0], 1); // [rows, 1, H]
      const [context, weights] = this.attend(states, memory, coverage);
      const written = this.read(states, context, weights, tf.expandDims(embeddings, 1));
      const logits = tf.squeeze<tf.Tensor2D>(this.logProbabilities(written, memory.source), [1]); // [rows, V + S]
      const seen = coverage === undefined ? undefined : tf.add(coverage, tf.squeeze(weights, [1])); // [rows, S]
      return { logits, state: { cell: next, coverage: seen } };
    });
  }

  /** All steps of known targets. Only coverage makes one step's attention wait for the one before. */
  private write(batch: TeacherForcedBatch, random?: RandomStream): Written {
    const memory = this.encode(batch, { random });
    const embeddings = dropout(this.embed(batch.targetInputs), this.config.dropout, random) as tf.Tensor3D; // [B, L, E]
    const { outputs: states } = this.decoder.forward(embeddings, { state: memory.last }); // [B, L, H]
    if (this.coverage === undefined) {
      const [context, weights] = this.attend(states, memory); // [B, L, H] and [B, L, S]
      return this.read(states, context, weights, embeddings, random);
    }
    let coverage: tf.Tensor = tf.zeros(memory.source.shape); // [B, S]
    const contexts: tf.Tensor[] = [];
    const weights: tf.Tensor[] = [];
    for (const state of tf.split(states, states.shape[1], 1)) {
      const [context, weight] = this.attend(state, memory, coverage); // [B, 1, H] and [B, 1, S]
      coverage = tf.add(coverage, tf.squeeze(weight, [1]));
      contexts.push(context);
      weights.push(weight);
    }
    return this.read(states, tf.concat(contexts, 1), tf.concat(weights, 1), embeddings, random);
  }

  /** @param states [B, L, H] @param coverage [B, S] before these steps @returns contexts [B, L, H] and weights [B, L, S] */
  private attend(states: tf.Tensor, memory: PointerMemory, coverage?: tf.Tensor): tf.Tensor[] {
    const { keys, values, real, source } = memory;
    const covered = this.coverage !== undefined && coverage !== undefined;
    const both = attention({
      name: ALIGNMENT,
      query: states,
      key: covered ? tf.add(keys, this.coverage.forward(tf.expandDims(coverage, 2))) : keys, // [B, S, H]
      value: values,
      score: this.score.prepared?.() ?? this.score,
      mask: fromTensor(real),
      combiner: contextAndWeights,
    }); // [B, L, H + S]
    return tf.split(both, [this.config.hiddenWidth, source.shape[1]], 2);
  }

  /** @param states [B, L, H] @param context [B, L, H] @param weights [B, L, S] @param embeddings [B, L, E] */
  private read(
    states: tf.Tensor,
    context: tf.Tensor,
    weights: tf.Tensor,
    embeddings: tf.Tensor,
    random?: RandomStream,
  ): Written {
    const features = this.combination.forward(tf.concat([states, context], 2)); // [B, L, H]
    const logits = this.output.forward(dropout(features, this.config.dropout, random)); // [B, L, V]
    const generating = this.generation?.forward(tf.concat([context, states, embeddings], 2)); // [B, L, 1]
    return { logits, weights, generating };
  }

  /** @param source [B, S] @returns [B, L, V + S] */
  private logProbabilities({ logits, weights, generating }: Written, source: tf.Tensor): tf.Tensor3D {
    if (generating === undefined) return tf.logSoftmax(logits as tf.Tensor3D);
    const [batch, steps, words] = weights.shape as [number, number, number];
    const size = this.config.vocabularySize + words;
    const firstOfRow = tf.mul(tf.range(0, batch, 1, 'int32'), tf.scalar(size, 'int32')); // [B]
    const rows = tf.add(source, tf.expandDims(firstOfRow, 1)); // [B, S]
    const copying = tf.transpose(tf.mul(weights, tf.sigmoid(tf.neg(generating))), [0, 2, 1]); // [B, S, L]
    const copied = segmentSum(
      tf.reshape(copying, [batch * words, steps]),
      tf.reshape(rows, [-1]) as tf.Tensor1D,
      batch * size,
    ); // [B · (V + S), L]
    const generated = tf.pad(tf.mul(tf.softmax(logits), tf.sigmoid(generating)), [
      [0, 0],
      [0, 0],
      [0, words],
    ]); // [B, L, V + S]
    const all = tf.add(generated, tf.transpose(tf.reshape(copied, [batch, size, steps]), [0, 2, 1]));
    return tf.log(tf.add(all, TINY)) as tf.Tensor3D;
  }

  /** ln P of the targets alone, without the distribution over all words. @returns [B, L] */
  private targetLogProbabilities(
    { logits, weights, generating }: Written,
    source: tf.Tensor,
    targets: tf.Tensor,
  ): tf.Tensor {
    const known = this.toKnown(tf.maximum(targets, tf.scalar(0, 'int32')));
    const generated = labelLogProbabilities(logits, known); // [B, L]
    if (generating === undefined) return generated;
    const generate = tf.squeeze(generating, [2]); // [B, L]
    const inVocabulary = tf.cast(tf.less(targets, this.config.vocabularySize), 'float32');
    const matches = tf.cast(tf.equal(tf.expandDims(targets, 2), tf.expandDims(source, 1)), 'float32'); // [B, L, S]
    const copied = tf.sum(tf.mul(weights, matches), 2); // [B, L]
    const vocabulary = tf.mul(tf.mul(tf.exp(generated), tf.sigmoid(generate)), inVocabulary);
    return tf.log(tf.add(tf.add(vocabulary, tf.mul(copied, tf.sigmoid(tf.neg(generate)))), TINY));
  }

  /** @param words int32 [...] @returns [..., E] */
  private embed(words: tf.Tensor): tf.Tensor {
    return this.embedding.forward(this.toKnown(words));
  }

  private toKnown(words: tf.Tensor): tf.Tensor {
    const { vocabularySize, unknown } = this.config;
    const inVocabulary = tf.less(words, tf.scalar(vocabularySize, 'int32'));
    return tf.where(inVocabulary, words, tf.fill(words.shape, unknown, 'int32'));
  }
}

function createScore({ score, hiddenWidth: width }: PointerGeneratorConfig, random: Random): Score {
  const widths = { queryWidth: width, keyWidth: width, random };
  if (score === 'additive') return new AdditiveScore({ ...widths, hiddenWidth: width });
  return score === 'general' ? new GeneralScore(widths) : scaledDot();
}

/** A new model, the same for the same config and seed. @throws if a field of the config is out of range, naming it and its value */
export function createPointerGenerator(config: PointerGeneratorConfig, seed: number): PointerGenerator {
  return new PointerGenerator(config, new Random(seed));
}
