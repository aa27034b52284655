import * as tf from '@tensorflow/tfjs';
import { attention } from '../attention/attention.ts';
import { Linear } from '../layers/linear.ts';
import type { Mask } from '../masks/mask.ts';
import { Module } from '../module/module.ts';
import type { Normaliser } from '../normalisers/normaliser.ts';
import type { Random } from '../random/random.ts';
import { GruCell } from '../recurrent/gru-cell.ts';
import { LstmCell } from '../recurrent/lstm-cell.ts';
import { AdditiveScore } from '../scores/additive.ts';
import { GeneralScore } from '../scores/general.ts';
import type { Score } from '../scores/score.ts';

export interface RecurrentAttentionDecoderConfig {
  /** Width of each step's input, e.g. of embeddings. */
  readonly inputs: number;
  /** Width of what is asked, e.g. of encoder outputs. */
  readonly memoryWidth: number;
  /** H: width of the decoder's state. */
  readonly hiddenWidth: number;
  readonly cell: 'gru' | 'lstm';
  /**
   * Who asks: the state `before` the step, whose reading goes into the cell (Bahdanau et al. 2015), or the one `after` it, whose reading
   * is joined to the output, which the next step is fed (Luong et al. 2015, input feeding).
   */
  readonly asks: 'before' | 'after';
  /** Between states [.., H] and memory. Default: additive for `before`, general for `after`. */
  readonly score?: Score;
  /** Default `softmax()`. */
  readonly normaliser?: Normaliser;
  /** How captured maps, one for each step, are called. Default `alignment`. */
  readonly name?: string;
  readonly random: Random;
}

/** A memory made ready for the steps that ask it. */
export interface RecurrentMemory {
  /** [B, S, ·], what the score makes of the memory. */
  readonly keys: tf.Tensor;
  /** [B, S, memoryWidth] */
  readonly values: tf.Tensor;
  readonly mask?: Mask | undefined;
}

/** Where the decoder stands between steps. */
export type RecurrentDecoderState = {
  /** [h], or [h, c]: each [B, H]. */
  readonly cell: tf.Tensor[];
  /** [B, H], the last output, where that is fed to the next step. Default: zeros. */
  readonly fed?: tf.Tensor;
};

export interface RecurrentDecoderInputs {
  /** [B, S, memoryWidth] */
  readonly memory: tf.Tensor;
  /** Which of the memory may be seen. */
  readonly mask?: Mask | undefined;
  /** Default: zeros. */
  readonly state?: RecurrentDecoderState;
}

/**
 * A recurrent network that looks back at a memory at every step.
 *
 *     before: c = attend(s, memory),  s ← cell([x; c], s),  output [s; c]              [B, H + memoryWidth]
 *     after:  s ← cell([x; o], s),    c = attend(s, memory),  output o ← tanh(W·[c; s])   [B, H]
 *
 * @source Bahdanau et al. 2015; Luong et al. 2015
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { padding, Random, RecurrentAttentionDecoder } from '@heed/attention-core';
 * const random = new Random(7);
 * const decoder = new RecurrentAttentionDecoder({ inputs: 4, memoryWidth: 6, hiddenWidth: 8, cell: 'gru', asks: 'after', random });
 * const memory = tf.ones([2, 5, 6]);
 * const { outputs } = decoder.forward(tf.ones([2, 3, 4]), { memory, mask: padding([5, 2]) });
 * outputs.shape; // [2, 3, 8]
 * ```
 */
export class RecurrentAttentionDecoder extends Module {
  readonly cell: GruCell | LstmCell;
  /** The part of the gates that comes from what was read or fed. */
  readonly feeding: Linear;
  readonly score: Score;
  readonly combination: Linear | undefined;
  /** Width of the outputs. */
  readonly outputWidth: number;
  private readonly normaliser: Normaliser | undefined;
  private readonly mapName: string;

  constructor(config: RecurrentAttentionDecoderConfig) {
    super();
    const { inputs, memoryWidth, hiddenWidth, asks, random } = config;
    this.cell = new (config.cell === 'gru' ? GruCell : LstmCell)({ inputs, hiddenWidth, random });
    const gates = this.cell.inputBias.size;
    const fedWidth = asks === 'before' ? memoryWidth : hiddenWidth;
    this.feeding = new Linear({ inputs: fedWidth, outputs: gates, bias: false, random });
    this.score = config.score ?? defaultScore(config);
    this.combination =
      asks === 'before'
        ? undefined
        : new Linear({ inputs: memoryWidth + hiddenWidth, outputs: hiddenWidth, bias: false, random });
    this.outputWidth = asks === 'before' ? hiddenWidth + memoryWidth : hiddenWidth;
    this.normaliser = config.normaliser;
    this.mapName = config.name ?? 'alignment';
  }

  /**
   * All steps of known inputs (teacher forcing).
   *
   * @param inputs [B, T, inputs]
   * @returns outputs [B, T, outputWidth] and the state after the last step
   */
  forward(
    inputs: tf.Tensor3D,
    { memory, mask, state: initial }: RecurrentDecoderInputs,
  ): { outputs: tf.Tensor3D; state: RecurrentDecoderState } {
    return tf.tidy(() => {
      const prepared = this.prepare(memory, mask);
      const outputs: tf.Tensor[] = [];
      let state = initial ?? this.begin(inputs.shape[0]);
      for (const projected of tf.unstack(this.cell.project(inputs), 1)) {
        const step = this.advance(projected, state, prepared);
        outputs.push(step.output);
        state = step.state;
      }
      return { outputs: tf.stack(outputs, 1) as tf.Tensor3D, state };
    });
  }

  /** What the score makes of a memory once for all steps. @param memory [B, S, memoryWidth] */
  prepare(memory: tf.Tensor, mask?: Mask): RecurrentMemory {
    return { keys: this.score.prepareKeys?.(memory) ?? memory, values: memory, mask };
  }

  /** The state of zeros. */
  begin(batch: number): RecurrentDecoderState {
    const zeros = () => tf.zeros([batch, this.cell.hiddenWidth]);
    const cell = Array.from({ length: this.cell.stateSize }, zeros);
    return this.combination === undefined ? { cell } : { cell, fed: zeros() };
  }

  /** One step. @param input [B, inputs] @returns output [B, outputWidth] */
  step(
    input: tf.Tensor,
    state: RecurrentDecoderState,
    memory: RecurrentMemory,
  ): { output: tf.Tensor; state: RecurrentDecoderState } {
    return tf.tidy(() => this.advance(this.cell.project(input), state, memory));
  }

  private advance(
    projected: tf.Tensor,
    { cell, fed }: RecurrentDecoderState,
    memory: RecurrentMemory,
  ): { output: tf.Tensor; state: RecurrentDecoderState } {
    const { combination } = this;
    if (combination === undefined) {
      const context = this.read(cell[0], memory); // [B, memoryWidth]
      const next = this.cell.step(tf.add(projected, this.feeding.forward(context)), cell);
      return { output: tf.concat([next[0], context], 1), state: { cell: next } };
    }
    const gates = fed === undefined ? projected : tf.add(projected, this.feeding.forward(fed));
    const next = this.cell.step(gates, cell);
    const output = tf.tanh(combination.forward(tf.concat([this.read(next[0], memory), next[0]], 1))); // [B, H]
    return { output, state: { cell: next, fed: output } };
  }

  /** @param state [B, H] @returns [B, memoryWidth] */
  private read(state: tf.Tensor, { keys, values, mask }: RecurrentMemory): tf.Tensor {
    const context = attention({
      query: tf.expandDims(state, 1), // [B, 1, H]
      key: keys,
      value: values,
      score: this.score.prepared?.() ?? this.score,
      mask,
      name: this.mapName,
      ...(this.normaliser === undefined ? {} : { normaliser: this.normaliser }),
    });
    return tf.squeeze(context, [1]);
  }
}

function defaultScore({ asks, hiddenWidth, memoryWidth, random }: RecurrentAttentionDecoderConfig): Score {
  const widths = { queryWidth: hiddenWidth, keyWidth: memoryWidth, random };
  return asks === 'before' ? new AdditiveScore({ ...widths, hiddenWidth }) : new GeneralScore(widths);
}
