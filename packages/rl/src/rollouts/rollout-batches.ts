import { Random } from '@heed/attention-core';
import type { Batch, HostArray } from '@heed/training';
import type { Rollout } from './rollout-collector.ts';

/** Segments of T steps each, with the memory before each. */
export type PolicyBatch = {
  /** [B, T, O] */
  readonly observations: HostArray<readonly [number, number, number]>;
  /** [B, T] */
  readonly starts: HostArray<readonly [number, number]>;
  /** [B · T, W] */
  readonly actions: HostArray<readonly [number, number]>;
  /** [B · T], as all that follow. */
  readonly logProbabilities: HostArray<readonly [number]>;
  readonly values: HostArray<readonly [number]>;
  readonly advantages: HostArray<readonly [number]>;
  readonly returns: HostArray<readonly [number]>;
  /** [1]: how much the entropy counts. */
  readonly entropyWeight: HostArray<readonly [number]>;
  /** [1]: mean return of the last episodes, to be shown. */
  readonly meanReturn: HostArray<readonly [number]>;
} & Batch;

/** The name under which a batch has a part of the memory. */
export const MEMORY = 'memory ';
/** The name under which a batch has the action masks: [B · T, actions]. */
export const MASKS = 'masks';

export interface RolloutBatchesOptions {
  readonly environments: number;
  readonly rolloutSteps: number;
  readonly segmentLength: number;
  /** Steps in a batch: a multiple of `segmentLength`. */
  readonly batchSize: number;
  /** Times that the rollout is gone through. */
  readonly passes: number;
  readonly seed: number;
}

/** Number of batches that a rollout gives. */
export function batchesPerRollout({ environments, rolloutSteps, batchSize, passes }: RolloutBatchesOptions): number {
  return (passes * environments * rolloutSteps) / batchSize;
}

/** The segments of a rollout in batches, in another order at every pass. @param skip how many batches are passed over */
export function* rolloutBatches(
  rollout: Rollout,
  epoch: number,
  options: RolloutBatchesOptions,
  numbers: { readonly entropyWeight: number; readonly meanReturn: number },
  skip = 0,
): Generator<PolicyBatch> {
  const { environments, rolloutSteps, segmentLength, batchSize, passes, seed } = options;
  const perEnvironment = rolloutSteps / segmentLength;
  const segments = Array.from({ length: environments * perEnvironment }, (_, segment) => segment);
  const perBatch = batchSize / segmentLength;
  let number = 0;
  for (let pass = 0; pass < passes; pass++) {
    const order = new Random(seed).fork(`rollout ${epoch} pass ${pass}`).shuffle(segments);
    for (let first = 0; first < order.length; first += perBatch) {
      if (number++ < skip) continue;
      yield batchOf(rollout, order.slice(first, first + perBatch), options, numbers);
    }
  }
}

function batchOf(
  rollout: Rollout,
  segments: readonly number[],
  { environments, rolloutSteps, segmentLength }: RolloutBatchesOptions,
  { entropyWeight, meanReturn }: { readonly entropyWeight: number; readonly meanReturn: number },
): PolicyBatch {
  const total = environments * rolloutSteps;
  const perEnvironment = rolloutSteps / segmentLength;
  const steps = segments.length * segmentLength;
  /** Segments lie one after another where environments do. */
  const gathered = (all: Float32Array) => {
    const width = (all.length / total) * segmentLength;
    const out = new Float32Array(segments.length * width);
    for (const [i, segment] of segments.entries())
      out.set(all.subarray(segment * width, (segment + 1) * width), i * width);
    return out;
  };
  const vector = (all: Float32Array) => ({ data: gathered(all), shape: [steps] as const });
  const memories = Object.entries(rollout.memories).map(
    ([
      name,
      {
        data,
        shape: [, ...shape],
      },
    ]) => {
      const width = shape.reduce((product, length) => product * length, 1);
      const out = new Float32Array(segments.length * width);
      for (const [i, segment] of segments.entries()) {
        const row = (segment % perEnvironment) * environments + Math.floor(segment / perEnvironment);
        out.set((data as Float32Array).subarray(row * width, (row + 1) * width), i * width);
      }
      return [`${MEMORY}${name}`, { data: out, shape: [segments.length, ...shape] }] as const;
    },
  );
  const { observations, actions, starts, masks } = rollout;
  const size = observations.length / total;
  return {
    observations: { data: gathered(observations), shape: [segments.length, segmentLength, size] },
    starts: { data: gathered(starts), shape: [segments.length, segmentLength] },
    actions: { data: gathered(actions), shape: [steps, actions.length / total] },
    logProbabilities: vector(rollout.logProbabilities),
    values: vector(rollout.values),
    advantages: vector(rollout.advantages),
    returns: vector(rollout.returns),
    entropyWeight: { data: Float32Array.of(entropyWeight), shape: [1] },
    meanReturn: { data: Float32Array.of(meanReturn), shape: [1] },
    ...(masks && { [MASKS]: { data: gathered(masks), shape: [steps, masks.length / total] } }),
    ...Object.fromEntries(memories),
  };
}
