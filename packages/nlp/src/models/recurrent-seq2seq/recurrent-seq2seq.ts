/**
 * Recurrent sequence-to-sequence, with and without attention.
 *
 * - Sutskever, Vinyals, Le 2014, "Sequence to sequence learning with neural networks": `attention: 'none'`.
 * - Cho et al. 2014, "Learning phrase representations using RNN encoder–decoder": `'none'` with `contextEveryStep`.
 * - Bahdanau, Cho, Bengio 2015, "Neural machine translation by jointly learning to align and translate": `'bahdanau'`.
 * - Luong, Pham, Manning 2015, "Effective approaches to attention-based neural machine translation": `'luong-…'`, with input
 *   feeding; windows local-m and local-p.
 *
 * Deviations. The cells are torch's GRU and LSTM. The decoder starts from the encoder's last state as it is (Luong); Bahdanau puts
 * tanh(W·s) in between. Bahdanau's maxout before the output is a tanh layer. A local-m window stops at the last source symbol where
 * the target is longer. A bidirectional encoder gives half of `hiddenWidth` to each direction, so that encoder outputs, decoder states
 * and 'luong-dot' have one width.
 */
import {
  AdditiveScore,
  and,
  attention,
  BidirectionalLayer,
  capture,
  CentrePredictor,
  ConcatScore,
  dot,
  dropout,
  Embedding,
  fromTensor,
  GeneralScore,
  GruCell,
  Linear,
  localGaussian,
  localWindow,
  LstmCell,
  Module,
  padding,
  Random,
  RecurrentLayer,
  softmax,
  wholeRegion,
  type RandomStream,
  type Score,
} from '@heed/attention-core';
import { parseConfig } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { ForwardMode, SequenceModel, SourceBatch, TeacherForcedBatch } from '@heed/tasks';

/** What a recurrent sequence-to-sequence model is. JSON, and enough to make the model again. */
export interface RecurrentSeq2SeqConfig {
  /** Number of source symbols: source indices lie in [0, sourceSize). */
  readonly sourceSize: number;
  /** Number of target symbols. */
  readonly targetSize: number;
  readonly cell: 'gru' | 'lstm';
  /** Whether the encoder reads the source from both ends. */
  readonly bidirectional: boolean;
  /** Width of source and target embeddings. */
  readonly embeddingWidth: number;
  /** Width of encoder outputs, decoder states and whatever attention compares them in; even where the encoder is bidirectional. */
  readonly hiddenWidth: number;
  /** How the decoder looks back at the source; 'none' is the fixed-size context that attention replaced. */
  readonly attention: 'none' | 'bahdanau' | 'luong-dot' | 'luong-general' | 'luong-concat';
  /** Which source symbols a step may see: all, those around its own position (local-m), or around a predicted one (local-p). */
  readonly window: 'global' | 'local-m' | 'local-p';
  /** Local windows reach this far to either side. Luong et al. use 10. */
  readonly windowRadius: number;
  /** With attention 'none': feed the encoder's last state to the decoder at every step, not only at the first. */
  readonly contextEveryStep: boolean;
  /** Share of embeddings, encoder outputs and features before the output layer that is dropped in training. */
  readonly dropout: number;
}

const width = z.number().int().min(1);
const schema = z
  .strictObject({
    sourceSize: width,
    targetSize: width,
    cell: z.enum(['gru', 'lstm']),
    bidirectional: z.boolean(),
    embeddingWidth: width,
    hiddenWidth: width,
    attention: z.enum(['none', 'bahdanau', 'luong-dot', 'luong-general', 'luong-concat']),
    window: z.enum(['global', 'local-m', 'local-p']),
    windowRadius: width,
    contextEveryStep: z.boolean(),
    dropout: z.number().min(0).lt(1),
  })
  .refine((config) => !config.bidirectional || config.hiddenWidth % 2 === 0, {
    path: ['hiddenWidth'],
    message: 'must be even where the encoder is bidirectional',
  })
  .refine((config) => config.attention !== 'none' || config.window === 'global', {
    path: ['window'],
    message: "must be 'global' where attention is 'none'",
  })
  .refine((config) => config.attention === 'none' || !config.contextEveryStep, {
    path: ['contextEveryStep'],
    message: "needs attention 'none'",
  });

type Cell = GruCell | LstmCell;

/** What the decoder knows of the source. */
export type RecurrentMemory = {
  /** The encoder's last state, where the decoder starts: 1 or 2 tensors [B, H]. */
  readonly last: tf.Tensor[];
  /** int32 [B] */
  readonly lengths: tf.Tensor1D;
  /** Which source symbols are real: bool [B, 1, 1, S]. */
  readonly real: tf.Tensor;
  /** The encoder's outputs: [B, 1, S, H]. */
  readonly values: tf.Tensor;
  /** What the score makes of them, once: [B, 1, S, A]. */
  readonly keys: tf.Tensor;
};

/** Where the decoder stands after a symbol. */
export type RecurrentState = {
  /** The cell's state: 1 or 2 tensors [B, H]. */
  readonly cell: tf.Tensor[];
  /** The number of the next step: float32 [B]. */
  readonly position: tf.Tensor;
  /** What Luong's next step is fed beside its symbol: [B, H]. */
  readonly fed?: tf.Tensor;
};

/** What captured maps are called. */
const ALIGNMENT = 'alignment';

/** Looks back at the source: a score, and the window in which it looks. */
class Alignment extends Module {
  readonly score: Score;
  readonly centre: CentrePredictor | undefined;
  private readonly config: RecurrentSeq2SeqConfig;

  constructor(config: RecurrentSeq2SeqConfig, random: Random) {
    super();
    const { hiddenWidth: width, window } = config;
    this.score = createScore(config, random);
    this.centre =
      window === 'local-p' ? new CentrePredictor({ queryWidth: width, hiddenWidth: width, random }) : undefined;
    this.config = config;
  }

  /** @param values [B, 1, S, H] @returns [B, 1, S, A] */
  prepareKeys(values: tf.Tensor): tf.Tensor {
    return this.score.prepareKeys?.(values) ?? values;
  }

  /** @param query [B, H] @returns the context, [B, H] */
  read(query: tf.Tensor, memory: RecurrentMemory, position: tf.Tensor): tf.Tensor {
    const { window, windowRadius: radius, hiddenWidth } = this.config;
    const real = fromTensor(memory.real);
    const centre = window === 'local-m' ? lastReal(position, memory) : this.centre?.forward(query, memory.lengths);
    const context = attention({
      name: ALIGNMENT,
      query: tf.reshape(query, [-1, 1, 1, hiddenWidth]),
      key: memory.keys,
      value: memory.values,
      score: this.score.prepared?.() ?? this.score,
      mask: centre === undefined ? real : and(real, localWindow({ centre, radius })),
      normaliser: window === 'local-p' ? localGaussian({ centre: centre!, deviation: radius / 2 }) : softmax(),
    }); // [B, 1, 1, H]
    return tf.reshape(context, [-1, hiddenWidth]);
  }
}

function createScore({ attention, hiddenWidth: width }: RecurrentSeq2SeqConfig, random: Random): Score {
  switch (attention) {
    case 'bahdanau':
      return new AdditiveScore({ queryWidth: width, keyWidth: width, hiddenWidth: width, random });
    case 'luong-general':
      return new GeneralScore({ queryWidth: width, keyWidth: width, random });
    case 'luong-concat':
      return new ConcatScore({ queryWidth: width, keyWidth: width, hiddenWidth: width, random });
    default:
      return dot();
  }
}

/** The decoder's step number, held back at the last source symbol. */
function lastReal(position: tf.Tensor, { lengths }: RecurrentMemory): tf.Tensor {
  return tf.minimum(position, tf.sub(tf.cast(lengths, 'float32'), 1));
}

/** One step of writing, without the symbols: what comes between the embedding and the output layer. */
interface Decoder extends Module {
  readonly cell: Cell;
  readonly alignment?: Alignment;
  /** @param input [B, gates · H] the embedding's part of the gates @returns features [B, F] for `readout` */
  step(
    input: tf.Tensor,
    state: RecurrentState,
    memory: RecurrentMemory,
  ): { features: tf.Tensor; state: RecurrentState };
  /** What the output layer sees of features [..., F] and embeddings [..., E]; for all steps at once. */
  readout(features: tf.Tensor, embeddings: tf.Tensor): tf.Tensor;
}

/** Without attention: all that is known of the source is the encoder's last state. */
class PlainDecoder extends Module implements Decoder {
  readonly cell: Cell;
  readonly context: Linear | undefined;

  constructor(config: RecurrentSeq2SeqConfig, random: Random) {
    super();
    this.cell = createCell(config, config.embeddingWidth, config.hiddenWidth, random);
    this.context = config.contextEveryStep ? intoGates(this.cell, random) : undefined;
  }

  step(input: tf.Tensor, { cell, position }: RecurrentState, { last }: RecurrentMemory) {
    const next = this.cell.step(
      this.context === undefined ? input : tf.add(input, this.context.forward(last[0])),
      cell,
    );
    return { features: next[0], state: { cell: next, position: tf.add(position, 1) } };
  }

  readout(features: tf.Tensor): tf.Tensor {
    return features;
  }
}

/** Bahdanau: the state before the step asks; what it reads goes into the cell. Output from tanh(W·[state; context; embedding]). */
class BahdanauDecoder extends Module implements Decoder {
  readonly cell: Cell;
  readonly context: Linear;
  readonly alignment: Alignment;
  readonly deepOutput: Linear;

  constructor(config: RecurrentSeq2SeqConfig, random: Random) {
    super();
    const { embeddingWidth, hiddenWidth } = config;
    this.cell = createCell(config, embeddingWidth, hiddenWidth, random);
    this.context = intoGates(this.cell, random);
    this.alignment = new Alignment(config, random);
    this.deepOutput = new Linear({ inputs: 2 * hiddenWidth + embeddingWidth, outputs: hiddenWidth, random });
  }

  step(input: tf.Tensor, { cell, position }: RecurrentState, memory: RecurrentMemory) {
    const context = this.alignment.read(cell[0], memory, position); // [B, H]
    const next = this.cell.step(tf.add(input, this.context.forward(context)), cell);
    return { features: tf.concat([next[0], context], 1), state: { cell: next, position: tf.add(position, 1) } };
  }

  readout(features: tf.Tensor, embeddings: tf.Tensor): tf.Tensor {
    return tf.tanh(this.deepOutput.forward(tf.concat([features, embeddings], -1)));
  }
}

/** Luong: the new state asks; h~ = tanh(W·[context; state]) gives the output and is fed to the next step. */
class LuongDecoder extends Module implements Decoder {
  readonly cell: Cell;
  readonly feeding: Linear;
  readonly alignment: Alignment;
  readonly combination: Linear;

  constructor(config: RecurrentSeq2SeqConfig, random: Random) {
    super();
    const { embeddingWidth, hiddenWidth } = config;
    this.cell = createCell(config, embeddingWidth, hiddenWidth, random);
    this.feeding = intoGates(this.cell, random);
    this.alignment = new Alignment(config, random);
    this.combination = new Linear({ inputs: 2 * hiddenWidth, outputs: hiddenWidth, bias: false, random });
  }

  step(input: tf.Tensor, { cell, position, fed }: RecurrentState, memory: RecurrentMemory) {
    const gates = fed === undefined ? input : tf.add(input, this.feeding.forward(fed));
    const next = this.cell.step(gates, cell);
    const context = this.alignment.read(next[0], memory, position); // [B, H]
    const combined = tf.tanh(this.combination.forward(tf.concat([context, next[0]], 1))); // h~, [B, H]
    return { features: combined, state: { cell: next, position: tf.add(position, 1), fed: combined } };
  }

  readout(features: tf.Tensor): tf.Tensor {
    return features;
  }
}

function createDecoder(config: RecurrentSeq2SeqConfig, random: Random): Decoder {
  switch (config.attention) {
    case 'none':
      return new PlainDecoder(config, random);
    case 'bahdanau':
      return new BahdanauDecoder(config, random);
    default:
      return new LuongDecoder(config, random);
  }
}

function createEncoder(config: RecurrentSeq2SeqConfig, random: Random): RecurrentLayer | BidirectionalLayer {
  const cell = (width: number) => createCell(config, config.embeddingWidth, width, random);
  if (!config.bidirectional) return new RecurrentLayer(cell(config.hiddenWidth));
  return new BidirectionalLayer(cell(config.hiddenWidth / 2), cell(config.hiddenWidth / 2));
}

function createCell(config: RecurrentSeq2SeqConfig, inputs: number, hiddenWidth: number, random: Random): Cell {
  return config.cell === 'gru'
    ? new GruCell({ inputs, hiddenWidth, random })
    : new LstmCell({ inputs, hiddenWidth, random });
}

/** A second input of a cell: the product with its part of the gates' weight. */
function intoGates(cell: Cell, random: Random): Linear {
  return new Linear({ inputs: cell.hiddenWidth, outputs: cell.inputBias.size, bias: false, random });
}

/** The recurrent sequence-to-sequence model. B sources of up to S symbols, targets of up to L symbols of V kinds, hidden width H. */
export class RecurrentSeq2Seq extends Module implements SequenceModel<RecurrentMemory, RecurrentState> {
  readonly config: RecurrentSeq2SeqConfig;
  readonly sourceEmbedding: Embedding;
  readonly encoder: RecurrentLayer | BidirectionalLayer;
  readonly targetEmbedding: Embedding;
  readonly decoder: Decoder;
  readonly output: Linear;

  constructor(config: RecurrentSeq2SeqConfig, random: Random) {
    super();
    this.config = parseConfig('RecurrentSeq2Seq', schema, config);
    const { sourceSize, targetSize, embeddingWidth: width, hiddenWidth } = this.config;
    this.sourceEmbedding = new Embedding({ size: sourceSize, width, random });
    this.encoder = createEncoder(config, random);
    this.targetEmbedding = new Embedding({ size: targetSize, width, random });
    this.decoder = createDecoder(config, random);
    this.output = new Linear({ inputs: hiddenWidth, outputs: targetSize, random });
  }

  forward(batch: TeacherForcedBatch, { random }: ForwardMode = {}): tf.Tensor3D {
    return tf.tidy(() => {
      const memory = this.encode(batch, { random });
      const embeddings = dropout(this.targetEmbedding.forward(batch.targetInputs), this.config.dropout, random); // [B, L, E]
      const features: tf.Tensor[] = [];
      let state = this.begin(memory);
      for (const input of tf.unstack(this.decoder.cell.project(embeddings), 1)) {
        const stepped = this.decoder.step(input, state, memory);
        features.push(stepped.features);
        state = stepped.state;
      }
      return this.logits(tf.stack(features, 1), embeddings, random) as tf.Tensor3D; // [B, L, V]
    });
  }

  align(batch: TeacherForcedBatch): tf.Tensor3D | undefined {
    if (this.config.attention === 'none') return undefined;
    return tf.tidy(() => {
      const { maps } = capture(() => this.forward(batch), { names: (name) => name.startsWith(ALIGNMENT) });
      const weights = tf.concat(
        maps.map((map) => map.weights),
        2,
      ); // [B, 1, L, S]
      tf.dispose(maps.map((map) => map.weights));
      return tf.squeeze(weights, [1]); // [B, L, S]
    });
  }

  encode({ source, sourceLengths: lengths }: SourceBatch, { random }: ForwardMode = {}): RecurrentMemory {
    return tf.tidy(() => {
      const embeddings = dropout(this.sourceEmbedding.forward(source), this.config.dropout, random) as tf.Tensor3D; // [B, S, E]
      const { outputs, state: last } = this.encoder.forward(embeddings, { lengths });
      const values = tf.expandDims(dropout(outputs, this.config.dropout, random), 1); // [B, 1, S, H]
      const keys = this.decoder.alignment?.prepareKeys(values) ?? values; // [B, 1, S, A]
      const real = padding(lengths).allowed(wholeRegion(1, source.shape[1])); // [B, 1, 1, S]
      return { last, lengths: tf.clone(lengths), real, values, keys };
    });
  }

  begin({ last, lengths }: RecurrentMemory): RecurrentState {
    return { cell: last.map((part) => tf.clone(part)), position: tf.zeros(lengths.shape) };
  }

  step(symbols: tf.Tensor1D, state: RecurrentState, memory: RecurrentMemory) {
    return tf.tidy(() => {
      const embeddings = this.targetEmbedding.forward(symbols); // [rows, E]
      const stepped = this.decoder.step(this.decoder.cell.project(embeddings), state, memory);
      return { logits: this.logits(stepped.features, embeddings) as tf.Tensor2D, state: stepped.state };
    });
  }

  private logits(features: tf.Tensor, embeddings: tf.Tensor, random?: RandomStream): tf.Tensor {
    return this.output.forward(dropout(this.decoder.readout(features, embeddings), this.config.dropout, random));
  }
}

/** A new model, the same for the same config and seed. @throws if a field of the config is out of range, naming it and its value */
export function createRecurrentSeq2Seq(config: RecurrentSeq2SeqConfig, seed: number): RecurrentSeq2Seq {
  return new RecurrentSeq2Seq(config, new Random(seed));
}
