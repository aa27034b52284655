import { describe, expect, it } from 'vitest';
import { renderHtml } from './render-html.ts';
import { elements, requireWellFormed } from './markup.test-support.ts';

const head = (name: string) => ({
  name,
  rows: ['x', 'y'],
  columns: ['a', 'b'],
  weights: [
    [1, 0],
    [0.125, 0.875],
  ],
});

describe('renderHtml', () => {
  it('has a picture and a table of the values for each map', () => {
    const page = renderHtml([head('head 0'), head('head 1')], { title: 'Two heads' });
    expect(elements(page, 'svg')).toHaveLength(2);
    expect(elements(page, 'table')).toHaveLength(2);
    const values = Array.from(page.matchAll(/<td>([^<]*)<\/td>/g), (match) => Number(match[1]));
    expect(values).toEqual([1, 0, 0.125, 0.875, 1, 0, 0.125, 0.875]);
    expect(page).toContain('<title>Two heads</title>');
  });

  it('asks for nothing over the network, and forbids itself to', () => {
    const page = renderHtml([head('h')]);
    expect(page).toContain(
      `content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"`,
    );
    expect(page.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|\bsrc=|href=|url\(|@import|fetch\(/);
  });

  it('escapes everything that it is given', () => {
    const hostile = `"><script>alert(1)</script>`;
    const page = renderHtml([{ name: hostile, rows: [hostile], columns: [hostile], weights: [[1]] }], {
      title: hostile,
      description: hostile,
      axes: { rows: hostile, columns: hostile },
    });
    expect(elements(page, 'script')).toHaveLength(1);
    expect(page).not.toContain('<script>alert');
    requireWellFormed(page.slice(page.indexOf('<main>'), page.indexOf('<script>')));
  });

  it('holds a script that parses', () => {
    const script = /<script>([\s\S]*?)<\/script>/.exec(renderHtml([head('h')]))?.[1] ?? '';
    expect(script).toContain('pointermove');
    expect(() => new Function(script)).not.toThrow(); // eslint-disable-line no-new-func
  });

  it('rejects an empty list of maps', () => {
    expect(() => renderHtml([])).toThrow('renderHtml: at least one map is needed, got none');
  });
});
