import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InteractionLog, type Interaction } from './interaction-log.ts';

const named = (log: InteractionLog) =>
  Object.fromEntries(log.users.map((user, i) => [String(user), [...log.histories[i]].map((item) => log.items[item])]));

describe('InteractionLog', () => {
  it("puts each user's items in the order of time, and knows ids of any kind", () => {
    const log = InteractionLog.from([
      { user: 'ann', item: 10 ** 12, time: 3 },
      { user: '__proto__', item: '__proto__', time: 1 },
      { user: 'ann', item: 'tea', time: 2 },
    ]);
    expect(log.users).toEqual(['ann', '__proto__']);
    expect(log.items).toEqual([10 ** 12, '__proto__', 'tea']);
    expect(log.histories).toEqual([Int32Array.of(2, 0), Int32Array.of(1)]);
    expect([log.itemIndex('tea'), log.itemIndex('milk'), log.userIndex('constructor')]).toEqual([
      2,
      undefined,
      undefined,
    ]);
    expect([...log.times![0]]).toEqual([2, 3]);
  });

  it('keeps the order of rows of equal time, or draws one that a seed decides', () => {
    const rows = Array.from({ length: 20 }, (_, item): Interaction => ({ user: 1, item, time: 5 }));
    const byRows = named(InteractionLog.from(rows))['1'];
    expect(byRows).toEqual(rows.map(({ item }) => item));
    const drawn = (seed: number) => named(InteractionLog.from(rows, { ties: { seed } }))['1'];
    expect(drawn(1)).toEqual(drawn(1));
    expect(drawn(1)).not.toEqual(byRows);
    expect(drawn(1)).not.toEqual(drawn(2));
  });

  it('handles repeats by the rule', () => {
    const rows = ['a', 'b', 'a', 'c'].map((item) => ({ user: 1, item }));
    const items = (repeats: 'keep' | 'first' | 'last') => named(InteractionLog.from(rows, { repeats }))['1'].join('');
    expect([items('keep'), items('first'), items('last')]).toEqual(['abac', 'abc', 'bac']);
  });

  it('leaves out rare users and items until none is left', () => {
    // without d, user 3 has one left; without user 3, c has one left
    const rows = ['1a', '1b', '2a', '2b', '1c', '3c', '3d'].map(([user, item]) => ({ user, item }));
    expect(named(InteractionLog.from(rows, { core: 2 }))).toEqual({ 1: ['a', 'b'], 2: ['a', 'b'] });
    expect(() => InteractionLog.from(rows, { core: 4 })).toThrow('core=4 must be left, got none of 7 rows');
  });

  it('loses and makes up nothing, whatever the rows', () => {
    const row = fc.record({ user: fc.nat(5), item: fc.string({ minLength: 1, maxLength: 2 }), time: fc.nat(1000) });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 40 }), (rows) => {
        const log = InteractionLog.from(rows);
        const back = log.histories.flatMap((history, user) =>
          [...history].map((item, i) => [log.users[user], log.items[item], log.times![user][i]].join()),
        );
        expect(back.toSorted()).toEqual(rows.map(({ user, item, time }) => [user, item, time].join()).toSorted());
        for (const times of log.times!) expect([...times]).toEqual([...times].toSorted((a, b) => a - b));
      }),
    );
  });

  it.each<[Interaction[], string]>([
    [[], 'at least one interaction is needed, got none'],
    [[{ user: '', item: 1 }], 'user must be a text or a whole number, got  in row 0'],
    [[{ user: 1, item: 1.5 }], 'item must be a text or a whole number, got 1.5 in row 0'],
    [[{ user: 1, item: null as never }], 'item must be a text or a whole number, got null in row 0'],
    [[{ user: 1, item: 1, time: -1 }], 'time must be a number of at least 0, got -1 in row 0'],
    [[{ user: 1, item: 1, time: NaN }], 'time must be a number of at least 0, got NaN in row 0'],
    [
      [
        { user: 1, item: 1, time: 1 },
        { user: 1, item: 2 },
      ],
      'all rows must have a time or none, got undefined in row 1',
    ],
    [
      [
        { user: 1, item: 1, time: 1.6e9 },
        { user: 1, item: 2, time: 1.6e12 },
      ],
      'times must all be seconds or all milliseconds, got 1600000000000 among others in row 1',
    ],
  ])('refuses %j', (rows, message) => {
    expect(() => InteractionLog.from(rows)).toThrow(`InteractionLog: ${message}`);
  });
});
