import { Random } from '@heed/attention-core';
import type { Batches, HostArray } from '@heed/training';
import { epochBatches } from './epoch-batches.ts';
import { hashOf } from './hash-of.ts';
import { IGNORED } from './sequence-batches.ts';

/** Tokens, and which should have come next. */
export type WindowBatch = {
  /** int32 [B, L] */
  readonly tokens: HostArray;
  /** int32 [B, L]: the token after each; `IGNORED` where there is none. */
  readonly targets: HostArray;
};

/** What a language model is trained on. */
export interface NextTokenBatches {
  /** Batches in an epoch. */
  readonly perEpoch: number;
  /** Tells data apart, so that a checkpoint is not continued on other data. */
  readonly fingerprint: string;
  /** @param number counted from 0 */
  epoch(number: number): Batches<WindowBatch>;
}

export interface TextWindowsOptions {
  readonly batchSize: number;
  /** L: tokens in a window. */
  readonly length: number;
  /** Decides where the windows of every epoch begin. */
  readonly seed: number;
}

/**
 * Windows at random places of a stream of tokens, as nanoGPT draws them. An epoch has as many as cover the stream once, though they overlap and
 * leave gaps.
 */
export class TextWindows implements NextTokenBatches {
  readonly perEpoch: number;
  readonly fingerprint: string;

  /** @throws if the stream is too short for a window and the token after it, or an option is not a positive integer */
  constructor(
    private readonly tokens: Int32Array,
    private readonly options: TextWindowsOptions,
  ) {
    const { batchSize, length } = options;
    for (const [name, value] of Object.entries({ batchSize, length })) {
      if (!Number.isInteger(value) || value < 1) {
        throw new Error(`TextWindows: ${name} must be a positive integer, got ${value}`);
      }
    }
    if (tokens.length <= length) {
      throw new Error(`TextWindows: there must be more than length=${length} tokens, got ${tokens.length}`);
    }
    this.perEpoch = Math.ceil(tokens.length / (batchSize * length));
    this.fingerprint = fingerprintOf(tokens);
  }

  epoch(number: number): Iterable<WindowBatch> & { skip(count: number): Iterable<WindowBatch> } {
    return epochBatches((skipped) => this.generate(number, skipped));
  }

  private *generate(epoch: number, skipped: number): Generator<WindowBatch> {
    const { batchSize, length, seed } = this.options;
    const random = new Random(seed).fork(`epoch ${epoch}`);
    for (let batch = 0; batch < this.perEpoch; batch++) {
      const starts = Array.from({ length: batchSize }, () => random.integer(this.tokens.length - length));
      if (batch >= skipped) yield windowBatch(this.tokens, starts, length);
    }
  }
}

/** All of a stream, cut into windows one after the other, so that every token but the first is foretold once. */
export function* consecutiveWindows(
  tokens: Int32Array,
  { batchSize, length }: { readonly batchSize: number; readonly length: number },
): Generator<WindowBatch> {
  const starts = Array.from({ length: Math.ceil((tokens.length - 1) / length) }, (_, i) => i * length);
  for (let first = 0; first < starts.length; first += batchSize) {
    yield windowBatch(tokens, starts.slice(first, first + batchSize), length);
  }
}

/** The number of tokens and a hash of them all. */
export function fingerprintOf(tokens: Int32Array | readonly number[]): string {
  return `${tokens.length} tokens, ${hashOf(tokens)}`;
}

function windowBatch(tokens: Int32Array, starts: readonly number[], length: number): WindowBatch {
  const shape = [starts.length, length];
  const inputs = new Int32Array(starts.length * length);
  const targets = new Int32Array(starts.length * length).fill(IGNORED);
  for (const [i, start] of starts.entries()) {
    const end = Math.min(start + length, tokens.length - 1);
    inputs.set(tokens.subarray(start, end), i * length);
    targets.set(tokens.subarray(start + 1, end + 1), i * length);
  }
  return { tokens: { data: inputs, shape }, targets: { data: targets, shape } };
}
