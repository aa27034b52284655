import type { LabelledMap } from '@heed/attention-core';
import { describe, expect, it } from 'vitest';
import { renderDocument } from './render-document.ts';

const maps: LabelledMap[] = [
  { name: 'sentences', rows: ['document'], columns: ['Buy <now>', 'Bye'], weights: [[0.8, 0.2]] },
  { name: 'words of sentence 1', rows: ['Buy <now>'], columns: ['Buy', '<now>'], weights: [[0.75, 0.25]] },
  { name: 'words of sentence 2', rows: ['Bye'], columns: ['Bye'], weights: [[1]] },
];

describe('renderDocument', () => {
  it('marks words by their weight and that of their sentence', () => {
    const html = renderDocument(maps, { title: 'A & B', description: 'spam' });
    expect(html).toContain('<h1>A &amp; B</h1><p>spam</p>');
    expect(html).toContain('<b style="--w:1.000">80.0 %</b>');
    expect(html).toContain('<span style="--w:1.000" title="75.0 %">Buy</span>');
    expect(html).toContain('<span style="--w:0.333" title="25.0 %">&lt;now&gt;</span>'); // 0.25 / 0.75
    expect(html).toContain('<b style="--w:0.250">20.0 %</b>');
    expect(html).toContain('<span style="--w:0.500" title="100.0 %">Bye</span>'); // √(0.2 / 0.8)
  });

  it('asks for nothing from outside, turns nothing round, and marks nothing by what is no number', () => {
    const html = renderDocument([
      { name: 'sentences', rows: ['document'], columns: ['a'], weights: [[Number.NaN]] },
      { name: 'words', rows: ['a'], columns: ['x\u202Ey', 'z'.repeat(100_000)], weights: [[Number.NaN, 0]] },
    ]);
    expect(html).toContain(
      `content="default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"`,
    );
    expect(html).toContain('<span style="--w:0.000" title="no number">x\uFFFDy</span>');
    expect(html).not.toContain('NaN');
    expect(html.length).toBeLessThan(5000);
  });

  it('refuses maps that are of no document', () => {
    expect(() => renderDocument([])).toThrow(
      'renderDocument: the first map must be one row over the sentences, got none',
    );
    expect(() => renderDocument(maps.slice(0, 2))).toThrow(
      'each sentence must have a map of one row over its words, got 1 maps for 2 sentences',
    );
  });
});
