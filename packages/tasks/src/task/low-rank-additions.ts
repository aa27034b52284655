import { Random, type Module } from '@heed/attention-core';
import { applyLora, type Lora, type LoraOptions } from '@heed/training';

/** Low-rank additions as tasks take them: rank 8 to the layers called `query` and `value`, unless said otherwise. */
export type LowRankAdditions = Partial<Omit<LoraOptions, 'random'>>;

/**
 * Freezes a model and gives its layers low-rank additions, to be trained instead (`applyLora`).
 *
 * @param seed decides the initial additions
 * @throws as `applyLora`
 */
export function addLowRank(model: Module, additions: LowRankAdditions, seed: number): Lora {
  const { rank = 8, alpha, targets = /query|value/ } = additions;
  const random = new Random(seed).fork('lora');
  return applyLora(model, { rank, ...(alpha === undefined ? {} : { alpha }), targets, random });
}
