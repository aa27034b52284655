import { describe, expect, it } from 'vitest';
import { tableFromCsv, tableFromRows } from './read-table.ts';

const csv = (text: string, options: object = {}) =>
  tableFromCsv(text, { targets: ['y'], time: 'time', step: 'hour', ...options });

describe('tableFromCsv', () => {
  it('reads series by id, statics, past-only columns, and known-future columns beyond the targets', () => {
    const table = tableFromCsv(
      'shop,day,sales,visits,holiday,size\nA,2024-01-01,5,50,1,big\nA,2024-01-02,,,0,big\nB,2024-01-01,7,70,1,small\nA,2024-01-03,,,1,big\n',
      {
        targets: ['sales'],
        pastOnly: ['visits'],
        knownFuture: ['holiday'],
        statics: ['size'],
        id: 'shop',
        time: 'day',
        step: 'day',
      },
    );
    const [a, b] = table.series;
    // the last two rows of A have no sales: they are its future
    expect([...a.targets[0]]).toEqual([5]);
    expect([...a.knownFuture.holiday]).toEqual([1, 0, 1]);
    expect(a.statics).toEqual({ size: 'big' });
    expect([b.id, ...b.targets[0], ...b.pastOnly.visits]).toEqual(['B', 7, 70]);
  });

  it('misses no hour that clocks skip, and has both that come twice', () => {
    const spring = 'time,y\n2024-03-31 01:00,1\n2024-03-31 03:00,2\n';
    expect(csv(spring, { zone: 'Europe/Berlin' }).values).toBe(2);
    expect(() => csv(spring)).toThrow(
      "no step must be without a row unless gaps is 'missing', got 1 before 2024-03-31 03:00",
    );
    const autumn = 'time,y\n2024-10-27 01:00,1\n2024-10-27 02:00,2\n2024-10-27 02:00,3\n2024-10-27 03:00,4\n';
    expect(csv(autumn, { zone: 'Europe/Berlin' }).values).toBe(4);
    expect(() => csv(autumn)).toThrow('must come once, got 2024-10-27 02:00 again or late in row 3');
  });

  it('never closes a gap: its steps are missing, or the table is refused', () => {
    const text = 'time,y\n2024-01-01 00:00,1\n2024-01-01 03:00,4\n';
    expect(() => csv(text)).toThrow('got 2 before 2024-01-01 03:00');
    expect([...csv(text, { gaps: 'missing' }).series[0].targets[0]]).toEqual([1, NaN, NaN, 4]);
  });

  it('refuses a gap of centuries, and takes a column of any name', () => {
    const ages = 'time,y\n1000-01-01 00:00,1\n9999-01-01 00:00,2\n';
    expect(() => csv(ages, { gaps: 'missing' })).toThrow('a gap must be of at most 1000000 steps');
    const table = tableFromCsv('__proto__,y\n1,2\n', { targets: ['__proto__'] });
    expect([table.targets, [...table.series[0].targets[0]]]).toEqual([['__proto__'], [1]]);
  });

  it('refuses unsorted and duplicate times, other steps, texts, infinities and absent columns, naming the row', () => {
    expect(() => csv('time,y\n2024-01-01 01:00,1\n2024-01-01 00:00,2\n')).toThrow('must be in order');
    expect(() => csv('time,y\n2024-01-01 01:00,1\n2024-01-01 01:00,2\n')).toThrow('must come once');
    expect(() => csv('time,y\n2024-01-01 01:00,1\n2024-01-01 02:30,2\n')).toThrow('must be "hour" apart');
    expect(() => csv('time,y\n2024-01-01 01:00,red\n')).toThrow('y must have numbers, got "red" in row 1');
    expect(() => csv('time,y\n2024-01-01 01:00,Infinity\n')).toThrow('y must have numbers, got "Infinity" in row 1');
    expect(() => csv('time,y\n2024-01-01 01:00,1e999\n')).toThrow('y must have numbers');
    expect(() => csv('time,z\n2024-01-01 01:00,1\n')).toThrow('every row must have the column y');
    expect(() => csv('time,y\n2024-01-01 01:00,1,5\n')).toThrow('tableFromCsv: ');
    expect(() => csv('time,y\n')).toThrow('there must be a row, got none');
    expect(() => csv('time,y\n2024-01-01 01:00,1\n', { step: undefined })).toThrow('time and step must come together');
  });

  it('refuses a past-only column that goes on after the targets', () => {
    const text = 'y,visits,holiday\n1,5,0\n,6,1\n';
    const read = () => tableFromCsv(text, { targets: ['y'], pastOnly: ['visits'], knownFuture: ['holiday'] });
    expect(read).toThrow('past-only visits of "series 1" must end with the targets');
  });
});

describe('tableFromRows', () => {
  it('takes numbers, digits, and nothing for what is missing', () => {
    const table = tableFromRows([{ y: 1 }, { y: '2.5' }, { y: null }, { y: 'NaN' }, { y: 3 }], { targets: ['y'] });
    expect([...table.series[0].targets[0]]).toEqual([1, 2.5, NaN, NaN, 3]);
    expect(() => tableFromRows([{ y: Infinity }], { targets: ['y'] })).toThrow(
      'y must be finite, got Infinity in row 1',
    );
  });
});
