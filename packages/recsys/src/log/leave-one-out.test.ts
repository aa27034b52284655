import { describe, expect, it } from 'vitest';
import { InteractionLog } from './interaction-log.ts';
import { leaveOneOut } from './leave-one-out.ts';

describe('leaveOneOut', () => {
  it('tests on the last, validates on the one before, and learns only from users that are too short', () => {
    const rows = ['abcd', 'ab', 'cba'].flatMap((items, user) => [...items].map((item) => ({ user, item })));
    const { training, beforeTest, validation, test } = leaveOneOut(InteractionLog.from(rows));
    expect(training.map((history) => [...history])).toEqual([[0, 1], [0, 1], [2]]);
    expect(beforeTest.map((history) => [...history])).toEqual([
      [0, 1, 2],
      [0, 1],
      [2, 1],
    ]);
    const plain = (cases: typeof test) => cases.map(({ user, history, target }) => [user, [...history], target]);
    expect(plain(validation)).toEqual([
      [0, [0, 1], 2],
      [2, [2], 1],
    ]);
    expect(plain(test)).toEqual([
      [0, [0, 1, 2], 3],
      [2, [2, 1], 0],
    ]);
  });
});
