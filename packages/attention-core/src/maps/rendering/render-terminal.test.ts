import { describe, expect, it } from 'vitest';
import { displayWidth } from './display-width.ts';
import { renderTerminal } from './render-terminal.ts';

const INK = ' ·░▒▓█';
const ramp = {
  name: 'ramp',
  rows: ['r'],
  columns: [...'abcdefghijk'],
  weights: [Array.from({ length: 11 }, (_, i) => i / 10)],
};
const ansi = /\u001B\[[\d;]*m/g; // eslint-disable-line no-control-regex

describe('renderTerminal', () => {
  it('gives a greater weight at least as much ink, none to 0 and a full block to the largest', () => {
    const row = renderTerminal(ramp).split('\n')[2].slice(2);
    const levels = Array.from({ length: 11 }, (_, k) => INK.indexOf(row[2 * k]));
    expect(levels).toEqual([...levels].sort((a, b) => a - b));
    expect(new Set(levels).size).toBe(INK.length);
    expect([levels[0], levels[10]]).toEqual([0, 5]);
  });

  it('writes two columns for each weight after a margin as wide as the longest row label', () => {
    const text = renderTerminal({
      name: 'widths',
      rows: ['日本', 'e\u0301', '😀x', 'שלום'],
      columns: ['a', '語'],
      weights: [
        [1, 1],
        [1, 1],
        [1, 1],
        [1, 1],
      ],
    });
    const lines = text.split('\n').slice(1, -1);
    expect(lines.slice(1).map((line) => displayWidth(line))).toEqual([9, 9, 9, 9]);
    expect(lines.slice(1).every((line) => line.endsWith(' ████'))).toBe(true);
    expect(lines[0]).toBe('     a 語');
  });

  it('writes long column labels downwards, ending at the grid', () => {
    const text = renderTerminal({ name: 'n', rows: ['r'], columns: ['x', 'the'], weights: [[0, 1]] });
    expect(text.split('\n')).toEqual(['n', '    t', '    h', '  x e', 'r   ██', '0 ·░▒▓█ 1']);
  });

  it('continues a map that is too wide below itself, with every weight once', () => {
    const columns = Array.from({ length: 30 }, (_, i) => String.fromCharCode(97 + (i % 26)));
    const text = renderTerminal({ name: 'n', rows: ['r'], columns, weights: [columns.map(() => 1)] }, { width: 22 });
    expect(text.split('\n').every((line) => displayWidth(line) <= 22)).toBe(true);
    expect(text.split('\n').slice(0, -1).join('').match(/██/g)).toHaveLength(30);
  });

  it('marks negative weights and says so', () => {
    const text = renderTerminal({ name: 'n', rows: ['r'], columns: ['a', 'b'], weights: [[-1, 0.5]] });
    expect(text.split('\n')[2]).toBe('r █-▒▒');
    expect(text).toContain('below 0');
  });

  it('colours without changing the text, and gives the strongest of each row its own colour', () => {
    const [plain, coloured] = [renderTerminal(ramp), renderTerminal(ramp, { color: true })];
    const painted = coloured.split('\n')[2];
    expect(coloured.replace(ansi, '')).toBe(plain);
    expect(painted.match(/38;5;220m/g)).toHaveLength(1);
    expect(painted).toContain('\u001B[38;5;220m██');
  });

  it('lets no label control the terminal', () => {
    const text = renderTerminal({ name: '\u001B[2J', rows: ['\u0007'], columns: ['\u001B'], weights: [[1]] });
    expect(text.match(ansi)).toBeNull();
    expect(text).not.toContain('\u0007');
  });

  it('rejects maps that do not fit their labels or are not finite', () => {
    const map = { name: 'm', rows: ['r'], columns: ['a'], weights: [[1]] };
    expect(() => renderTerminal({ ...map, rows: [] })).toThrow('map "m" must have a row and a column, got 0 rows');
    expect(() => renderTerminal({ ...map, rows: ['r', 's'] })).toThrow(
      'one row of weights per label, got 1 rows, 2 labels',
    );
    expect(() => renderTerminal({ ...map, columns: ['a', 'b'] })).toThrow(
      'row 0 of map "m" must have one weight per column',
    );
    expect(() => renderTerminal({ ...map, weights: [[NaN]] })).toThrow('must be finite, got NaN at [0][0]');
    expect(() => renderTerminal(map, { maximum: 0 })).toThrow('maximum must be a positive number, got 0');
  });
});
