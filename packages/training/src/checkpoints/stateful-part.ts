import type { HostArray } from '../loop/batch.ts';

/** What a part of a run remembers: arrays by name, and anything else as JSON. */
export interface PartState {
  readonly arrays?: Readonly<Record<string, HostArray>>;
  readonly json?: unknown;
}

/**
 * Something beside the model that changes while a run goes on and that its next steps depend on: a normaliser's statistics, an environment, a
 * replay buffer. `train({ state })` saves it with every checkpoint and loads it on resume, before any data are asked for.
 *
 * @example
 * ```ts
 * import type { StatefulPart } from '@heed/training';
 * class RunningMean implements StatefulPart {
 *   private sum = new Float32Array(2);
 *   private count = 0;
 *   add(values: readonly number[]): void {
 *     this.sum = this.sum.map((sum, i) => sum + values[i]);
 *     this.count++;
 *   }
 *   save() {
 *     return { arrays: { sum: { data: this.sum.slice(), shape: [2] } }, json: { count: this.count } };
 *   }
 *   load({ arrays, json }: ReturnType<RunningMean['save']>): void {
 *     this.sum = arrays.sum.data;
 *     this.count = json.count;
 *   }
 * }
 * ```
 */
export interface StatefulPart {
  save(): PartState | Promise<PartState>;
  /** @param state what `save` gave */
  load(state: PartState): void | Promise<void>;
}
