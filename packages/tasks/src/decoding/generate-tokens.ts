import { requireIntegers, Random } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import { ForwardPasses } from '../compiled/forward-passes.ts';
import { paddedSize } from '../compiled/padded-size.ts';
import { disposeRows } from '../compiled/rows.ts';
import type { Run } from '../compiled/run.ts';
import type { CausalModel } from './causal-model.ts';
import { readTokens, type Read } from './read-tokens.ts';
import { chooseToken, logitsFilters, logProbabilityOf, type SamplingOptions } from './logits-filters.ts';

export interface GenerateTokensOptions extends SamplingOptions {
  /** Generating stops after so many tokens. */
  readonly maximumTokens: number;
  /** Tokens that end a sequence; they are not given. Default: none. */
  readonly end?: readonly number[];
  /** Decides what is drawn, for each sequence by itself. Default 0. */
  readonly seed?: number;
  /** Whether keys and values of earlier tokens are kept rather than computed again: the same tokens, sooner. Default true. */
  readonly cache?: boolean;
  /** Runs the steps, e.g. recordings that are kept for the next call. Default: recorded for this call, where the backend can. */
  readonly run?: Run;
  /** Ends generating between two tokens; it then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

export interface GeneratedToken {
  readonly token: number;
  /** ln p under the model as it is, before any filter. */
  readonly logProbability: number;
}

/**
 * Continues sequences token by token. The model sees the last `maximumLength` tokens of each.
 *
 * @param prompts of the same length, at least one token each
 * @returns at every step the next token of each sequence, undefined for those that ended
 * @throws if prompts differ in length or are empty, a token is unknown, an option is out of range, naming it; or the signal's reason
 *
 * @example
 * ```ts
 * import { Module } from '@heed/attention-core';
 * import { generateTokens, type CausalModel } from '@heed/tasks';
 * import * as tf from '@tensorflow/tfjs';
 *
 * // The next of three tokens follows from the last alone: 0, 1, 2, 0, … more often than not.
 * class Bigrams extends Module implements CausalModel {
 *   readonly config = { vocabularySize: 3, maximumLength: 100 };
 *   readonly layers: readonly Module[] = [];
 *   readonly logits = tf.variable(tf.tensor2d([[0, 2, 0], [0, 0, 2], [2, 0, 0]]));
 *   next(tokens: tf.Tensor2D): tf.Tensor2D {
 *     const [batch, length] = tokens.shape;
 *     return tf.tidy(() => tf.gather(this.logits, tf.reshape(tf.slice(tokens, [0, length - 1], [batch, 1]), [batch])));
 *   }
 * }
 * for await (const [next] of generateTokens(new Bigrams(), [[0, 1]], { maximumTokens: 5, topK: 2, seed: 1 })) {
 *   console.log(next?.token);
 * }
 * ```
 */
export async function* generateTokens(
  model: CausalModel,
  prompts: readonly (readonly number[])[],
  options: GenerateTokensOptions,
): AsyncGenerator<readonly (GeneratedToken | undefined)[], void, undefined> {
  const { maximumTokens, end = [], seed = 0, cache = true, temperature = 1, signal } = options;
  requireIntegers('generateTokens', { maximumTokens });
  requirePrompts('generateTokens', prompts, model.config.vocabularySize);
  const filters = logitsFilters(options);
  const rows = prompts.map((prompt, i) => ({
    tokens: [...prompt],
    random: new Random(seed).fork(`sequence ${i}`),
    ended: false,
  }));
  const passes = options.run === undefined ? new ForwardPasses() : undefined;
  const run = options.run ?? passes!.named('generateTokens');
  const reader = new Reader(model, cache ? prompts[0].length + maximumTokens : 0, run);
  try {
    for (let step = 0; step < maximumTokens && rows.some(({ ended }) => !ended); step++) {
      signal?.throwIfAborted();
      const logits = await reader.next(rows.map(({ tokens }) => tokens));
      const generated = rows.map((row, i) => {
        if (row.ended) {
          row.tokens.push(row.tokens[0]); // keeps the rows of one length; nobody sees it
          return undefined;
        }
        const filtered = logits[i].slice();
        for (const filter of filters) filter(filtered, row.tokens);
        const token = chooseToken(filtered, temperature === 0 ? undefined : row.random.uniform());
        row.tokens.push(token);
        row.ended = end.includes(token);
        return row.ended ? undefined : { token, logProbability: logProbabilityOf(logits[i], token) };
      });
      if (generated.some((token) => token !== undefined)) yield generated;
    }
  } finally {
    reader.dispose();
    passes?.dispose();
  }
}

/** Reads sequences as they grow, the new tokens only while they fit into the model's positions. */
class Reader {
  private state: Read | undefined;
  private seen = 0;
  /** Slots, padded so that few numbers of them are recorded; 0: nothing is kept. */
  private readonly slots: number;

  /** @param longest how long sequences become; 0: nothing is kept */
  constructor(
    private readonly model: CausalModel,
    longest: number,
    private readonly run: Run,
  ) {
    this.slots = Math.min(longest > 0 ? paddedSize(longest) : 0, model.config.maximumLength);
  }

  /** The logits of the token after each sequence. */
  async next(sequences: readonly (readonly number[])[]): Promise<Float32Array[]> {
    const { maximumLength } = this.model.config;
    const total = sequences[0].length;
    const cached = total <= this.slots;
    const input = tensorOf(sequences, cached ? this.seen : Math.max(0, total - maximumLength));
    const logits = cached
      ? this.extend(input)
      : this.run('window', (tokens: tf.Tensor2D) => this.model.next(tokens), input);
    this.seen = total;
    try {
      const values = (await logits.data()) as Float32Array;
      const size = logits.shape[1];
      return sequences.map((_, i) => values.subarray(i * size, (i + 1) * size));
    } finally {
      tf.dispose([input, logits]);
    }
  }

  dispose(): void {
    disposeRows(this.state);
    this.state = undefined;
  }

  private extend(input: tf.Tensor2D): tf.Tensor2D {
    const { model, slots, state: before } = this;
    const { logits, state } =
      before === undefined
        ? this.run(`prompt ${slots}`, (tokens: tf.Tensor2D) => readTokens(model, tokens, slots), input)
        : this.run('step', (tokens: tf.Tensor2D, read: Read) => readTokens(model, tokens, read), input, before);
    disposeRows(before);
    this.state = state;
    return logits;
  }
}

function tensorOf(sequences: readonly (readonly number[])[], start: number): tf.Tensor2D {
  const length = sequences[0].length - start;
  const values = Int32Array.from(sequences.flatMap((sequence) => sequence.slice(start)));
  return tf.tensor2d(values, [sequences.length, length], 'int32');
}

/** @throws unless there are prompts of one length, of known tokens */
export function requirePrompts(owner: string, prompts: readonly (readonly number[])[], vocabularySize: number): void {
  if (prompts.length === 0) throw new Error(`${owner}: at least one prompt is needed, got none`);
  const lengths = prompts.map(({ length }) => length);
  if (lengths[0] === 0 || lengths.some((length) => length !== lengths[0])) {
    throw new Error(`${owner}: prompts must be of one length, at least one token, got lengths ${lengths.join(', ')}`);
  }
  for (const token of prompts.flat()) {
    if (!Number.isInteger(token) || token < 0 || token >= vocabularySize) {
      throw new Error(`${owner}: tokens must be integers in [0, ${vocabularySize}), got ${token}`);
    }
  }
}
