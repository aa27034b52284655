import { requireIntegers, Random } from '@heed/attention-core';

/** How users and items are called: texts, or numbers of any size. `1` and `'1'` are two. */
export type Id = string | number;

/** Somebody did something with something. */
export interface Interaction {
  readonly user: Id;
  readonly item: Id;
  /** When, in seconds or milliseconds, all alike; absent in all where the order of the rows is that of time. */
  readonly time?: number;
}

export interface LogOptions {
  /**
   * The order of a user's interactions of equal time: 'rows' keeps that of the rows; a seed shuffles them, the same for the same seed. Default 'rows'.
   * There is no order by item: it flatters whatever ranks by item.
   */
  readonly ties?: 'rows' | { readonly seed: number };
  /** What to do with an item that a user met before: keep it, or only its first or last time. Default 'keep'. */
  readonly repeats?: 'keep' | 'first' | 'last';
  /** Leave out users and items with fewer interactions than this, until none is left that has fewer. Default 1. */
  readonly core?: number;
}

/**
 * Who did what, in the order of time. Users and items are known by indices from 0 within it, in the order of their first row; no index is padding.
 *
 * @example
 * ```ts
 * import { InteractionLog } from '@heed/recsys';
 * const log = InteractionLog.from([
 *   { user: 'ann', item: 'tea', time: 2 },
 *   { user: 'ann', item: 'cake', time: 1 },
 *   { user: 'bob', item: 'tea', time: 5 },
 * ]);
 * log.histories[0]; // Int32Array [1, 0]: Ann had cake, then tea
 * log.items; // ['tea', 'cake']
 * ```
 */
export class InteractionLog {
  private readonly userIndices: ReadonlyMap<Id, number>;
  private readonly itemIndices: ReadonlyMap<Id, number>;

  private constructor(
    readonly users: readonly Id[],
    readonly items: readonly Id[],
    /** By user: the items, first to last. */
    readonly histories: readonly Int32Array[],
    /** By user: when; absent where the rows had no times. */
    readonly times: readonly Float64Array[] | undefined,
  ) {
    this.userIndices = new Map(users.map((id, index) => [id, index]));
    this.itemIndices = new Map(items.map((id, index) => [id, index]));
  }

  /** @throws if there are no rows, an id is missing, or times are not finite, negative, missing in some rows, or mix seconds with milliseconds */
  static from(rows: Iterable<Interaction>, options: LogOptions = {}): InteractionLog {
    const { ties = 'rows', repeats = 'keep', core = 1 } = options;
    const all = [...rows];
    checkRows(all);
    requireIntegers('InteractionLog', { core });

    const kept = coreOf(withoutRepeats(inOrder(all, ties), repeats), core);
    if (kept.length === 0) {
      throw new Error(`InteractionLog: users and items of core=${core} must be left, got none of ${all.length} rows`);
    }
    // indices in the order of the rows, not of time: they say nothing of the future
    const there = new Set(kept);
    const users = [...new Set(all.filter((row) => there.has(row)).map(({ user }) => user))];
    const items = [...new Set(all.filter((row) => there.has(row)).map(({ item }) => item))];
    const itemIndices = new Map(items.map((id, index) => [id, index]));
    const byUser = groupByUser(kept);
    const own = users.map((id) => byUser.get(id)!);
    return new InteractionLog(
      users,
      items,
      own.map((history) => Int32Array.from(history, ({ item }) => itemIndices.get(item)!)),
      all[0].time === undefined ? undefined : own.map((history) => Float64Array.from(history, ({ time }) => time!)),
    );
  }

  /** Number of interactions. */
  get size(): number {
    return this.histories.reduce((sum, { length }) => sum + length, 0);
  }

  /** @returns undefined for somebody unknown */
  userIndex(id: Id): number | undefined {
    return this.userIndices.get(id);
  }

  /** @returns undefined for something unknown */
  itemIndex(id: Id): number | undefined {
    return this.itemIndices.get(id);
  }
}

function checkRows(rows: readonly Interaction[]): void {
  if (rows.length === 0) throw new Error('InteractionLog: at least one interaction is needed, got none');
  const timed = rows[0].time !== undefined;
  let [seconds, milliseconds] = [false, false];
  for (const [i, { user, item, time }] of rows.entries()) {
    for (const [name, id] of Object.entries({ user, item })) {
      if (typeof id === 'string' ? id === '' : !Number.isSafeInteger(id)) {
        throw new Error(`InteractionLog: ${name} must be a text or a whole number, got ${String(id)} in row ${i}`);
      }
    }
    if ((time !== undefined) !== timed) {
      throw new Error(`InteractionLog: all rows must have a time or none, got ${String(time)} in row ${i}`);
    }
    if (time === undefined) continue;
    if (!Number.isFinite(time) || time < 0) {
      throw new Error(`InteractionLog: time must be a number of at least 0, got ${time} in row ${i}`);
    }
    // 1e8 seconds is 1973 and 1e11 the year 5138; 1e11 milliseconds is 1973
    seconds ||= time >= 1e8 && time < 1e11;
    milliseconds ||= time >= 1e11;
    if (seconds && milliseconds) {
      throw new Error(
        `InteractionLog: times must all be seconds or all milliseconds, got ${time} among others in row ${i}`,
      );
    }
  }
}

/** Stable, by time; of equal time by the rule. */
function inOrder(rows: readonly Interaction[], ties: LogOptions['ties']): Interaction[] {
  const places = typeof ties === 'object' ? new Random(ties.seed).shuffle([...rows.keys()]) : [...rows.keys()];
  const rank = new Int32Array(rows.length);
  for (const [place, row] of places.entries()) rank[row] = place;
  return [...rows.keys()]
    .sort((a, b) => (rows[a].time ?? 0) - (rows[b].time ?? 0) || rank[a] - rank[b])
    .map((row) => rows[row]);
}

function withoutRepeats(rows: readonly Interaction[], repeats: 'keep' | 'first' | 'last'): readonly Interaction[] {
  if (repeats === 'keep') return rows;
  const met = new Map<Id, Set<Id>>();
  const fresh = (repeats === 'first' ? rows : rows.toReversed()).filter(({ user, item }) => {
    const own = met.get(user) ?? new Set();
    met.set(user, own);
    return own.size < own.add(item).size;
  });
  return repeats === 'first' ? fresh : fresh.toReversed();
}

function coreOf(rows: readonly Interaction[], core: number): readonly Interaction[] {
  let left = rows;
  for (let before = -1; before !== left.length;) {
    before = left.length;
    const [users, items] = [new Map<Id, number>(), new Map<Id, number>()];
    for (const { user, item } of left) {
      users.set(user, (users.get(user) ?? 0) + 1);
      items.set(item, (items.get(item) ?? 0) + 1);
    }
    left = left.filter(({ user, item }) => users.get(user)! >= core && items.get(item)! >= core);
  }
  return left;
}

/** In their order. */
function groupByUser(rows: readonly Interaction[]): Map<Id, Interaction[]> {
  const byUser = new Map<Id, Interaction[]>();
  for (const row of rows) {
    const own = byUser.get(row.user);
    if (own === undefined) byUser.set(row.user, [row]);
    else own.push(row);
  }
  return byUser;
}
