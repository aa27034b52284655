import type { Recipe } from '@heed/tasks';
import type { Batches } from '@heed/training';
import type { Policy } from '../../policies/policy.ts';
import {
  batchesPerRollout,
  rolloutBatches,
  type PolicyBatch,
  type RolloutBatchesOptions,
} from '../../rollouts/rollout-batches.ts';
import type { RolloutCollector } from '../../rollouts/rollout-collector.ts';
import type { PpoFitOptions, PpoSettings } from './ppo-agent-config.ts';

/** `environmentSteps` as epochs of `fit`. @throws if epochs or steps are given beside it */
export function epochsOf(
  { environmentSteps, environments, rolloutSteps }: PpoSettings,
  { epochs, steps }: PpoFitOptions,
): { epochs?: number } {
  if (environmentSteps === undefined) return {};
  if (epochs !== undefined || steps !== undefined) {
    throw new Error(
      `PpoAgent.fit: environmentSteps, epochs or steps must be given, not several, got environmentSteps=${environmentSteps}, epochs=${epochs}, steps=${steps}`,
    );
  }
  return { epochs: Math.max(1, Math.floor(environmentSteps / (environments * rolloutSteps))) };
}

/** The sizes of rollouts and batches. @throws unless they divide one another */
export function sizesOf(
  { environments, rolloutSteps, passes, segmentLength: given }: PpoSettings,
  { batchSize }: Recipe,
  policy: Policy,
  seed: number,
): RolloutBatchesOptions {
  const remembers = Object.keys(policy.memoryShapes).length > 0;
  const segmentLength = remembers ? (given ?? rolloutSteps) : 1;
  for (const [whole, part, rule] of [
    [rolloutSteps, segmentLength, 'rolloutSteps must be a multiple of segmentLength'],
    [batchSize, segmentLength, 'batchSize must be a multiple of segmentLength'],
    [environments * rolloutSteps, batchSize, 'environments × rolloutSteps must be a multiple of batchSize'],
  ] as const) {
    if (whole % part !== 0) throw new Error(`PpoAgent.fit: ${rule}, got ${whole} and ${part}`);
  }
  return { environments, rolloutSteps, segmentLength, batchSize, passes, seed };
}

/** The batches of an epoch: a rollout, gone through in several passes. @param epochs of the whole run, over which the entropy's weight falls */
export function epochBatches(
  collector: RolloutCollector,
  epoch: number,
  epochs: number,
  sizes: RolloutBatchesOptions,
  { entropyWeight, finalEntropyWeight = entropyWeight }: PpoSettings,
): Batches<PolicyBatch> {
  const share = Math.min(1, epoch / Math.max(1, epochs - 1));
  const weight = entropyWeight + share * (finalEntropyWeight - entropyWeight);
  const from = (skip: number): AsyncIterable<PolicyBatch> => ({
    async *[Symbol.asyncIterator]() {
      const rollout = await collector.collect(epoch);
      const numbers = { entropyWeight: weight, meanReturn: collector.meanReturn };
      yield* rolloutBatches(rollout, epoch, sizes, numbers, skip);
    },
  });
  return Object.assign(from(0), { length: batchesPerRollout(sizes), skip: from });
}
