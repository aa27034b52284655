import { describe, expect, it } from 'vitest';
import { Calendar } from './calendar.ts';

const berlin = new Calendar('Europe/Berlin');
const utc = (text: string) => Date.parse(text);

describe('Calendar', () => {
  it('knows days of 23 and 25 hours', () => {
    const hours = (day: string) => berlin.hoursInDay(berlin.instant(`${day} 12:00`));
    expect(['2024-03-30', '2024-03-31', '2024-10-27'].map(hours)).toEqual([24, 23, 25]);
    expect(new Calendar('UTC').hoursInDay(utc('2024-03-31T12:00Z'))).toBe(24);
  });

  it('reads times by the clocks of its zone, by their own offset, or by Z', () => {
    expect(berlin.instant('2024-01-01 00:00')).toBe(utc('2023-12-31T23:00Z'));
    expect(berlin.instant('2024-07-01T00:00:30')).toBe(utc('2024-06-30T22:00:30Z'));
    expect(berlin.instant('2024-07-01 00:00Z')).toBe(utc('2024-07-01T00:00Z'));
    expect(berlin.instant('2024-07-01 00:00+05:30')).toBe(utc('2024-06-30T18:30Z'));
  });

  it('takes an hour that comes twice for the one that follows the row before', () => {
    const first = berlin.instant('2024-10-27 02:30');
    expect(first).toBe(utc('2024-10-27T00:30Z'));
    expect(berlin.instant('2024-10-27 02:30', { after: first })).toBe(utc('2024-10-27T01:30Z'));
  });

  it('refuses times that do not exist', () => {
    expect(() => berlin.instant('2024-03-31 02:30')).toThrow('which its clocks skip');
    expect(() => berlin.instant('2024-02-30')).toThrow('a time must exist, got "2024-02-30"');
    expect(() => berlin.instant('0024-02-03')).toThrow('a time must exist'); // dates of JavaScript take it for 1924
    expect(() => berlin.instant('yesterday')).toThrow('a time must be like 2024-03-31 01:00, got "yesterday"');
    expect(() => new Calendar('Atlantis/Capital')).toThrow('zone must be a name of the IANA database');
  });

  it('steps by the calendar for days, weeks and months, by time for hours', () => {
    const noon = berlin.instant('2024-03-30 12:00');
    expect(berlin.next(noon, 'day')).toBe(berlin.instant('2024-03-31 12:00')); // 23 hours later
    expect(berlin.next(noon, 'hour', 23)).toBe(berlin.instant('2024-03-31 12:00'));
    expect(berlin.next(noon, 'week')).toBe(berlin.instant('2024-04-06 12:00'));
    expect(berlin.next(berlin.instant('2024-01-31'), 'month')).toBe(berlin.instant('2024-02-29'));
    expect(berlin.next(noon, { minutes: 15 })).toBe(noon + 900_000);
  });

  it('gives features of the clock in [−0.5, 0.5)', () => {
    const { timeOfDay, dayOfWeek, monthOfYear } = berlin.features([berlin.instant('2024-03-31 18:00')]); // a Sunday
    expect([timeOfDay[0], dayOfWeek[0], monthOfYear[0]]).toEqual([0.25, 6 / 7 - 0.5, 2 / 12 - 0.5]);
  });
});
