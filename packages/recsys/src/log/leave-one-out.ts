import type { InteractionLog } from './interaction-log.ts';

/** What somebody did, and what came next. */
export interface RankingCase {
  readonly user: number;
  /** Items, first to last. */
  readonly history: Int32Array;
  readonly target: number;
}

/** Every user's last interaction is for testing, the one before for validation. */
export interface LeaveOneOut {
  readonly split: 'leave-one-out';
  /** By user, without the last two interactions: what is learned from while anything is chosen. */
  readonly training: readonly Int32Array[];
  /** By user, without the last interaction: what a baseline that chooses nothing may count. */
  readonly beforeTest: readonly Int32Array[];
  readonly validation: readonly RankingCase[];
  readonly test: readonly RankingCase[];
}

/**
 * Leaves out the last interaction of every user for testing, and the one before for validation. Users of fewer than three interactions are learned from
 * alone.
 *
 * What it shows of the future: a user's test item may lie earlier than others' interactions that are learned from.
 *
 * @example
 * ```ts
 * import { InteractionLog, leaveOneOut } from '@heed/recsys';
 * const log = InteractionLog.from(['a', 'b', 'c', 'd'].map((item) => ({ user: 1, item })));
 * const { training, validation, test } = leaveOneOut(log);
 * training[0]; // Int32Array [0, 1]
 * [validation[0].target, test[0].target]; // [2, 3]
 * ```
 */
export function leaveOneOut({ histories }: InteractionLog): LeaveOneOut {
  const tested = [...histories.keys()].filter((user) => histories[user].length >= 3);
  const cases = (fromEnd: number) =>
    tested.map((user): RankingCase => {
      const history = histories[user];
      const at = history.length - fromEnd;
      return { user, history: history.subarray(0, at), target: history[at] };
    });
  const without = (count: number) =>
    histories.map((history) => (history.length >= 3 ? history.subarray(0, history.length - count) : history));
  return {
    split: 'leave-one-out',
    training: without(2),
    beforeTest: without(1),
    validation: cases(2),
    test: cases(1),
  };
}
