import { describe, expect, it } from 'vitest';
import { renderSvg } from './render-svg.ts';
import { attributesOf, elements, requireWellFormed } from './markup.test-support.ts';

const map = {
  name: 'alignment',
  rows: ['le', 'chat', '.'],
  columns: ['the', 'cat'],
  weights: [
    [0.9, 0.1],
    [0.25, 0.75],
    [0.45, 0],
  ],
};

describe('renderSvg', () => {
  it('draws one cell per weight, its ink proportional to the weight and in its place', () => {
    const svg = renderSvg(map, { cellSize: 20 });
    requireWellFormed(svg);
    const { 'data-left': left, 'data-top': top } = attributesOf(elements(svg, 'svg')[0]);
    const cells = elements(svg, 'rect')
      .map(attributesOf)
      .filter(({ rx, width }) => rx === '2' && width === '19');
    expect(cells.map((cell) => Number(cell['fill-opacity']))).toEqual([1, 0.1111, 0.2778, 0.8333, 0.5, 0]);
    expect(cells.map((cell) => Math.floor((Number(cell.x) - Number(left)) / 20))).toEqual([0, 1, 0, 1, 0, 1]);
    expect(cells.map((cell) => Math.floor((Number(cell.y) - Number(top)) / 20))).toEqual([0, 0, 1, 1, 2, 2]);
  });

  it('tells each weight in a tooltip, and the strongest of each row in its description', () => {
    const svg = renderSvg(map);
    expect(svg.match(/<title>[^<]*<\/title>/g)).toEqual([
      '<title>alignment</title>',
      '<title>le → the: 0.9</title>',
      '<title>le → cat: 0.1</title>',
      '<title>chat → the: 0.25</title>',
      '<title>chat → cat: 0.75</title>',
      '<title>. → the: 0.45</title>',
      '<title>. → cat: 0</title>',
    ]);
    expect(svg).toContain('3 rows by 2 columns. Strongest in each row: le → the: 0.9; chat → cat: 0.75; . → the: 0.45');
    expect(svg).toContain('role="img" aria-label="alignment"');
  });

  it('escapes labels and titles', () => {
    const hostile = `</text><script>alert("1")</script>&'\u0000`;
    const svg = renderSvg(
      { name: hostile, rows: [hostile], columns: [hostile], weights: [[1]] },
      { axes: { rows: hostile, columns: hostile } },
    );
    requireWellFormed(svg);
    expect(svg).not.toContain('<script');
    expect(svg).not.toContain('\u0000');
    expect(elements(svg, 'text').length).toBe(7); // name, two axes, row, column, both ends of the legend
  });

  it('draws against the largest weight, or the one that is given', () => {
    const inks = (maximum?: number) =>
      elements(
        renderSvg(
          { name: 'n', rows: ['r'], columns: ['a', 'b', 'c'], weights: [[0.1, 0.2, 0.4]] },
          maximum === undefined ? {} : { maximum },
        ),
        'rect',
      )
        .map(attributesOf)
        .filter(({ width }) => width === '27')
        .map((cell) => Number(cell['fill-opacity']));
    expect(inks()).toEqual([0.25, 0.5, 1]);
    expect(inks(0.2)).toEqual([0.5, 1, 1]);
  });

  it('shows small weights on a root scale', () => {
    const svg = renderSvg({ name: 'n', rows: ['r'], columns: ['a', 'b'], weights: [[0.04, 1]] }, { scale: 'root' });
    expect(attributesOf(elements(svg, 'rect').filter((rect) => rect.includes('27'))[0])['fill-opacity']).toBe('0.2');
  });

  it('gives negative weights a colour of their own and the legend both ends', () => {
    const svg = renderSvg({ name: 'n', rows: ['r'], columns: ['a', 'b'], weights: [[-0.5, 0.25]] });
    const cells = elements(svg, 'rect')
      .map(attributesOf)
      .filter(({ width }) => width === '27');
    expect(cells.map((cell) => [cell.class, cell['fill-opacity']])).toEqual([
      ['negative', '1'],
      [undefined, '0.5'],
    ]);
    expect(svg).toContain('>-0.5</text>');
  });

  it('draws large maps in few elements, with the ink of 64 steps', () => {
    const size = 200;
    const labels = Array.from({ length: size }, (_, i) => `t${i}`);
    const weights = labels.map((_, q) => labels.map((_, k) => (k <= q ? 1 / (q + 1) : 0)));
    const svg = renderSvg({ name: 'causal', rows: labels, columns: labels, weights });
    requireWellFormed(svg);
    const paths = elements(svg, 'path').map(attributesOf);
    expect(paths.length).toBeLessThanOrEqual(64);
    const squares = paths.map(({ d, ...path }) => ({
      ink: Number(path['fill-opacity']),
      count: d.split('M').length - 1,
    }));
    const expected = weights.flat().filter((weight) => Math.round(weight * 64) > 0).length;
    expect(squares.reduce((sum, { count }) => sum + count, 0)).toBe(expected);
    expect(squares.find(({ ink }) => ink === 0.5)?.count).toBe(2); // the row of two visible keys
  });

  it('keeps the whole picture inside its size', () => {
    const long = 'an uncommonly long label for a key';
    const svg = renderSvg({ name: long.repeat(3), rows: [long], columns: [long, long], weights: [[1, 0]] });
    const { width, height, viewBox, 'data-left': left, 'data-top': top } = attributesOf(elements(svg, 'svg')[0]);
    expect(viewBox).toBe(`0 0 ${width} ${height}`);
    // 28 characters of about 7.8 px: beside the grid, and above it at 45°
    expect(Number(left)).toBeGreaterThan(28 * 7.8);
    expect(Number(top)).toBeGreaterThan(28 * 7.8 * Math.SQRT1_2);
    expect(Number(width)).toBeGreaterThan(Number(left) + 28 * 7.8);
  });

  it('rejects a cell size that is not positive', () => {
    expect(() => renderSvg(map, { cellSize: 0 })).toThrow('renderSvg: cellSize must be positive, got 0');
  });
});
