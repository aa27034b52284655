import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Report } from './render-report.ts';
import { writeReport } from './write-report.ts';

const map = {
  name: 'alignment',
  weights: [
    [1, 0],
    [0.4, 0.6],
  ],
  rows: ['le', 'chat'],
  columns: ['the', 'cat'],
};
const curve = (name: string, values: readonly number[]) => ({
  name,
  points: values.map((value, index) => [index, value] as const),
});

describe('writeReport', () => {
  let root: string;
  const page = async (report: Report): Promise<string> =>
    readFile(await writeReport(join(root, 'a/report.html'), report), 'utf8');

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'heed-report-'));
  });
  afterEach(async () => {
    await rm(root, { recursive: true, force: true });
  });

  it('writes one page that asks for nothing outside of it', async () => {
    const html = await page({
      title: 'Translation',
      summary: 'Trained for 5 minutes.',
      attention: map,
      sections: [
        { title: 'Loss', lineChart: { x: 'step', y: 'loss', series: [curve('a', [3, 2, 1])] } },
        {
          title: 'Compared',
          sideBySide: [
            { title: 'One', attention: [map, map] },
            { title: 'Other', table: { columns: ['n'], rows: [[1]] } },
          ],
        },
      ],
    });
    expect(html).toMatch(/^<!doctype html>/);
    expect(html).not.toMatch(/\b(src|href|action)=|url\(|@import|https?:(?!\/\/www\.w3\.org\/2000\/svg)/);
    expect(html).toContain(`content="default-src 'none'; `);
    expect(html.match(/<svg/g)).toHaveLength(1 + 2 + 2); // one chart with one sample in its legend, three maps
  });

  it('has every head of every layer in a section, and in two', async () => {
    const section = { title: 'Heads', heads: [[{ ...map, name: 'layer 1, head 0' }]] };
    const html = await page({ sections: [section, section] });
    expect(html.match(/<div class="heed-heads">/g)).toHaveLength(2);
    expect(html.match(/"layers":\[\["layer 1, head 0"\]\]/g)).toHaveLength(2);
    await expect(page({ sections: [{ title: 'None', heads: [] }] })).rejects.toThrow('at least one layer of one head');
  });

  it('follows light and dark settings', async () => {
    expect(await page({})).toMatch(/color-scheme:light dark.*prefers-color-scheme:dark/);
  });

  it('shows texts as they are, whatever characters they hold', async () => {
    const text = `<script>alert("1 & 2")</script>`;
    const html = await page({
      title: text,
      summary: text,
      attention: { ...map, name: text, rows: [text, 'b'] },
      sections: [
        { title: text, text, table: { columns: [text], rows: [[text]] } },
        { title: text, lineChart: { x: text, y: text, series: [curve(text, [1, 2])] } },
      ],
    });
    expect(html).not.toContain('<script');
    expect(html).toContain('&lt;script&gt;alert(&quot;1 &amp; 2&quot;)&lt;/script&gt;');
  });

  it('draws a curve from the top left to the bottom right of the axes, where it falls from its most to its least', async () => {
    const html = await page({
      sections: [{ title: 'Loss', lineChart: { x: 'step', y: 'loss', series: [curve('a', [4, 2, 0])] } }],
    });
    expect(html).toContain('d="M60,12L342,146L624,280"');
  });

  it('counts plain values from 1', async () => {
    const series = [{ name: 'a', values: [4, 2, 0] }];
    const html = await page({ sections: [{ title: 'Loss', lineChart: { x: 'step', y: 'loss', series } }] });
    expect(html).toContain('d="M60,12L342,146L624,280"');
    expect(html.match(/<text class="tick"[^>]*text-anchor="middle">[^<]+/g)?.at(-1)).toMatch(/>3$/);
  });

  it('leaves gaps where values are not finite', async () => {
    const html = await page({
      sections: [
        { title: 'Loss', lineChart: { x: 'step', y: 'loss', series: [curve('a', [4, 3, Number.NaN, 1, 0])] } },
      ],
    });
    expect(html).toContain('d="M60,12L201,79M483,213L624,280"');
  });

  it('spaces powers of ten evenly on a logarithmic axis, and leaves out what has no logarithm', async () => {
    const html = await page({
      sections: [
        { title: 'Loss', lineChart: { x: 'step', y: 'loss', scale: 'log', series: [curve('a', [100, 10, 0, 1])] } },
      ],
    });
    expect(html).toContain('d="M60,12L248,146M624,280Z"');
  });

  it('draws means of neighbours where there are many points', async () => {
    const points = Array.from({ length: 100_000 }, (_, index) => [index, index % 2] as const);
    const html = await page({
      sections: [{ title: 'Loss', lineChart: { x: 'step', y: 'loss', series: [{ name: 'a', points }] } }],
    });
    expect(html.length).toBeLessThan(20_000);
    expect(/ d="(M[^"]+)"/.exec(html)?.[1].match(/[ML]/g)).toHaveLength(400);
  });

  it('draws a single value and a constant curve', async () => {
    const series = [curve('one', [2]), curve('flat', [2, 2, 2])];
    expect(await page({ sections: [{ title: 'Loss', lineChart: { x: 'step', y: 'loss', series } }] })).not.toContain(
      'NaN',
    );
  });

  it('says when a chart has nothing to draw', async () => {
    const series = [curve('a', []), curve('b', [Number.NaN])];
    await expect(page({ sections: [{ title: 'Loss', lineChart: { x: 'step', y: 'loss', series } }] })).rejects.toThrow(
      'renderLineChart: at least one finite point is needed, got none in 2 series',
    );
  });

  it('says which row of a table does not fit', async () => {
    const table = { columns: ['model', 'PER'], rows: [['a', 1], ['b']] };
    await expect(page({ sections: [{ title: 'Errors', table }] })).rejects.toThrow(
      'every row must have one cell per column, got 1 cells in row 1, 2 columns',
    );
  });

  it('puts numbers to the right with as many digits as one compares', async () => {
    const rows = [
      ['a', 7.41234],
      ['b', 12_000],
      ['c', 0.00001234],
    ];
    const html = await page({ sections: [{ title: 'Errors', table: { columns: ['model', 'PER'], rows } }] });
    expect(html.match(/<td class="number">[^<]*/g)).toEqual([
      '<td class="number">7.412',
      '<td class="number">12,000',
      '<td class="number">1.2e-5',
    ]);
  });
});
