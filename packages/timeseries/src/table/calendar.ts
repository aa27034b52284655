/** How far apart the rows of a table are. Days, weeks and months are those of the calendar: a day may have 23 or 25 hours. */
export type Step = 'month' | 'week' | 'day' | 'hour' | { readonly minutes: number };

/** What a clock on the wall says. */
export interface LocalTime {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** 0 is Monday. */
  readonly weekday: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STAMP = /^(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?)?(Z|[+-]\d{2}:?\d{2})?$/;

/**
 * Time in a zone of the IANA database, by the browser's or Node's own tables. Instants are milliseconds since 1970 in UTC, as `Date.now()`.
 *
 * @example
 * ```ts
 * import { Calendar } from '@heed/timeseries';
 * const berlin = new Calendar('Europe/Berlin');
 * berlin.hoursInDay(berlin.instant('2024-03-31 12:00')); // 23
 * berlin.next(berlin.instant('2024-03-30 12:00'), 'day') - berlin.instant('2024-03-30 12:00'); // 23 hours
 * ```
 */
export class Calendar {
  private readonly format: Intl.DateTimeFormat;
  /** By quarter of an hour, in which no zone changes: asking the tables is slow. */
  private readonly offsets = new Map<number, number>();

  /** @throws if the zone is not known */
  constructor(readonly zone: string) {
    try {
      this.format = new Intl.DateTimeFormat('en-US', {
        timeZone: zone,
        hourCycle: 'h23',
        era: 'short',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
      });
    } catch (error) {
      throw new Error(`Calendar: zone must be a name of the IANA database, e.g. Europe/Berlin, got ${zone}`, {
        cause: error,
      });
    }
  }

  /** Milliseconds by which the zone's clocks are ahead of UTC. */
  private offset(instant: number): number {
    if (this.zone === 'UTC') return 0;
    const quarter = Math.floor(instant / (15 * MINUTE));
    const known = this.offsets.get(quarter);
    if (known !== undefined) return known;
    const parts = Object.fromEntries(this.format.formatToParts(instant).map(({ type, value }) => [type, value]));
    const [year, month, day, hour, minute, second] = ['year', 'month', 'day', 'hour', 'minute', 'second'].map((name) =>
      Number(parts[name]),
    );
    const offset = Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(instant / 1000) * 1000;
    if (this.offsets.size > 200_000) this.offsets.clear();
    this.offsets.set(quarter, offset);
    return offset;
  }

  /** What the clocks of the zone say. */
  local(instant: number): LocalTime {
    const date = new Date(instant + this.offset(instant));
    return {
      year: date.getUTCFullYear(),
      month: date.getUTCMonth() + 1,
      day: date.getUTCDate(),
      hour: date.getUTCHours(),
      minute: date.getUTCMinutes(),
      second: date.getUTCSeconds(),
      weekday: (date.getUTCDay() + 6) % 7,
    };
  }

  /**
   * Reads `2024-03-31 01:00`, with seconds or without, with `Z` or `+02:00` or else by the zone's clocks.
   *
   * @param after the row before: where clocks are put back an hour comes twice, and the one that follows is meant. Default: the first of them
   * @throws if it is no time, or one that the clocks skip
   */
  instant(text: string, { after = -Infinity }: { readonly after?: number } = {}): number {
    const match = STAMP.exec(text.trim());
    if (match === null) throw new Error(`Calendar: a time must be like 2024-03-31 01:00, got ${JSON.stringify(text)}`);
    const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0));
    const wall = Date.UTC(year, month - 1, day, hour, minute, second, Number((match[7] ?? '0').padEnd(3, '0')));
    const date = new Date(wall);
    const sameDay = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
    if (!sameDay || hour > 23 || minute > 59 || second > 59) {
      throw new Error(`Calendar: a time must exist, got ${JSON.stringify(text)}`);
    }
    const zone = match[8];
    if (zone === 'Z') return wall;
    if (zone !== undefined) {
      const sign = zone.startsWith('-') ? 1 : -1;
      return wall + sign * (Number(zone.slice(1, 3)) * HOUR + Number(zone.slice(-2)) * MINUTE);
    }
    const found = this.instantsOf(wall);
    if (found.length === 0) {
      throw new Error(
        `Calendar: a time must exist in ${this.zone}, got ${JSON.stringify(text)}, which its clocks skip`,
      );
    }
    return found.find((instant) => instant > after) ?? found[0];
  }

  /** Instants at which the clocks say this, earliest first: none where they skip it, two where it comes twice. */
  private instantsOf(wall: number): number[] {
    const offsets = new Set([this.offset(wall - DAY), this.offset(wall + DAY)]);
    return [...offsets]
      .map((offset) => wall - offset)
      .filter((instant) => instant + this.offset(instant) === wall)
      .sort((a, b) => a - b);
  }

  /** The row after this one; a time that the clocks skip is put off by as much as they skip. */
  next(instant: number, step: Step, count = 1): number {
    if (step === 'hour') return instant + count * HOUR;
    if (typeof step === 'object') return instant + count * step.minutes * MINUTE;
    const wall = new Date(instant + this.offset(instant));
    if (step === 'month') {
      const day = wall.getUTCDate();
      wall.setUTCDate(1);
      wall.setUTCMonth(wall.getUTCMonth() + count);
      const last = new Date(Date.UTC(wall.getUTCFullYear(), wall.getUTCMonth() + 1, 0)).getUTCDate();
      wall.setUTCDate(Math.min(day, last));
    } else wall.setUTCDate(wall.getUTCDate() + count * (step === 'week' ? 7 : 1));
    const time = wall.getTime();
    return this.instantsOf(time)[0] ?? time - this.offset(time - DAY);
  }

  /** Number of hours of the day in which an instant lies: 24, but for the days on which clocks are changed. */
  hoursInDay(instant: number): number {
    const wall = instant + this.offset(instant);
    const midnight = wall - (((wall % DAY) + DAY) % DAY);
    const at = (time: number) => this.instantsOf(time)[0] ?? time - this.offset(time - DAY);
    return (at(midnight + DAY) - at(midnight)) / HOUR;
  }

  /**
   * Cyclic features of instants in [−0.5, 0.5): time of day, day of the week, day of the month, month. The instants themselves are too large for
   * float32, and never become a model's input.
   */
  features(
    instants: ArrayLike<number>,
  ): Record<'timeOfDay' | 'dayOfWeek' | 'dayOfMonth' | 'monthOfYear', Float64Array> {
    const local = Array.from(instants, (instant) => this.local(instant));
    return {
      timeOfDay: Float64Array.from(local, ({ hour, minute }) => (hour + minute / 60) / 24 - 0.5),
      dayOfWeek: Float64Array.from(local, ({ weekday }) => weekday / 7 - 0.5),
      dayOfMonth: Float64Array.from(local, ({ day }) => (day - 1) / 31 - 0.5),
      monthOfYear: Float64Array.from(local, ({ month }) => (month - 1) / 12 - 0.5),
    };
  }
}
