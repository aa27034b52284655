import { requireIntegers, Random } from '@heed/attention-core';
import { fingerprint, type HostMatrix } from '@heed/training';

/** The label of positions that do not count in a loss. */
export const IGNORED = -100;

/** Tokens, and which should have come next. */
export type WindowBatch = {
  /** int32 [B, L] */
  readonly tokens: HostMatrix;
  /** int32 [B, L]: the token after each; `IGNORED` where there is none. */
  readonly targets: HostMatrix;
};

/** What a language model is trained on: the batches of every epoch, counted from 0, as `train()` takes them. */
export interface NextTokenBatches {
  (epoch: number): Iterable<WindowBatch> & { skip(count: number): Iterable<WindowBatch> };
  /** Batches in an epoch. */
  readonly perEpoch: number;
  /** Tells data apart, so that a checkpoint is not continued on other data. */
  readonly fingerprint: string;
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
 *
 * @throws if the stream is too short for a window and the token after it, or an option is not a positive integer
 *
 * @example
 * ```ts
 * import { textWindows } from '@heed/tasks';
 * const windows = textWindows(Int32Array.of(4, 2, 7, 1, 3), { batchSize: 1, length: 2, seed: 1 });
 * windows.perEpoch; // 3
 * for (const { tokens, targets } of windows(0)) console.log(tokens.data, targets.data);
 * ```
 */
export function textWindows(tokens: Int32Array, options: TextWindowsOptions): NextTokenBatches {
  const { batchSize, length, seed } = options;
  requireIntegers('textWindows', { batchSize, length });
  if (tokens.length <= length) {
    throw new Error(`textWindows: there must be more than length=${length} tokens, got ${tokens.length}`);
  }
  const perEpoch = Math.ceil(tokens.length / (batchSize * length));
  function* generate(epoch: number, skipped: number): Generator<WindowBatch> {
    const random = new Random(seed).fork(`epoch ${epoch}`);
    for (let batch = 0; batch < perEpoch; batch++) {
      const starts = Array.from({ length: batchSize }, () => random.integer(tokens.length - length));
      if (batch >= skipped) yield windowBatch(tokens, starts, length);
    }
  }
  const load = (epoch: number) => {
    const from = (skipped: number) => ({ [Symbol.iterator]: () => generate(epoch, skipped) });
    return { ...from(0), skip: from };
  };
  return Object.assign(load, { perEpoch, fingerprint: `${tokens.length} tokens, ${fingerprint(tokens)}` });
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

function windowBatch(tokens: Int32Array, starts: readonly number[], length: number): WindowBatch {
  const shape = [starts.length, length] as const;
  const inputs = new Int32Array(starts.length * length);
  const targets = new Int32Array(starts.length * length).fill(IGNORED);
  for (const [i, start] of starts.entries()) {
    const end = Math.min(start + length, tokens.length - 1);
    inputs.set(tokens.subarray(start, end), i * length);
    targets.set(tokens.subarray(start + 1, end + 1), i * length);
  }
  return { tokens: { data: inputs, shape }, targets: { data: targets, shape } };
}
