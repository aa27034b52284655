import { describe, expect, it } from 'vitest';
import { SeriesTable } from './series-table.ts';
import { originsOf } from './windows.ts';

describe('SeriesTable', () => {
  it('splits in time: a part sees what is before it, and nothing after', () => {
    const table = SeriesTable.of([{ id: 'a', targets: { y: [1, 2, 3, 4, 5, 6, 7] }, stamps: [1, 2, 3, 4, 5, 6, 7] }]);
    const { training, validation, test } = table.split({ validation: 2, test: 2 });
    const shown = ({ series: [{ targets, from, stamps }] }: { series: typeof table.series }) => [
      from,
      targets[0].length,
      stamps!.length,
    ];
    expect([training, validation, test].map(shown)).toEqual([
      [0, 3, 3],
      [3, 5, 5],
      [5, 7, 7],
    ]);
    expect([training.part, validation.part, test.part]).toEqual(['training', 'validation', 'test']);
    // forecasts lie in the part, the last one ends with it
    expect(originsOf(test, { lookBack: 2, horizon: 1 }).map(({ at }) => at)).toEqual([5, 6]);
    expect(originsOf(test, { lookBack: 2, horizon: 2, stride: 5 }).map(({ at }) => at)).toEqual([5]);
    expect(originsOf(test, { lookBack: 7, horizon: 1 })).toEqual([]);
    expect(() => table.split({ validation: 4, test: 3 })).toThrow('got 7 in "a"');
    expect(() => originsOf(test, { lookBack: 0, horizon: 1 })).toThrow('lookBack must be a positive integer, got 0');
  });

  it('takes in what is known ahead', () => {
    const table = SeriesTable.of([
      { id: 'a', targets: { y: [1, 2] }, pastOnly: { v: [3, 4] }, knownFuture: { h: [0, 1, 1] } },
    ]);
    expect([...table.withFuture({ a: { h: [5, 6] } }).series[0].knownFuture.h]).toEqual([0, 1, 5, 6]);
    expect([...table.series[0].knownFuture.h]).toEqual([0, 1, 1]);
    expect(() => table.withFuture({ b: {} })).toThrow('a series must be there, got "b"');
    expect(() => table.withFuture({ a: { v: [1] } as never })).toThrow('a column must be known-future, got v of "a"');
    expect(() => table.withFuture({ a: { h: [Infinity] } })).toThrow('got Infinity in h of "a"');
  });

  it('refuses what no table is, naming it', () => {
    const of = (input: object) => () => SeriesTable.of([input as never]);
    expect(() => SeriesTable.of([])).toThrow('there must be a series, got none');
    expect(of({ targets: {} })).toThrow('there must be a target, got none');
    expect(of({ targets: { y: [] } })).toThrow('a series must have a value, got none in "series 1"');
    expect(of({ targets: { y: [1, Infinity] } })).toThrow('got Infinity in y of "series 1", step 1');
    expect(of({ targets: { y: ['red'] } })).toThrow('got "red" in y of "series 1", step 0');
    expect(of({ targets: { y: [1, 2] }, stamps: [5, 5] })).toThrow('stamps must come each once');
    expect(of({ targets: { y: [1, 2] }, stamps: [5, 4] })).toThrow('stamps must come in order');
    expect(of({ targets: { y: [1], z: [1, 2] } })).toThrow('z of "series 1" must have exactly 1 values, got 2');
    expect(of({ targets: { y: [1, 2] }, pastOnly: { v: [1] } })).toThrow('v of "series 1" must have exactly 2 values');
    expect(of({ targets: { y: [1, 2] }, knownFuture: { h: [1] } })).toThrow(
      'h of "series 1" must have at least 2 values',
    );
    expect(of({ targets: { y: [1] }, pastOnly: { y: [1] } })).toThrow('a column must be of one kind, got y twice');
    const twice = [
      { id: 'a', targets: { y: [1] } },
      { id: 'a', targets: { y: [1] } },
    ];
    expect(() => SeriesTable.of(twice)).toThrow('every id must be given once, got "a" twice');
    const other = [{ targets: { y: [1] } }, { targets: { z: [1] } }];
    expect(() => SeriesTable.of(other as never)).toThrow('targets of "series 2" must be [y], got [z]');
  });
});
